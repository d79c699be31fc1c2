// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buddy system on bitmaps (buddy.h).
 */
#include "core/buddy.h"

#include <string.h>

#include "core/port.h"

/* Words of one order's bitmap at one level of summary. */
static size_t words(uint32_t pages, unsigned int order, unsigned int level)
{
	size_t n = pages >> order;

	for (unsigned int l = 0; l <= level; l++)
		n = (n + 63) / 64;
	return n;
}

static unsigned int top_order(uint32_t pages)
{
	return port_lg2(pages);
}

size_t pt_buddy_bytes(uint32_t pages)
{
	size_t n = 0;

	for (unsigned int o = 0; o <= top_order(pages); o++)
		for (unsigned int l = 0; l < PT_BUDDY_LEVELS; l++)
			n += words(pages, o, l);
	return n * sizeof(uint64_t);
}

static bool is_free(const struct pt_buddy *b, unsigned int order, uint32_t index)
{
	return b->bits[order][0][index / 64] >> index % 64 & 1;
}

static void set_free(struct pt_buddy *b, unsigned int order, uint32_t index)
{
	for (unsigned int l = 0; l < PT_BUDDY_LEVELS; l++, index /= 64)
		b->bits[order][l][index / 64] |= 1ull << index % 64;
	b->nonempty |= 1u << order;
}

static void clear_free(struct pt_buddy *b, unsigned int order, uint32_t index)
{
	for (unsigned int l = 0; l < PT_BUDDY_LEVELS; l++, index /= 64) {
		uint64_t *word = &b->bits[order][l][index / 64];

		*word &= ~(1ull << index % 64);
		if (*word)
			return;
	}
	b->nonempty &= ~(1u << order);
}

/* There is one. */
static uint32_t lowest(const struct pt_buddy *b, unsigned int order)
{
	uint32_t index = 0;

	for (unsigned int l = PT_BUDDY_LEVELS; l-- > 0;)
		index = index * 64 + (uint32_t)__builtin_ctzll(b->bits[order][l][index]);
	return index;
}

void pt_buddy_init(struct pt_buddy *b, uint32_t pages, void *memory)
{
	uint64_t *at = memory;

	memset(b, 0, sizeof(*b));
	memset(memory, 0, pt_buddy_bytes(pages));
	b->pages = pages;
	b->top = top_order(pages);
	for (unsigned int o = 0; o <= b->top; o++) {
		for (unsigned int l = 0; l < PT_BUDDY_LEVELS; l++) {
			b->bits[o][l] = at;
			at += words(pages, o, l);
		}
	}
	/* The binary digits of the size, largest first: each block is aligned. */
	for (uint32_t page = 0; page < pages;) {
		unsigned int order = port_lg2(pages - page);

		set_free(b, order, page >> order);
		page += 1u << order;
	}
	b->free_pages = pages;
}

uint32_t pt_buddy_alloc(struct pt_buddy *b, unsigned int order)
{
	uint32_t fits = order > b->top ? 0 : b->nonempty >> order << order, index;
	unsigned int o;

	if (!fits)
		return PT_BUDDY_NONE;
	o = (unsigned int)__builtin_ctz(fits);
	index = lowest(b, o);
	clear_free(b, o, index);
	for (; o > order; o--) {
		index *= 2;
		set_free(b, o - 1, index + 1);
	}
	b->free_pages -= 1u << order;
	return index << order;
}

void pt_buddy_free(struct pt_buddy *b, uint32_t page, unsigned int order)
{
	uint32_t index = page >> order;

	b->free_pages += 1u << order;
	while (order < b->top && (index ^ 1) < b->pages >> order && is_free(b, order, index ^ 1)) {
		clear_free(b, order, index ^ 1);
		index /= 2;
		order++;
	}
	set_free(b, order, index);
}

static bool has_free_below(const struct pt_buddy *b, uint32_t page, unsigned int order)
{
	for (unsigned int o = 0; o < order; o++)
		for (uint32_t i = page >> o; i < (page + (1u << order)) >> o; i++)
			if (i < b->pages >> o && is_free(b, o, i))
				return true;
	return false;
}

bool pt_buddy_has_free(const struct pt_buddy *b, uint32_t page, unsigned int order)
{
	for (unsigned int o = order; o <= b->top; o++)
		if (page >> o < b->pages >> o && is_free(b, o, page >> o))
			return true;
	return has_free_below(b, page, order);
}

static bool summaries_are_good(const struct pt_buddy *b, unsigned int order)
{
	for (unsigned int l = 1; l < PT_BUDDY_LEVELS; l++)
		for (size_t i = 0; i < words(b->pages, order, l - 1); i++)
			if ((b->bits[order][l][i / 64] >> i % 64 & 1) != !!b->bits[order][l - 1][i])
				return false;
	return !!b->bits[order][PT_BUDDY_LEVELS - 1][0] == (b->nonempty >> order & 1);
}

bool pt_buddy_is_good(const struct pt_buddy *b)
{
	uint32_t pages = 0;

	for (unsigned int o = 0; o <= b->top; o++) {
		if (!summaries_are_good(b, o))
			return false;
		for (uint32_t i = 0; i < b->pages >> o; i++) {
			if (!is_free(b, o, i))
				continue;
			pages += 1u << o;
			if ((i & 1) && is_free(b, o, i - 1))
				return false;
			for (unsigned int p = o + 1; p <= b->top; p++)
				if (i >> (p - o) < b->pages >> p && is_free(b, p, i >> (p - o)))
					return false;
		}
	}
	return pages == b->free_pages;
}
