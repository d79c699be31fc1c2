// SPDX-License-Identifier: GPL-2.0-only
/* See stale.h. */
#include "stale.h"

struct window window[MAX_WINDOWS];
size_t nr_windows;
static const struct variant *variant;

static unsigned int lg2(uint64_t n)
{
	return 63 - (unsigned int)__builtin_clzll(n);
}

/* log2 of what a table descriptor of level covers. */
static unsigned int table_lg2(unsigned int level)
{
	return lg2(variant->granule) + level * lg2(table_entries(variant));
}

/* Which of the tables of level, counted from the window's first, is this one for? */
static size_t table_index(const struct window *w, uint64_t iova, unsigned int level)
{
	return (size_t)((iova >> table_lg2(level)) - (w->iova >> table_lg2(level)));
}

static uint64_t last_of(const struct window *w)
{
	return w->iova + (w->pages * variant->granule - 1);
}

static void add(uint64_t iova, uint64_t bytes)
{
	struct window *w = &window[nr_windows++];

	w->iova = canonical(variant, iova);
	w->pages = bytes / variant->granule;
	w->page = calloc(w->pages, sizeof(*w->page));
	w->tlb = calloc(w->pages, sizeof(*w->tlb));
	w->tlb_lg2 = calloc(w->pages, sizeof(*w->tlb_lg2));
	assert_true(w->page && w->tlb && w->tlb_lg2);
	for (unsigned int l = 1; l < TABLE_LEVELS; l++) {
		w->walked[l] = calloc(table_index(w, last_of(w), l) + 1, sizeof(bool));
		assert_non_null(w->walked[l]);
	}
}

void windows_make(const struct variant *v)
{
	uint64_t block = v->granule * v->granule / 8, top = 1ull << v->ias;

	variant = v;
	add(0, 2 * block);
	add(top / 4 * 3 - 2 * block, 4 * block);
	add(top - 3 * block, 3 * block);
	/* With room for the largest block where that is affordable. */
	add(top / 4, v->granule == SZ_4K ? SZ_1G : 4 * block);
}

void windows_free(void)
{
	for (struct window *w = window; w < window + nr_windows; w++) {
		free(w->page);
		free(w->tlb);
		free(w->tlb_lg2);
		for (unsigned int l = 1; l < TABLE_LEVELS; l++)
			free(w->walked[l]);
	}
	nr_windows = 0;
}

static void drop_in(struct window *w, uint64_t from, uint64_t to, bool leaf)
{
	size_t first = (from - w->iova) / variant->granule;
	size_t n = (to - from) / variant->granule + 1;

	memset(w->tlb + first, 0, n * sizeof(*w->tlb));
	memset(w->tlb_lg2 + first, 0, n * sizeof(*w->tlb_lg2));
	for (unsigned int l = 1; l < TABLE_LEVELS && !leaf; l++)
		for (size_t i = table_index(w, from, l); i <= table_index(w, to, l); i++)
			w->walked[l][i] = false;
}

void stale_drop(uint64_t iova, uint64_t size, bool leaf)
{
	uint64_t last = iova + (size - 1);

	for (struct window *w = window; w < window + nr_windows; w++) {
		uint64_t from = iova > w->iova ? iova : w->iova;
		uint64_t to = last < last_of(w) ? last : last_of(w);

		if (from < to)
			drop_in(w, from, to, leaf);
	}
}

void stale_use(struct window *w, size_t page)
{
	if (w->tlb[page] != w->page[page])
		w->tlb_lg2[page] = 0;
	w->tlb[page] = w->page[page];
}

void stale_walk(struct window *w, size_t page, const struct io_pgtable_walk_entry *leaf)
{
	w->tlb[page] = w->page[page];
	w->tlb_lg2[page] = (uint8_t)lg2(leaf->size);
	for (unsigned int l = leaf->level + 1; l < TABLE_LEVELS; l++)
		w->walked[l][table_index(w, w->iova + page * variant->granule, l)] = true;
}

size_t stale_page(const struct window *w, size_t first, size_t n)
{
	size_t i = first;

	while (i < first + n && (!w->tlb[i] || w->tlb[i] == w->page[i]))
		i++;
	return i;
}

bool stale_behind_leaf(const struct window *w, const struct io_pgtable_walk_entry *leaf)
{
	size_t first = (leaf->iova - w->iova) / variant->granule;

	for (size_t i = first; i < first + leaf->size / variant->granule; i++)
		if (w->tlb_lg2[i] && w->tlb_lg2[i] != lg2(leaf->size))
			return true;
	for (unsigned int l = 1; l <= leaf->level && l < TABLE_LEVELS; l++) {
		size_t last = table_index(w, leaf->iova + (leaf->size - 1), l);

		for (size_t i = table_index(w, leaf->iova, l); i <= last; i++)
			if (w->walked[l][i])
				return true;
	}
	return false;
}
