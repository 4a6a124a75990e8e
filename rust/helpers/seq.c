// SPDX-License-Identifier: GPL-2.0

#include <linux/seq_file.h>

#include "rustproc_helpers.h"

struct user_namespace *rustproc_seq_user_ns(struct seq_file *seq)
{
	return seq_user_ns(seq);
}
