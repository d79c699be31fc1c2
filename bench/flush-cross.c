// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-cross: a walk over the keys, in the order of the names, each of which has a table of
 * values. See flush-cross.h.
 */
#include "flush-cross.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { UNMAP_MOST_LG2 = 22, THREADS_MOST = 128, MODELS = 36, MODEL_BYTES = 64 };

struct walk {
	struct flush_selection *selection;
	const struct flush_strategy *strategy;
	struct flush_case c;
	bool (*visit)(void *ctx, const struct flush_case *c);
	void *ctx;
};

/* The value number i of a key, for the case as it is so far; false: there is none. */
typedef bool set_value(struct walk *w, unsigned int i);

static bool set_strategy(struct walk *w, unsigned int i)
{
	if (i == nr_flush_strategies)
		return false;
	w->strategy = &flush_strategies[i];
	w->c.strategy = w->strategy->name;
	return true;
}

static bool set_clock(struct walk *w, unsigned int i)
{
	w->c.clock = i ? FLUSH_REAL : FLUSH_VIRTUAL;
	return i < (w->strategy->virtual_only ? 1 : 2);
}

static bool set_size(struct walk *w, unsigned int i)
{
	static const uint8_t sizes_lg2[] = { 12, 14, 16, 21 };

	if (i == ARRAY_SIZE(sizes_lg2))
		return false;
	w->c.leaf_lg2 = sizes_lg2[i];
	return true;
}

/*
 * From a page to 4M, by powers of two; and 511 to 513 pages, of which 512 may have been among them.
 */
static bool set_unmap(struct walk *w, unsigned int i)
{
	static const uint16_t around[] = { 511, 513, 512 };
	unsigned int powers = UNMAP_MOST_LG2 - w->c.leaf_lg2 + 1;
	bool has_512 = w->c.leaf_lg2 + 9 <= UNMAP_MOST_LG2;

	if (i < powers)
		w->c.pages = 1u << i;
	else if (i - powers < (has_512 ? 2 : 3))
		w->c.pages = around[i - powers];
	else
		return false;
	return true;
}

static bool set_layout(struct walk *w, unsigned int i)
{
	w->c.layout = (enum flush_layout)i;
	return i <= FLUSH_EMPTYING;
}

/* All CPUs of this host, if that is no power of two, at last. */
static bool set_threads(struct walk *w, unsigned int i)
{
	unsigned int most = w->c.clock == FLUSH_REAL ? w->selection->max_threads : THREADS_MOST;

	if (most > THREADS_MOST)
		most = THREADS_MOST;
	if (i && 1u << (i - 1) >= most)
		return false;
	w->c.threads = 1u << i < most ? 1u << i : most;
	return true;
}

/* A key that means something for a strategy takes one value after the other, otherwise 0. */
static bool set_number(uint32_t *to, bool used, const uint32_t *values, unsigned int nr,
		       unsigned int i)
{
	*to = used && i < nr ? values[i] : 0;
	return i < (used ? nr : 1);
}

static bool set_depth(struct walk *w, unsigned int i)
{
	static const uint32_t depths[] = { 1, 64, 256, 1024, 4096, 32768 };

	return set_number(&w->c.depth, w->strategy->uses & FLUSH_DEPTH, depths, ARRAY_SIZE(depths),
			  i);
}

static bool set_timeout(struct walk *w, unsigned int i)
{
	static const uint32_t timeouts_us[] = { 100, 10000, 1000000 };

	return set_number(&w->c.timeout_us, w->strategy->uses & FLUSH_TIMEOUT, timeouts_us,
			  ARRAY_SIZE(timeouts_us), i);
}

/* Errata, queues, SYNC, ranges: the last changes fastest. */
static const char *model_name(const char *profile, unsigned int i)
{
	static char names[MODELS][MODEL_BYTES];
	static const char *const ranges[] = { "", "-ril" }, *const syncs[] = { "", "-event" };
	static const char *const queues[] = { "", "-2q", "-4q" };
	static const char *const errata[] = { "", "-sync63", "-twice" };

	snprintf(names[i], MODEL_BYTES, "%.32s%s%s%s%s", profile, ranges[i % 2], syncs[i / 2 % 2],
		 queues[i / 4 % 3], errata[i / 12]);
	return names[i];
}

static bool is_of_use(unsigned int uses, unsigned int model)
{
	bool ril = model % 2, several = model / 4 % 3;

	if (!(uses & FLUSH_SMMU))
		return !model;
	if (ril && !(uses & (FLUSH_RIL | FLUSH_ONLY_RIL)))
		return false;
	if (!ril && (uses & FLUSH_ONLY_RIL))
		return false;
	return !several || (uses & FLUSH_QUEUES);
}

static bool set_model(struct walk *w, unsigned int i)
{
	for (unsigned int model = 0; model < MODELS; model++) {
		if (!is_of_use(w->strategy->uses, model) || i--)
			continue;
		w->c.model = model_name(w->selection->profile, model);
		return true;
	}
	return false;
}

static bool set_loop(struct walk *w, unsigned int i)
{
	static const uint8_t loads[] = { 0, 50, 80, 95 };

	if (i == ARRAY_SIZE(loads))
		return false;
	w->c.load = loads[i];
	return true;
}

static bool set_budget(struct walk *w, unsigned int i)
{
	static const uint32_t budgets_ns[] = { 1000, 5000, 25000 };

	return set_number(&w->c.budget_ns, w->strategy->uses & FLUSH_BUDGET, budgets_ns,
			  ARRAY_SIZE(budgets_ns), i);
}

static const struct {
	const char *key;
	set_value *set;
} keys[FLUSH_KEYS] = {
	{ "strategy", set_strategy }, { "clock", set_clock },	     { "size", set_size },
	{ "unmap", set_unmap },	      { "layout", set_layout },	     { "threads", set_threads },
	{ "depth", set_depth },	      { "timeout_us", set_timeout }, { "model", set_model },
	{ "loop", set_loop },	      { "budget_ns", set_budget },
};

/* Selecting. */

static int add_item(struct flush_selection *s, unsigned int key, const char *value, size_t len)
{
	size_t at = strlen(keys[key].key) + 1;

	if (s->nr_items == FLUSH_ITEMS_MOST)
		return -ENOSPC;
	if (!len || at + len >= sizeof(s->items[0].text))
		return -EINVAL;
	snprintf(s->items[s->nr_items].text, sizeof(s->items[0].text), "%s:%.*s", keys[key].key,
		 (int)len, value);
	s->items[s->nr_items].key = key;
	s->items[s->nr_items++].value = at;
	return 0;
}

int flush_select(struct flush_selection *s, const char *text)
{
	const char *colon = strchr(text, ':'), *value;
	unsigned int key = 0;
	int ret = 0;

	if (!colon)
		return -EINVAL;
	while (key < FLUSH_KEYS && (strncmp(keys[key].key, text, (size_t)(colon - text)) != 0 ||
				    keys[key].key[colon - text]))
		key++;
	if (key == FLUSH_KEYS)
		return -ENOENT;
	for (value = colon + 1; !ret; value++) {
		size_t len = strcspn(value, ",");

		ret = add_item(s, key, value, len);
		value += len;
		if (!*value)
			break;
	}
	return ret;
}

const char *flush_keys(void)
{
	static char all[128];

	all[0] = 0;
	for (unsigned int i = 0; i < FLUSH_KEYS; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? " " : "",
			 keys[i].key);
	return all;
}

static bool is_selected(struct walk *w, unsigned int key)
{
	struct flush_selection *s = w->selection;
	char buffer[FLUSH_VALUE_BYTES];
	const char *value = buffer;
	bool any = false, found = false;

	for (unsigned int i = 0; i < s->nr_items && !any; i++)
		any = s->items[i].key == key;
	if (!any)
		return true;
	if (key == 0)
		value = w->c.strategy;
	else if (flush_case_value(&w->c, keys[key].key, buffer))
		value = w->c.model;
	if (!*value) /* the case does not have the key */
		return true;
	for (unsigned int i = 0; i < s->nr_items; i++) {
		if (s->items[i].key != key ||
		    strcmp(s->items[i].text + s->items[i].value, value) != 0)
			continue;
		s->seen[i] = found = true;
	}
	return found;
}

/* As deep as there are keys. */
static bool descend(struct walk *w, unsigned int key)
{
	if (key == FLUSH_KEYS)
		return w->visit(w->ctx, &w->c);
	for (unsigned int i = 0; keys[key].set(w, i); i++)
		if (is_selected(w, key) && !descend(w, key + 1))
			return false;
	return true;
}

void flush_cross(struct flush_selection *s, bool (*visit)(void *ctx, const struct flush_case *c),
		 void *ctx)
{
	struct walk w = { .selection = s, .visit = visit, .ctx = ctx };

	memset(s->seen, 0, sizeof(s->seen));
	descend(&w, 0);
}

static bool enough(void *ctx, const struct flush_case *c)
{
	return false;
}

const char *flush_unknown(const struct flush_selection *s)
{
	for (unsigned int i = 0; i < s->nr_items; i++) {
		struct flush_selection alone = *s;

		if (s->seen[i])
			continue;
		alone.items[0] = s->items[i];
		alone.nr_items = 1;
		flush_cross(&alone, enough, NULL);
		if (!alone.seen[0])
			return s->items[i].text;
	}
	return NULL;
}
