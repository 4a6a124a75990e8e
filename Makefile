# SPDX-License-Identifier: GPL-2.0
#
# What people type; 'make help' explains it. kbuild doesn't read this file, but Kbuild.

# Without KDIR: a stock Debian kernel of this series (see scripts/lib.sh for those supported),
# with the compilers and all that 'make setup' puts into BUILD.
BUILD ?= $(CURDIR)/build
export BUILD KERNEL_SERIES DEBIAN_MIRROR MODULE

# What kbuild understands on the command line.
kbuild-variables := V W C CF CLIPPY LLVM MO INSTALL_MOD_PATH INSTALL_MOD_DIR KCFLAGS KRUSTFLAGS
kbuild-arguments := $(foreach v,$(kbuild-variables),$(if $($(v)),'$(v)=$($(v))'))

all: modules
.PHONY: all help setup setup-debug update modules modules_install clean rust-analyzer tools vm compare clients \
	kunit torture mutants coverage bench stall demo test check lint distclean

help:
	@echo 'To see it work (Debian or Ubuntu, root; about 12 GB, and 15 minutes the first time):'
	@echo '  demo            - set up, build, boot, and show the files beside stock procfs'
	@echo '  test            - all tests; the last line says how many passed and failed'
	@echo ''
	@echo 'Parts of that:'
	@echo '  setup           - compilers, QEMU, a Debian root and kernel, into BUILD (default: build/)'
	@echo '  update          - the same, with the newest patch level of the kernel'
	@echo '  setup-debug     - and the debug kernel, for KUnit and torture (15 minutes more)'
	@echo '  modules         - rustproc.ko (the default target)'
	@echo '  tools           - the user-space tools, into BUILD/tools/release'
	@echo '  vm              - a shell in a VM with rustproc mounted; scripts/vm -h has more'
	@echo '  compare         - compare with stock in a VM; ARGS="all", "pid 1", ... (default: zoo)'
	@echo '  clients         - programs that read /proc, on stock and on rustproc; ARGS="ps", ... (all)'
	@echo '  kunit           - the KUnit suites, in the debug kernel; ARGS=PATTERN chooses'
	@echo '  torture         - everything at once, in the debug kernel; MINUTES=5, SEED=random'
	@echo '  mutants         - show that the tests notice bugs put in on purpose; ARGS="NAME ..."'
	@echo '  coverage        - which lines of the module they reach'
	@echo '  bench           - what files cost in instructions, stock and rustproc; ARGS="--only smaps"'
	@echo '  stall           - how long a process waits in its own calls while it is looked at'
	@echo '  check           - the tests that need no VM: lint, and unit tests'
	@echo '  lint            - formatting, clippy, checkpatch, shellcheck'
	@echo ''
	@echo 'For the kernel that a build directory belongs to, with the compilers of this machine:'
	@echo '  modules KDIR=/lib/modules/$$(uname -r)/build          - build'
	@echo '  modules_install KDIR=/lib/modules/$$(uname -r)/build  - install'
	@echo '  Then: modprobe rustproc && mount -t rustproc rustproc /proc/rustproc'
	@echo ''
	@echo '  rust-analyzer   - rust-project.json for editors (KDIR= as above, or ours)'
	@echo '  clean           - remove what a build leaves here'
	@echo '  distclean       - and BUILD with all that set-up made'
	@echo ''
	@echo 'Variables: KERNEL_SERIES=7.2 another kernel; BUILD=DIR another place; DEBIAN_MIRROR=URL;'
	@echo 'V=1 W=1 CLIPPY=1 LLVM=1 ... reach kbuild as they are.'

setup:
	@scripts/setup

setup-debug:
	@scripts/setup --debug

update:
	@scripts/setup --update

ifneq ($(KDIR),)

modules modules_install clean rust-analyzer:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

else

modules rust-analyzer: setup
	@scripts/kbuild $@ $(kbuild-arguments)

clean:
	@scripts/kbuild $@

modules_install:
	@echo "modules_install needs to know for which kernel: KDIR=/lib/modules/$$(uname -r)/build" >&2
	@exit 2

endif

tools: setup
	@scripts/in-toolchain cargo build --release --locked --manifest-path tools/Cargo.toml

vm: modules
	@scripts/vm

compare: modules tools
	@scripts/share
	@scripts/vm --share $(BUILD)/share -- /mnt/share/rustproc-compare $(or $(ARGS),zoo)

clients: modules tools
	@scripts/share
	@scripts/clients $(ARGS)

kunit mutants coverage: setup-debug tools
	@scripts/share
	@scripts/$@ $(ARGS)

torture: setup-debug tools
	@scripts/torture $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: modules
	@scripts/bench $(ARGS)

stall: modules
	@scripts/stall $(ARGS)

demo: setup
	@scripts/demo

test: setup-debug
	@scripts/test

check: setup
	@scripts/test --no-vm

lint: setup
	@scripts/lint

distclean:
	@scripts/distclean
