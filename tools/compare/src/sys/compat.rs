// SPDX-License-Identifier: GPL-2.0

//! System calls as a 32-bit program makes them, from this 64-bit one: through the gate of 80386
//! days, by whose number the kernel knows the caller.

use std::arch::asm;

use nix::errno::Errno;
use nix::sys::wait::{waitpid, WaitStatus};
use nix::Result;

use super::process::fork;

/// `getpid(2)` in the 32-bit table.
const GETPID: u32 = 20;

/// Makes a call of the 32-bit table.
///
/// # Safety
///
/// As for that call. Addresses must be below 4 GiB.
pub unsafe fn call(number: u32, arguments: [u32; 6]) -> Result<i64> {
    let mut answer = i64::from(number);
    // SAFETY: the two registers that may not be operands are put back; the kernel changes none
    // but `rax`, and on some versions r8 to r11. The rest is the caller's duty.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "mov ebx, [r12]",
            "mov ebp, [r12 + 20]",
            "int 0x80",
            "pop rbx",
            "pop rbp",
            in("r12") arguments.as_ptr(),
            inlateout("rax") answer,
            in("ecx") arguments[1],
            in("edx") arguments[2],
            in("esi") arguments[3],
            in("edi") arguments[4],
            out("r8") _,
            out("r9") _,
            out("r10") _,
            out("r11") _,
        );
    }
    // The kernel may or may not have extended the sign.
    answer = i64::from(answer as i32);
    match answer {
        -4095..0 => Err(Errno::from_raw(-answer as i32)),
        answer => Ok(answer),
    }
}

/// Whether this kernel lets 32-bit programs in. One that doesn't kills who tries, so a child does.
pub fn works() -> bool {
    let child = fork(|| {
        // SAFETY: no addresses.
        let answer = unsafe { call(GETPID, [0; 6]) };
        i32::from(answer != Ok(i64::from(std::process::id())))
    });
    child.is_ok_and(|child| matches!(waitpid(child, None), Ok(WaitStatus::Exited(_, 0))))
}
