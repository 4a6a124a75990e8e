// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU TCG plugin: how often each piece of kernel code is executed between two marks.
 *
 *   -plugin file=plugin.so,out=FILE
 *
 * A program in the guest sets the marks, with marks.h. Each pair of them makes a section of FILE:
 * the line "section", then a line "ADDRESS INSTRUCTIONS TIMES" for each translation block.
 * Instructions of user space don't count. A block that an exception leaves counts as a whole.
 *
 * For one virtual CPU, as under -icount.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "qemu.h"

#define EXPORT __attribute__((visibility("default")))

/* As many counters make one scoreboard; for QEMU keeps each of them for 16 CPUs at least. */
#define PER_SCOREBOARD 4096
#define SCOREBOARDS 256
/* A power of two, and more than there are blocks. */
#define BUCKETS 0x200000

struct block {
	uint64_t address;
	uint64_t instructions;
	uint64_t times_before;	/* when the section began */
	qemu_plugin_u64 times;
};

static struct block blocks[PER_SCOREBOARD * SCOREBOARDS];
static uint32_t block_count;
/* Indices into blocks, plus one; 0 is free. */
static uint32_t buckets[BUCKETS];
static FILE *out;

static void fail(const char *what)
{
	fprintf(stderr, "profile plugin: %s\n", what);
	exit(1);
}

static qemu_plugin_u64 counter(uint32_t index)
{
	static struct qemu_plugin_scoreboard *scoreboards[SCOREBOARDS];
	struct qemu_plugin_scoreboard **scoreboard = &scoreboards[index / PER_SCOREBOARD];

	if (!*scoreboard)
		*scoreboard = qemu_plugin_scoreboard_new(PER_SCOREBOARD * sizeof(uint64_t));
	return (qemu_plugin_u64){ *scoreboard, index % PER_SCOREBOARD * sizeof(uint64_t) };
}

/* The block of that address and length: the same one whenever it is translated anew. */
static struct block *find_block(uint64_t address, uint64_t instructions)
{
	uint64_t hash = (address * 31 + instructions) * 0x9e3779b97f4a7c15;
	uint32_t *bucket;

	for (uint32_t i = hash >> 32;; i++) {
		bucket = &buckets[i % BUCKETS];
		if (!*bucket)
			break;
		struct block *block = &blocks[*bucket - 1];

		if (block->address == address && block->instructions == instructions)
			return block;
	}
	if (block_count == PER_SCOREBOARD * SCOREBOARDS)
		fail("too many translation blocks");
	struct block *block = &blocks[block_count];

	block->address = address;
	block->instructions = instructions;
	block->times = counter(block_count);
	*bucket = ++block_count;
	return block;
}

static void begin(unsigned int cpu, void *unused)
{
	for (uint32_t i = 0; i < block_count; i++)
		blocks[i].times_before = qemu_plugin_u64_sum(blocks[i].times);
}

static void end(unsigned int cpu, void *unused)
{
	fprintf(out, "section\n");
	for (uint32_t i = 0; i < block_count; i++) {
		struct block *block = &blocks[i];
		uint64_t times = qemu_plugin_u64_sum(block->times) - block->times_before;

		if (times)
			fprintf(out, "%016lx %lu %lu\n", block->address, block->instructions,
				times);
	}
	if (fflush(out))
		fail("can't write");
}

static void on_execution(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t callback)
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

/* Marks are looked for in user space only. */
static void find_marks(struct qemu_plugin_tb *tb)
{
	uint64_t bytes;

	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_data(insn, &bytes, sizeof(bytes)) != sizeof(bytes))
			continue;
		if (bytes == PROFILE_BEGIN)
			on_execution(insn, begin);
		if (bytes == PROFILE_END)
			on_execution(insn, end);
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *block;

	/* The kernel is in the upper half. */
	if (!(address >> 63)) {
		find_marks(tb);
		return;
	}
	block = find_block(address, qemu_plugin_tb_n_insns(tb));
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							  block->times, 1);
}

EXPORT int qemu_plugin_version = 4;

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
