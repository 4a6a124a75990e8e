// SPDX-License-Identifier: GPL-2.0

#include "unexported_variables.h"

#include <linux/mmu_notifier.h>

#include "rustproc_helpers.h"

void rustproc_mmu_notifier_range_init(struct mmu_notifier_range *range,
				      enum mmu_notifier_event event,
				      struct mm_struct *mm,
				      unsigned long start, unsigned long end)
{
	mmu_notifier_range_init(range, event, 0, mm, start, end);
}

void rustproc_mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	mmu_notifier_invalidate_range_start(range);
}

void rustproc_mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	mmu_notifier_invalidate_range_end(range);
}
