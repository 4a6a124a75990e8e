// SPDX-License-Identifier: GPL-2.0

#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "rustproc_helpers.h"

static DEFINE_PER_CPU(u64 [RUSTPROC_COUNTERS], counters);

void rustproc_counter_add(unsigned int index, u64 value)
{
	/* Not counters[index]: that is checked each time; rust/sys/percpu.rs vouches for it. */
	this_cpu_add(*(counters + index), value);
}

u64 rustproc_counter_sum(unsigned int index)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counters, cpu)[index]);
	return sum;
}
