// SPDX-License-Identifier: GPL-2.0

//! Units of the numbers in procfs, as types, with the conversions that the incumbent makes.
//!
//! Conversions wrap where the C arithmetic on `unsigned long` wraps, so that a torn snapshot gives
//! the same digits here as there. Page sizes other than 4 KiB are not supported.

/// Base-two logarithm of the page size in bytes.
///
/// Whoever fills a model asserts that this is the running kernel's `PAGE_SHIFT`.
pub const PAGE_SHIFT: u32 = 12;

/// Size of a page in bytes.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;

/// Clock ticks per second that user space sees (`USER_HZ`).
pub const USER_HZ: u64 = 100;

/// Nanoseconds per second.
const NSEC_PER_SEC: u64 = 1_000_000_000;

// `nsec_to_clock_t` divides in one step only when this holds.
const _: () = assert!(NSEC_PER_SEC % USER_HZ == 0);

/// An amount of memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// An amount of memory in base pages of [`PAGE_SIZE`] bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pages(pub u64);

/// An amount of memory in units of 1024 bytes, which procfs prints as `kB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kib(pub u64);

/// A duration in ticks of [`USER_HZ`], the user-visible `clock_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub u64);

/// A duration, or a time since boot, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanoseconds(pub u64);

impl Bytes {
    /// Whole kB, rounded down.
    #[inline]
    pub const fn to_kib(self) -> Kib {
        Kib(self.0 >> 10)
    }

    /// Whole pages, rounded down.
    #[inline]
    pub const fn to_pages(self) -> Pages {
        Pages(self.0 >> PAGE_SHIFT)
    }

    /// The difference modulo 2^64, as C subtracts `unsigned long`.
    #[inline]
    pub const fn wrapping_sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl Pages {
    /// The same amount in kB, modulo 2^64.
    #[inline]
    pub const fn to_kib(self) -> Kib {
        Kib(self.0 << (PAGE_SHIFT - 10))
    }

    /// The same amount in bytes, modulo 2^64.
    #[inline]
    pub const fn to_bytes(self) -> Bytes {
        Bytes(self.0 << PAGE_SHIFT)
    }

    /// The sum modulo 2^64, as C adds `unsigned long`.
    #[inline]
    pub const fn wrapping_add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Nanoseconds {
    /// Whole clock ticks, rounded down, as `nsec_to_clock_t` of
    /// [`kernel/time/time.c`](srctree/kernel/time/time.c).
    #[inline]
    pub const fn to_ticks(self) -> Ticks {
        Ticks(self.0 / (NSEC_PER_SEC / USER_HZ))
    }
}

/// Rounds an address down to its page (`addr & PAGE_MASK`).
#[inline]
pub const fn page_floor(addr: u64) -> u64 {
    addr & !(PAGE_SIZE - 1)
}

/// Rounds an address up to a page boundary, modulo 2^64 (`PAGE_ALIGN`).
#[inline]
pub const fn page_align(addr: u64) -> u64 {
    page_floor(addr.wrapping_add(PAGE_SIZE - 1))
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_units)
)]
mod tests {
    use super::*;

    #[test]
    fn ticks_round_down() {
        for (nanoseconds, ticks) in [
            (0, 0),
            (9_999_999, 0),
            (10_000_000, 1),
            (19_999_999, 1),
            (1_000_000_000, 100),
            (u64::MAX, 1_844_674_407_370),
        ] {
            assert_eq!(Nanoseconds(nanoseconds).to_ticks(), Ticks(ticks));
        }
    }

    #[test]
    fn pages_scale_modulo_the_word() {
        assert_eq!(Pages(0).to_kib(), Kib(0));
        assert_eq!(Pages(1).to_kib(), Kib(4));
        assert_eq!(Pages(u64::MAX).to_kib(), Kib(u64::MAX - 3));
        assert_eq!(Pages(3).to_bytes(), Bytes(12_288));
        assert_eq!(Pages(1 << 52).to_bytes(), Bytes(0));
        assert_eq!(Pages(u64::MAX).wrapping_add(Pages(2)), Pages(1));
    }

    #[test]
    fn bytes_round_down() {
        assert_eq!(Bytes(1023).to_kib(), Kib(0));
        assert_eq!(Bytes(1024).to_kib(), Kib(1));
        assert_eq!(Bytes(4095).to_pages(), Pages(0));
        assert_eq!(Bytes(4096).to_pages(), Pages(1));
        assert_eq!(Bytes(0).wrapping_sub(Bytes(1)), Bytes(u64::MAX));
    }

    #[test]
    fn addresses_round_to_pages() {
        for (addr, floor, align) in [
            (0, 0, 0),
            (1, 0, 4096),
            (4095, 0, 4096),
            (4096, 4096, 4096),
            (4097, 4096, 8192),
            (u64::MAX, u64::MAX - 4095, 0),
        ] {
            assert_eq!(page_floor(addr), floor);
            assert_eq!(page_align(addr), align);
        }
    }
}
