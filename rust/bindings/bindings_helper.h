/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Input of bindgen: what rustproc uses and kernel::bindings does not declare.
 * bindgen_parameters names the items that are taken from here.
 */

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/prctl.h>
#include <linux/proc_fs.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task_stack.h>
#include <linux/tty.h>

#include <generated/utsrelease.h>

#include "rustproc_helpers.h"

/* Macros that bindgen cannot evaluate. */
static const unsigned long RUSTPROC_CONST_SB_NOSUID = SB_NOSUID;
static const unsigned long RUSTPROC_CONST_SB_NOEXEC = SB_NOEXEC;
static const unsigned long RUSTPROC_CONST_SB_NODIRATIME = SB_NODIRATIME;
static const unsigned long RUSTPROC_CONST_SB_I_NOEXEC = SB_I_NOEXEC;
static const unsigned long RUSTPROC_CONST_SB_I_NODEV = SB_I_NODEV;
static const unsigned int RUSTPROC_CONST_LOOKUP_RCU = LOOKUP_RCU;
static const unsigned int RUSTPROC_CONST_ATTR_MODE = ATTR_MODE;
static const unsigned long RUSTPROC_CONST_VM_READ = VM_READ;
static const unsigned long RUSTPROC_CONST_VM_WRITE = VM_WRITE;
static const unsigned long RUSTPROC_CONST_VM_EXEC = VM_EXEC;
static const unsigned long RUSTPROC_CONST_VM_MAYSHARE = VM_MAYSHARE;
