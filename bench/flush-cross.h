/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-cross: every combination of what bench_flush can be asked for, one after the other.
 *
 * There are millions: they are made when they are looked at, and never all in memory. A key that
 * means nothing for a strategy has one value (enum flush_uses): the depth of what holds nothing is
 * 0, a timeout is a flush queue's, a budget adaptive's, rounds use one command queue, strict-page
 * and gather no range commands, gather-ril nothing else; a flush queue invalidates everything, so
 * range commands mean nothing to it; "none" invalidates nothing, so that its model is the plain
 * one.
 *
 * Invariants: the order is always the same; no combination comes twice; what cannot be run is there
 * too (flush_case_refused()).
 */
#ifndef BENCH_FLUSH_CROSS_H
#define BENCH_FLUSH_CROSS_H

#include "flush-case.h"

enum { FLUSH_KEYS = 11, FLUSH_ITEMS_MOST = 64 };

/**
 * struct flush_selection - a part of the cross
 * @profile: the host of the models
 * @max_threads: CPUs of this host, for the real clock
 * @items: KEY:VALUE; what is selected for a key is one of its items, everything if it has none
 * @nr_items: how many
 * @seen: of each, whether something has it
 */
struct flush_selection {
	const char *profile;
	unsigned int max_threads;
	struct {
		char text[64];
		unsigned int key;
		size_t value; /* where it begins */
	} items[FLUSH_ITEMS_MOST];
	unsigned int nr_items;
	bool seen[FLUSH_ITEMS_MOST];
};

/**
 * flush_select() - add to a selection
 * @s: the selection
 * @text: KEY:VALUE,VALUE...
 *
 * Return: 0, -ENOENT (no such key), -EINVAL (not of this form, too long), -ENOSPC (too many).
 */
int flush_select(struct flush_selection *s, const char *text);

/* The keys, as they are in a name, separated by spaces. */
const char *flush_keys(void);

/**
 * flush_cross() - look at each combination
 * @s: which part; @seen is filled in
 * @visit: is given each; false: no more. What it is given is gone afterwards, the strings live on
 * @ctx: passed to it
 */
void flush_cross(struct flush_selection *s, bool (*visit)(void *ctx, const struct flush_case *c),
		 void *ctx);

/**
 * flush_unknown() - an item that no combination has, whatever else is selected
 * @s: the selection, after flush_cross()
 *
 * Return: its text, or NULL.
 */
const char *flush_unknown(const struct flush_selection *s);

#endif /* BENCH_FLUSH_CROSS_H */
