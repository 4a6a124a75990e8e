// SPDX-License-Identifier: GPL-2.0

//! Collects `numa_maps`: where the pages of a VMA are.
//!
//! C counterpart: `gather_stats()` and the callbacks around it in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::numa_maps::{
        NodePages,
        NumaCounts,
        NumaPage, //
    },
    sys::{
        node,
        vma::LockedVma,
        walk::{
            Action,
            Entry,
            HugePmd,
            HugetlbEntry,
            LockMode,
            Mapped,
            Page,
            PageWalk,
            Pmd,
            PmdGuard,
            PteTable,
            PMD_SIZE, //
        },
    },
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*, //
};

/// Base pages in a huge page of a PMD. CAST: A small number.
const PMD_PAGES: u64 = (PMD_SIZE / PAGE_SIZE) as u64;

/// What is counted of a VMA's pages; used for one VMA after the other.
#[derive(Default)]
pub(crate) struct Counts {
    /// The sums.
    pub(crate) counts: NumaCounts,
    /// Page-table entries looked at.
    pub(crate) entries: u64,
    nodes: KVec<u64>,
}

impl Counts {
    /// Room for the counts of each node.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            nodes: KVec::from_elem(0, node::count(), GFP_KERNEL)?,
            ..Self::default()
        })
    }

    /// Counts the pages of a VMA, and forgets what was counted before. May sleep, if its lock lets it.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn collect(&mut self, area: &LockedVma<'_>) -> Result {
        self.clear();
        if area.vma().is_untouched() {
            return Ok(());
        }
        area.walk(area.vma().range(), self)?;
        Ok(())
    }

    /// The pages on each node with memory.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodePages> + '_ {
        let counted = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, pages)| **pages != 0);

        counted
            .filter(|(node, _)| node::has_memory(*node))
            .map(|(node, pages)| NodePages {
                // CAST: A node's number is small.
                node: node as u32,
                pages: *pages,
            })
    }

    fn clear(&mut self) {
        self.counts = NumaCounts::default();
        self.entries = 0;
        self.nodes.fill(0);
    }

    fn table<L>(&mut self, table: &PteTable<'_, L>) {
        // CAST: A number of entries.
        self.entries += table.len() as u64;
        table.for_each_run(|mapped| match mapped {
            Mapped::Pages(run) if !run.page.folio().is_zone_device() && is_counted(&run.page) => {
                // CAST: A number of pages.
                let pages = run.count as u64;
                self.add(run.page, run.mapcount, run.entry.is_dirty(), pages);
            }
            _ => {}
        });
    }

    fn huge<L>(&mut self, huge: &HugePmd<'_, L>) {
        let pmd = huge.entry();

        self.entries += 1;
        if !pmd.is_present() {
            return;
        }
        match pmd.page() {
            Some(page) if is_counted(&page) => {
                self.add(page, page.mapcount(page.folio()), pmd.is_dirty(), PMD_PAGES);
            }
            _ => {}
        }
    }

    /// Counts `pages` pages that are like `page`, each mapped `mapcount` times; those that one entry
    /// maps, or as many entries. Mirrors `gather_stats()`.
    #[inline(never)]
    fn add(&mut self, page: Page<'_>, mapcount: u32, dirty: bool, pages: u64) {
        let folio = page.folio();
        let state = folio.state();

        self.counts.add(
            NumaPage {
                anon: state.is_anon(),
                dirty: dirty || state.is_dirty(),
                swapcache: state.is_swapcache(),
                active: state.is_active(),
                writeback: state.is_writeback(),
                mapcount: u64::from(mapcount),
            },
            pages,
        );
        if let Some(node) = self.nodes.get_mut(folio.node()) {
            *node += pages;
        }
    }
}

/// Whether a page has a place that counts. Mirrors `can_gather_numa_stats()`.
fn is_counted(page: &Page<'_>) -> bool {
    !page.is_reserved() && node::has_memory(page.folio().node())
}

#[vtable]
impl<L: LockMode> PageWalk<L> for Counts {
    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action> {
        match pmd.lock() {
            PmdGuard::Huge(huge) => self.huge(&huge),
            PmdGuard::Table(table) => self.table(&table),
            PmdGuard::Changed => return Ok(Action::Again),
        }
        Ok(Action::Continue)
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, L>) -> Result<Action> {
        let guard = entry.lock();
        let pte = guard.entry();

        self.entries += 1;
        if let Some(page) = pte.page() {
            self.add(page, page.mapcount(page.folio()), pte.is_dirty(), 1);
        }
        Ok(Action::Continue)
    }
}
