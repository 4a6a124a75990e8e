// SPDX-License-Identifier: GPL-2.0

#include <linux/uaccess.h>

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
