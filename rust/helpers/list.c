// SPDX-License-Identifier: GPL-2.0

#include <linux/list.h>

#include "rustproc_helpers.h"

void rustproc_init_list_head(struct list_head *list)
{
	INIT_LIST_HEAD(list);
}

void rustproc_list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_add_tail(entry, head);
}

void rustproc_list_rotate_to_front(struct list_head *entry, struct list_head *head)
{
	list_rotate_to_front(entry, head);
}

void rustproc_list_del_init(struct list_head *entry)
{
	list_del_init(entry);
}
