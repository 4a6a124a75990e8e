// SPDX-License-Identifier: GPL-2.0

/*
 * Reaches the functions of symbols.h, and the kernel variables listed here.
 *
 * A kprobe yields the address of kallsyms_lookup_name(), and that function the
 * rest. Functions are called through static_call trampolines: a trampoline is
 * a direct jump, which is the fastest call there is and stays legal where the
 * CPU enforces indirect branch tracking on functions that the kernel sealed.
 */
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/static_call.h>

#include "rustproc_helpers.h"

typedef void untyped_function(void);

DEFINE_STATIC_CALL_NULL(rustproc_kallsyms, kallsyms_lookup_name);

#define RUSTPROC_FUNCTION(name)						\
	DEFINE_STATIC_CALL_NULL(rustproc_symbol_##name, untyped_function);
#include "symbols.h"
#undef RUSTPROC_FUNCTION

#define RUSTPROC_FUNCTION(name)						\
	asm(".pushsection .text, \"ax\"\n"				\
	    ".globl " #name "\n"					\
	    ".type " #name ", @function\n"				\
	    ".balign 16\n"						\
	    #name ":\n"							\
	    "	jmp " STATIC_CALL_TRAMP_STR(rustproc_symbol_##name) "\n" \
	    ".size " #name ", . - " #name "\n"				\
	    ".popsection\n");
#include "symbols.h"
#undef RUSTPROC_FUNCTION

struct function_symbol {
	const char *name;
	struct static_call_key *key;
	void *trampoline;
};

static const struct function_symbol function_symbols[] = {
#define RUSTPROC_FUNCTION(_name) {					\
		.name = #_name,						\
		.key = &STATIC_CALL_KEY(rustproc_symbol_##_name),	\
		.trampoline = STATIC_CALL_TRAMP_ADDR(rustproc_symbol_##_name), \
	},
#include "symbols.h"
#undef RUSTPROC_FUNCTION
};

rwlock_t *rustproc_tasklist_lock;
unsigned long *rustproc_highest_memmap_pfn;
seqlock_t *rustproc_mount_lock;
#if defined(CONFIG_MMU_NOTIFIER) && defined(CONFIG_LOCKDEP)
struct lockdep_map *rustproc_mmu_notifier_map;
#endif
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
unsigned long *rustproc_huge_anon_orders_always;
unsigned long *rustproc_huge_anon_orders_inherit;
unsigned long *rustproc_huge_anon_orders_madvise;
unsigned long *rustproc_huge_zero_pfn;
unsigned long *rustproc_transparent_hugepage_flags;
#endif

static const struct rustproc_data_symbol data_symbols[] = {
	{ "tasklist_lock", (void **)&rustproc_tasklist_lock },
	{ "highest_memmap_pfn", (void **)&rustproc_highest_memmap_pfn },
	{ "mount_lock", (void **)&rustproc_mount_lock },
#if defined(CONFIG_MMU_NOTIFIER) && defined(CONFIG_LOCKDEP)
	{ "__mmu_notifier_invalidate_range_start_map",
	  (void **)&rustproc_mmu_notifier_map },
#endif
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	{ "huge_anon_orders_always", (void **)&rustproc_huge_anon_orders_always },
	{ "huge_anon_orders_inherit", (void **)&rustproc_huge_anon_orders_inherit },
	{ "huge_anon_orders_madvise", (void **)&rustproc_huge_anon_orders_madvise },
	{ "huge_zero_pfn", (void **)&rustproc_huge_zero_pfn },
	{ "transparent_hugepage_flags", (void **)&rustproc_transparent_hugepage_flags },
#endif
};

static int find_kallsyms(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int error = register_kprobe(&probe);

	if (error) {
		pr_err("rustproc: cannot find kallsyms_lookup_name (error %d): this kernel needs CONFIG_KPROBES and CONFIG_KALLSYMS\n",
		       error);
		return error;
	}
	static_call_update(rustproc_kallsyms, (void *)probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

static unsigned long find_symbol(const char *name)
{
	unsigned long address = static_call(rustproc_kallsyms)(name);

	/* Modules are searched after the kernel, and our stubs bear the names. */
	if (within_module(address, THIS_MODULE))
		address = 0;
	if (!address)
		pr_err("rustproc: this kernel has no symbol %s: it is not of a supported series, or was built without a needed option\n",
		       name);
	return address;
}

static int function_symbols_resolve(void)
{
	unsigned long address;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(function_symbols); i++) {
		address = find_symbol(function_symbols[i].name);
		if (!address)
			return -ENOENT;
		__static_call_update(function_symbols[i].key,
				     function_symbols[i].trampoline,
				     (void *)address);
	}
	return 0;
}

/* Needs what rustproc_symbols_resolve() does first. Stops at the first that is missing. */
int rustproc_data_symbols_resolve(const struct rustproc_data_symbol *symbols,
				  size_t count)
{
	unsigned long address;
	size_t i;

	for (i = 0; i < count; i++) {
		address = find_symbol(symbols[i].name);
		if (!address)
			return -ENOENT;
		*symbols[i].pointer = (void *)address;
	}
	return 0;
}

int rustproc_symbols_resolve(void)
{
	int error = find_kallsyms();

	if (!error)
		error = function_symbols_resolve();
	if (!error)
		error = rustproc_data_symbols_resolve(data_symbols,
						      ARRAY_SIZE(data_symbols));
	return error;
}
