/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks for the plugin: instructions that do nothing, of a form that no compiler emits.
 */
#ifndef PROFILE_MARKS_H
#define PROFILE_MARKS_H

/* nopl 0x50467262(%rax,%rax,1) and nopl 0x50467265(%rax,%rax,1), as they stand in memory. */
#define PROFILE_BEGIN	0x5046726200841f0f
#define PROFILE_END	0x5046726500841f0f

#define PROFILE_TEXT_(macro)	#macro
#define PROFILE_TEXT(macro)	PROFILE_TEXT_(macro)

static inline void profile_begin(void)
{
	__asm__ volatile(".quad " PROFILE_TEXT(PROFILE_BEGIN) : : : "memory");
}

static inline void profile_end(void)
{
	__asm__ volatile(".quad " PROFILE_TEXT(PROFILE_END) : : : "memory");
}

#endif
