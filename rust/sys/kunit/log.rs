// SPDX-License-Identifier: GPL-2.0

//! What the kernel log holds.

use crate::bindings as own;
use kernel::prelude::*;

/// Number of the lines in the kernel log that contain `text`.
///
/// # Errors
///
/// `ENOMEM`.
pub(crate) fn lines_with(text: &[u8]) -> Result<usize> {
    let mut line = KVec::from_elem(0_u8, 1024, GFP_KERNEL)?;
    let mut place = own::kmsg_dump_iter::default();
    let (mut length, mut lines) = (0, 0);

    // SAFETY: The place is ours, to be filled in.
    unsafe { own::kmsg_dump_rewind(&mut place) };
    // SAFETY: The place was filled in, and there is as much room as is said.
    while unsafe {
        let (room, start) = (line.len(), line.as_mut_ptr().cast());
        own::kmsg_dump_get_line(&mut place, true, start, room, &mut length)
    } {
        let line = line.get(..length).unwrap_or_default();
        lines += usize::from(line.windows(text.len()).any(|part| part == text));
    }
    Ok(lines)
}
