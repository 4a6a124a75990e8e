// SPDX-License-Identifier: GPL-2.0

#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_idle.h>

#include "rustproc_helpers.h"

struct folio *rustproc_page_folio(struct page *page)
{
	return page_folio(page);
}

int rustproc_page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount);
}

bool rustproc_page_mapcount_is_type(unsigned int mapcount)
{
	return page_mapcount_is_type(mapcount);
}

unsigned long rustproc_compound_nr(const struct page *page)
{
	return compound_nr(page);
}

int rustproc_folio_entire_mapcount(const struct folio *folio)
{
	return folio_entire_mapcount(folio);
}

int rustproc_folio_large_mapcount(const struct folio *folio)
{
	return folio_large_mapcount(folio);
}

bool rustproc_folio_maybe_mapped_shared(struct folio *folio)
{
	return folio_maybe_mapped_shared(folio);
}

unsigned long rustproc_folio_nr_pages(const struct folio *folio)
{
	return folio_nr_pages(folio);
}

bool rustproc_folio_is_zone_device(const struct folio *folio)
{
	return folio_is_zone_device(folio);
}

int rustproc_folio_nid(const struct folio *folio)
{
	return folio_nid(folio);
}

bool rustproc_folio_maybe_dma_pinned(struct folio *folio)
{
	return folio_maybe_dma_pinned(folio);
}

bool rustproc_folio_test_clear_young(struct folio *folio)
{
	return folio_test_clear_young(folio);
}

void rustproc_folio_clear_referenced(struct folio *folio)
{
	folio_clear_referenced(folio);
}
