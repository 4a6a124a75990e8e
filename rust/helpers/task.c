// SPDX-License-Identifier: GPL-2.0

#include <linux/cred.h>
#include <linux/delayacct.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/nodemask.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/numa_balancing.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/seqlock.h>
#include <linux/string.h>
#include <linux/time_namespace.h>
#include <linux/version.h>

#include "rustproc_helpers.h"

unsigned int rustproc_nodemask_pr_numnodes(void)
{
	return __nodemask_pr_numnodes(&node_states[N_POSSIBLE]);
}

void rustproc_cond_resched(void)
{
	cond_resched();
}

unsigned int rustproc_task_state_index(struct task_struct *task)
{
	return task_state_index(task);
}

struct task_struct *rustproc_ptrace_parent(struct task_struct *task)
{
	return ptrace_parent(task);
}

pid_t rustproc_task_numa_group_id(struct task_struct *task)
{
	return task_numa_group_id(task);
}

struct fs_struct *rustproc_task_fs(const struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
	return task->real_fs;
#else
	return task->fs;
#endif
}

void rustproc_task_lock(struct task_struct *task)
{
	task_lock(task);
}

void rustproc_task_unlock(struct task_struct *task)
{
	task_unlock(task);
}

int rustproc_fs_umask(const struct fs_struct *fs)
{
	return fs->umask;
}

const seqlock_t *rustproc_current_fs_seq(void)
{
	return &current->fs->seq;
}

unsigned int rustproc_files_max_fds(struct files_struct *files)
{
	return files_fdtable(files)->max_fds;
}

void rustproc_get_task_comm(char *buffer, struct task_struct *task)
{
	strscpy_pad(buffer, task->comm, sizeof(task->comm));
}

bool rustproc_task_is_running(struct task_struct *task)
{
	return task_is_running(task);
}

int rustproc_task_nice(const struct task_struct *task)
{
	return task_nice(task);
}

unsigned int rustproc_task_cpu(const struct task_struct *task)
{
	return task_cpu(task);
}

u64 rustproc_task_gtime(struct task_struct *task)
{
	return task_gtime(task);
}

u64 rustproc_delayacct_blkio_ticks(struct task_struct *task)
{
	return delayacct_blkio_ticks(task);
}

u64 rustproc_timens_add_boottime_ns(u64 nsec)
{
	return timens_add_boottime_ns(nsec);
}

int rustproc_get_nr_threads(const struct task_struct *task)
{
	return get_nr_threads((struct task_struct *)task);
}

struct task_struct *rustproc_next_thread(struct task_struct *task)
{
	return __next_thread(task);
}

struct task_struct *rustproc_first_thread(struct signal_struct *signal)
{
	return list_first_or_null_rcu(&signal->thread_head, struct task_struct,
				      thread_node);
}

bool rustproc_same_thread_group(struct task_struct *a, struct task_struct *b)
{
	return same_thread_group(a, b);
}

bool rustproc_pid_alive(const struct task_struct *task)
{
	return pid_alive(task);
}

bool rustproc_try_get_task_stack(struct task_struct *task)
{
	return try_get_task_stack(task);
}

unsigned long rustproc_kstk_eip(struct task_struct *task)
{
	return KSTK_EIP(task);
}

unsigned long rustproc_kstk_esp(struct task_struct *task)
{
	return KSTK_ESP(task);
}

bool rustproc_task_no_new_privs(struct task_struct *task)
{
	return task_no_new_privs(task);
}

int rustproc_seccomp_filter_count(const struct task_struct *task)
{
	return atomic_read(&task->seccomp.filter_count);
}

unsigned int rustproc_read_seqbegin(const seqlock_t *lock)
{
	return read_seqbegin(lock);
}

bool rustproc_read_seqretry(const seqlock_t *lock, unsigned int seq)
{
	return read_seqretry(lock, seq);
}

unsigned long rustproc_read_seqlock_excl_irqsave(seqlock_t *lock)
{
	unsigned long flags;

	read_seqlock_excl_irqsave(lock, flags);
	return flags;
}

void rustproc_read_sequnlock_excl_irqrestore(seqlock_t *lock,
					     unsigned long flags)
{
	read_sequnlock_excl_irqrestore(lock, flags);
}
