// SPDX-License-Identifier: GPL-2.0
/*
 * Does an operation many times between two marks: once with a file of stock procfs, once with ours.
 *
 * Usage: run OPERATION NAME TIMES
 * NAME is below the mount; PID in it stands for a process with 527 mappings.
 *
 * Both are mounted anew, equally deep: /proc/rustproc has one name more than /proc.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "marks.h"

static char buffer[1 << 20];

static int must_open(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void read_all(int fd)
{
	while (read(fd, buffer, 65536) > 0)
		;
}

/* Opened once; where a read starts anew from the beginning. */
static void do_read(const char *path, int times)
{
	int fd = must_open(path);

	while (times--) {
		lseek(fd, 0, SEEK_SET);
		read_all(fd);
	}
	close(fd);
}

static void do_open(const char *path, int times)
{
	while (times--)
		close(must_open(path));
}

static void do_open_read(const char *path, int times)
{
	while (times--) {
		int fd = must_open(path);

		read_all(fd);
		close(fd);
	}
}

static void do_stat(const char *path, int times)
{
	struct stat st;

	while (times--) {
		if (stat(path, &st))
			err(1, "%s", path);
	}
}

static void do_lstat(const char *path, int times)
{
	struct stat st;

	while (times--) {
		if (lstat(path, &st))
			err(1, "%s", path);
	}
}

static void do_readlink(const char *path, int times)
{
	while (times--) {
		if (readlink(path, buffer, sizeof(buffer)) < 0)
			err(1, "%s", path);
	}
}

static void do_readdir(const char *path, int times)
{
	int fd = must_open(path);

	while (times--) {
		lseek(fd, 0, SEEK_SET);
		while (syscall(SYS_getdents64, fd, buffer, 32768) > 0)
			;
	}
	close(fd);
}

static void query_name(const char *path, int times);

static void query(const char *path, int times, int with_name)
{
	int fd = must_open(path);

	while (times--) {
		struct procmap_query query = {
			.size = sizeof(query),
			.query_addr = (unsigned long)query_name,
			.vma_name_addr = with_name ? (unsigned long)buffer : 0,
			.vma_name_size = with_name ? 4096 : 0,
		};

		if (ioctl(fd, PROCMAP_QUERY, &query))
			err(1, "%s", path);
	}
	close(fd);
}

/* Which file this program's code is mapped from: the target runs it too, at the same address. */
static void query_name(const char *path, int times)
{
	query(path, times, 1);
}

/* The same, but for its name. */
static void query_bare(const char *path, int times)
{
	query(path, times, 0);
}

static const struct operation {
	const char *name;
	void (*run)(const char *path, int times);
} operations[] = {
	{ "read", do_read },
	{ "open", do_open },
	{ "open-read", do_open_read },
	{ "stat", do_stat },
	{ "lstat", do_lstat },
	{ "readlink", do_readlink },
	{ "readdir", do_readdir },
	{ "query-name", query_name },
	{ "query", query_bare },
};

/* Many mappings: of small pages, of huge pages, and of nothing. */
static void target(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	const size_t size = 64 << 20;
	char *small = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	char *huge = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	char *many = mmap(NULL, 500 * 8192, PROT_NONE, flags, -1, 0);

	madvise(small, size, MADV_NOHUGEPAGE);
	memset(small, 1, size);
	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 1, size);
	for (int i = 0; i < 500; i++)
		mprotect(many + i * 8192, 4096, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE);
	mmap(NULL, 1L << 40, PROT_NONE, flags, -1, 0);
	kill(getpid(), SIGSTOP);
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void profile(const struct operation *operation, const char *type, const char *root,
		    const char *name, int times)
{
	char path[4096];
	long before;

	if (mkdir(root, 0700) || mount(type, root, type, 0, NULL))
		err(1, "mount of %s", root);
	snprintf(path, sizeof(path), "%s/%s", root, name);
	operation->run(path, 3);
	before = now();
	profile_begin();
	operation->run(path, times);
	profile_end();
	printf("%-50s %10ld\n", path, (now() - before) / times);
}

/* The process that PID in a name stands for. */
static pid_t start_target(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		target();
		_exit(0);
	}
	if (waitpid(pid, NULL, WUNTRACED) < 0)
		err(1, "waitpid");
	return pid;
}

int main(int argc, char **argv)
{
	const struct operation *operation = NULL;
	const char *pid, *name;
	char with_pid[4096];
	pid_t target;

	if (argc != 4)
		errx(2, "usage: %s OPERATION NAME TIMES", argv[0]);
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!strcmp(operations[i].name, argv[1]))
			operation = &operations[i];
	}
	if (!operation)
		errx(2, "no operation %s", argv[1]);
	name = argv[2];
	pid = strstr(name, "PID");
	target = start_target();
	if (pid) {
		snprintf(with_pid, sizeof(with_pid), "%.*s%d%s", (int)(pid - name), name, target,
			 pid + strlen("PID"));
		name = with_pid;
	}
	profile(operation, "proc", "/tmp/stock", name, atoi(argv[3]));
	profile(operation, "rustproc", "/tmp/ours", name, atoi(argv[3]));
	kill(target, SIGKILL);
	return 0;
}
