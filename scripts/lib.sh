# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What all the scripts share: where things are, and how they talk. Source it, don't run it.

PROJECT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
BUILD=$(realpath -m "${BUILD:-$PROJECT/build}")

# The kernel series that rustproc knows; the first one is the default.
SUPPORTED_SERIES=(7.3 7.2)
KERNEL_SERIES=${KERNEL_SERIES:-${SUPPORTED_SERIES[0]}}

TOOLCHAIN=$BUILD/toolchain		# Debian root with compilers and QEMU
GUEST=$BUILD/guest			# Debian root that the VM boots
KERNEL=$BUILD/kernel/$KERNEL_SERIES	# everything of one kernel:
KERNEL_ROOT=$KERNEL/root		#   its binary packages, unpacked
KERNEL_SRC=$KERNEL/src			#   its source
KERNEL_BUILD=$KERNEL/kbuild		#   the KDIR to build modules for it
KERNEL_MAKE=()				#   what make needs to know about it
LOGS=$BUILD/log
export PROJECT BUILD KERNEL_SERIES

say() { printf '%s\n' "$*"; }
note() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { note "$*"; exit 1; }
usage_error() { note "$* (-h shows the usage)"; exit 2; }

# The comment block at the head of a script is its usage text.
usage() { awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }

# Make the root a condition, in one line that says what for.
need_root() {
	[[ $(id -u) == 0 ]] || die "needs root ($1): run it as 'sudo make ...' or from a root shell"
}

check_series() {
	local s
	for s in "${SUPPORTED_SERIES[@]}"; do
		[[ $s != "$KERNEL_SERIES" ]] || return 0
	done
	die "KERNEL_SERIES=$KERNEL_SERIES is not supported; supported are: ${SUPPORTED_SERIES[*]}"
}

# use_kernel stock|debug: which of the series' two kernels the names above stand for.
use_kernel() {
	case $1 in
	stock) ;;
	debug)
		KERNEL=$KERNEL/debug
		KERNEL_ROOT=$KERNEL/root
		KERNEL_BUILD=$KERNEL/kbuild
		# KASAN and Rust go together with clang only.
		KERNEL_MAKE=(ARCH=x86_64 LLVM=-19 LOCALVERSION=-debug)
		[[ -f $KERNEL/prepared || ${2-} == new ]] ||
			die "no debug kernel $KERNEL_SERIES in $BUILD: run 'make setup-debug'" ;;
	*) usage_error "--kernel $1: neither stock nor debug" ;;
	esac
}

# The full release of the cached kernel, such as <series>.<patch level>+deb13-amd64.
kernel_release() { cat "$KERNEL/release" 2>/dev/null || die "no kernel $KERNEL_SERIES in $BUILD: run 'make setup'"; }
