// SPDX-License-Identifier: GPL-2.0

//! Entries that are like the one before them, but for the page.
//!
//! Most entries of a table are. They are passed in loops that only compare what has to be the same, bit
//! by bit: what it means is worked out for the first of them.

use super::{
    entry::{
        Entry,
        Marks,
        Pte, //
    },
    folio::{
        FolioBits,
        FolioCache,
        Page,
        SmallPage, //
    },
    table::Entries, //
};

impl<'t> Entries<'t> {
    /// Goes on behind the entries that are empty; answers how many there are.
    #[inline(never)]
    pub(crate) fn pass_empty(&mut self) -> usize {
        self.pass(|next| next.is_none())
    }

    /// Goes on behind the entries that have these marks; answers how many there are.
    #[inline(never)]
    pub(crate) fn pass_marked(&mut self, marks: Marks) -> usize {
        self.pass(|next| next.marks() == marks)
    }

    #[inline(always)]
    fn pass(&mut self, is_passed: impl Fn(&Pte<'t>) -> bool) -> usize {
        let count = self.clone().take_while(is_passed).count();

        self.skip_entries(count);
        count
    }

    /// Goes on behind the entries that have been used as `first` has, and map pages like `small`, which
    /// that maps; answers how many there are.
    #[inline]
    pub(super) fn pass_used_alike(&mut self, first: &Pte<'t>, small: SmallPage) -> usize {
        if self.len() == 0 {
            return 0;
        }
        let count = self.clone().used_alike(*first, small);

        self.skip_entries(count);
        count
    }

    /// How many entries do so, before the first that doesn't. A call, so that the loop has all registers.
    #[inline(never)]
    fn used_alike(self, first: Pte<'t>, small: SmallPage) -> usize {
        self.take_while(|next| {
            let ordinary = next.ordinary_like(&first, Pte::USE);

            ordinary.is_some_and(|(_, page)| page.is_like(&small, FolioBits::ESSENCE))
        })
        .count()
    }

    /// Goes on behind the entries that have the [`marks`](Pte::marks) of `first`, and map pages with the
    /// [`facts`](FolioCache::facts) of its `page`, as far as that can be told at once and there are `slots`
    /// for what is made of their frames; answers how many there are.
    #[inline]
    pub(crate) fn fill_alike<T>(
        &mut self,
        first: &Pte<'t>,
        page: Page<'t>,
        folios: &FolioCache<'t>,
        slots: &mut [T],
        make: impl Fn(u64) -> T,
    ) -> usize {
        let (first, ahead) = (*first, self.clone());
        let count = match page.small() {
            Some(small) => {
                let frame = move |next: Pte<'t>| next.frame_if_like(&first, &small);
                ahead.fill(slots, frame, make)
            }
            None => {
                let (start, mut behind) = (first.pfn(), folios.behind(page));
                let frame = move |next: Pte<'t>| {
                    let (distance, behind) = behind.next()?;
                    let is_next = next.follows(&first, distance, Pte::MARKS);

                    // CAST: A folio has few pages.
                    (is_next && behind.is_mapped_as(page)).then(|| start + distance as u64)
                };
                ahead.fill(slots, frame, make)
            }
        };

        self.skip_entries(count);
        count
    }

    /// Fills slots with what is made of the frames of entries, up to the first that has no `frame`; answers
    /// how many. A call, so that the loop has all registers.
    #[inline(never)]
    fn fill<T>(
        self,
        slots: &mut [T],
        mut frame: impl FnMut(Pte<'t>) -> Option<u64>,
        make: impl Fn(u64) -> T,
    ) -> usize {
        let Some(slots) = slots.get_mut(..self.len()) else {
            return 0;
        };
        let mut count = 0;

        while let (Some(slot), Some(next)) = (slots.get_mut(count), self.get(count)) {
            let Some(frame) = frame(next) else {
                break;
            };
            *slot = make(frame);
            count += 1;
        }
        count
    }
}

impl Pte<'_> {
    /// The frame, if the entry has the marks of `first`, and maps a page like `small`, which that maps.
    #[inline(always)]
    fn frame_if_like(&self, first: &Self, small: &SmallPage) -> Option<u64> {
        let (frame, page) = self.ordinary_like(first, Self::MARKS)?;

        page.is_like(small, FolioBits::ORIGIN).then_some(frame)
    }
}
