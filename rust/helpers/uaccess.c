// SPDX-License-Identifier: GPL-2.0

#include <linux/uaccess.h>
#include <linux/unroll.h>

#include "rustproc_helpers.h"

bool rustproc_access_ok(const void __user *ptr, size_t size)
{
	return access_ok(ptr, size);
}

int rustproc_copy_struct_from_user(void *to, size_t size,
				   const void __user *from, size_t from_size)
{
	return copy_struct_from_user(to, size, from, from_size);
}

/* A loop: what writes a value jumps to a label if it cannot. */
static __always_inline bool put_user_series(u64 __user *to, u64 first, u64 step,
					    size_t count)
{
	u64 __user *end = to + count;
	u64 value = first;

	if (!user_access_begin(to, count * sizeof(*to)))
		return false;
	unrolled_count(8)
	for (; to != end; to++) {
		unsafe_put_user(value, to, fault);
		value += step;
	}
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

bool rustproc_put_user_series(u64 __user *to, u64 first, u64 step, size_t count)
{
	return put_user_series(to, first, step, count);
}

bool rustproc_put_user_repeated(u64 __user *to, u64 value, size_t count)
{
	return put_user_series(to, value, 0, count);
}
