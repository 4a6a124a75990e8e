// SPDX-License-Identifier: GPL-2.0

#include <linux/sched/signal.h>
#include <linux/tty.h>
#include <linux/user_namespace.h>

#include "rustproc_helpers.h"

bool rustproc_lock_task_sighand(struct task_struct *task, unsigned long *flags)
{
	return lock_task_sighand(task, flags);
}

void rustproc_unlock_task_sighand(struct task_struct *task, unsigned long *flags)
{
	unlock_task_sighand(task, flags);
}

u32 rustproc_tty_devnum(struct tty_struct *tty)
{
	return new_encode_dev(tty_devnum(tty));
}

long rustproc_sigpending_count(struct task_struct *task)
{
	return get_rlimit_value(task_ucounts(task), UCOUNT_RLIMIT_SIGPENDING);
}

bool rustproc_fatal_signal_pending(void)
{
	return fatal_signal_pending(current);
}
