// SPDX-License-Identifier: GPL-2.0

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "rustproc_helpers.h"

struct pid *rustproc_get_pid(struct pid *pid)
{
	return get_pid(pid);
}

struct pid *rustproc_task_pid(struct task_struct *task)
{
	return task_pid(task);
}

pid_t rustproc_task_pid_nr_ns(struct task_struct *task, struct pid_namespace *ns)
{
	return task_pid_nr_ns(task, ns);
}

pid_t rustproc_task_ppid_nr_ns(const struct task_struct *task,
			       struct pid_namespace *ns)
{
	return task_ppid_nr_ns(task, ns);
}

void rustproc_tasklist_read_lock(void)
{
	read_lock(rustproc_tasklist_lock);
}

void rustproc_tasklist_read_unlock(void)
{
	read_unlock(rustproc_tasklist_lock);
}
