// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-mappings: a plan without its addresses, see replay-mappings.h.
 *
 * The plan is played through on a live_map for each domain, whose spans carry the number of the map
 * operation that made them. An unmap makes a mapping out of all that it finds, which belongs to the
 * last of those operations: `at` is a list for each operation of the mappings that it completes.
 */
#include "replay-mappings.h"

#include <errno.h>
#include <stdlib.h>

#include "live-map.h"

#define NONE UINT32_MAX

struct maker {
	const struct trace *trace;
	const struct replay_thread *ops;
	struct replay_mappings *m;
	unsigned int nr_threads;
	uint64_t granule_bytes;
	struct live_map *domains;
	uint32_t *at;	/* per operation: the first mapping that it completes; an unmap: its own */
	uint32_t *next; /* per mapping: of the same operation */
};

static unsigned int thread_of(const struct maker *mk, uint32_t op)
{
	return mk->trace->events[mk->ops->ops[op].event].cpu % mk->nr_threads;
}

/* There are never more mappings than map operations and pieces of them: room for one per operation
 * and one per span that is left. */
static uint32_t new_mapping(struct maker *mk, uint32_t map_op, uint64_t size_bytes, bool stays,
			    bool blocks)
{
	uint32_t id = mk->m->nr++;

	mk->m->mappings[id] = (struct replay_mapping){
		.size_bytes = size_bytes,
		.paddr = mk->ops->ops[map_op].paddr,
		.thread = (uint16_t)thread_of(mk, map_op),
		.stays = stays,
		.blocks = blocks,
	};
	mk->next[id] = mk->at[map_op];
	mk->at[map_op] = id;
	return id;
}

/* May a part of what an operation mapped be blocks? */
static bool is_blocks(const struct maker *mk, uint32_t map_op, uint64_t start, uint64_t last)
{
	const struct replay_op *op = &mk->ops->ops[map_op];
	uint64_t block_bytes = mk->granule_bytes * (mk->granule_bytes / 8);
	uint64_t paddr = op->paddr + (start - op->iova);

	return last - start >= block_bytes - 1 && (start | paddr) % block_bytes == 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Clears a range; out: the last operation that mapped any of it, and whether all of it may be
 * blocks.
 */
static int cut_out(const struct maker *mk, struct live_map *map, uint64_t start, uint64_t last,
		   uint32_t *map_op, bool *blocks)
{
	struct live_span span, rest;
	uint32_t pos;
	int ret = 0;

	*map_op = 0;
	*blocks = true;
	while (!ret && (pos = live_map_find(map, start, last)) != LIVE_NONE) {
		span = *live_map_at(map, pos);
		live_map_remove(map, span.start);
		*map_op = span.event > *map_op ? span.event : *map_op;
		*blocks = *blocks && is_blocks(mk, span.event, later(span.start, start),
					       span.last < last ? span.last : last);
		rest = span;
		rest.last = start - 1;
		if (span.start < start)
			ret = live_map_add(map, &rest);
		rest = span;
		rest.start = last + 1;
		if (!ret && span.last > last)
			ret = live_map_add(map, &rest);
	}
	return ret;
}

static int play(struct maker *mk)
{
	for (uint32_t i = 0; i < mk->ops->nr_ops; i++) {
		const struct replay_op *op = &mk->ops->ops[i];
		struct live_span span = {
			.start = op->iova,
			.last = op->iova + op->size_bytes - 1,
			.event = i,
			.live = true,
		};
		uint32_t map_op;
		bool blocks;

		if (op->kind == TRACE_MAP) {
			if (live_map_add(&mk->domains[op->domain], &span))
				return -ENOMEM;
			continue;
		}
		if (cut_out(mk, &mk->domains[op->domain], span.start, span.last, &map_op, &blocks))
			return -ENOMEM;
		mk->at[i] = new_mapping(mk, map_op, op->size_bytes, false, blocks);
		mk->m->nr_unmaps++;
		mk->m->unmapped_bytes += op->size_bytes;
	}
	return 0;
}

/* What is still there at the end. */
static void add_rest(struct maker *mk, const struct replay_plan *plan)
{
	for (unsigned int d = 0; d < plan->nr_domains; d++) {
		struct live_map *map = &mk->domains[d];
		uint64_t from = 0;
		uint32_t pos;

		while ((pos = live_map_find(map, from, UINT64_MAX)) != LIVE_NONE) {
			const struct live_span *span = live_map_at(map, pos);

			new_mapping(mk, span->event, span->last - span->start + 1, true,
				    is_blocks(mk, span->event, span->start, span->last));
			if (span->last == UINT64_MAX)
				break;
			from = span->last + 1;
		}
	}
}

static uint64_t rounded(const struct maker *mk, uint64_t bytes)
{
	uint64_t size = mk->granule_bytes;

	while (size < bytes)
		size *= 2;
	return size;
}

struct peak {
	uint64_t bytes;
	uint32_t nr;
	uint32_t place;
	uint64_t first_ns;
};

static void add_step(struct maker *mk, struct peak *now, uint32_t op, uint32_t mapping)
{
	struct replay_mappings *m = mk->m;
	uint8_t kind = mk->ops->ops[op].kind;
	uint64_t time_ns = mk->trace->events[mk->ops->ops[op].event].time_ns;
	uint64_t bytes = rounded(mk, m->mappings[mapping].size_bytes);
	unsigned int thread = thread_of(mk, op);

	if (!now->place)
		now->first_ns = time_ns;
	m->span_ns = time_ns - now->first_ns;
	m->steps[thread][m->nr_steps[thread]++] = (struct replay_step){
		.time_ns = m->span_ns,
		.mapping = mapping,
		.place = now->place++,
		.kind = kind,
	};
	now->bytes += kind == TRACE_MAP ? bytes : -bytes;
	now->nr += kind == TRACE_MAP ? 1 : -1;
	m->peak_bytes = now->bytes > m->peak_bytes ? now->bytes : m->peak_bytes;
	m->peak = now->nr > m->peak ? now->nr : m->peak;
}

/* Every step in the order of the trace. */
static void each_step(struct maker *mk, void (*take)(struct maker *mk, struct peak *now,
						     uint32_t op, uint32_t mapping))
{
	struct peak now = { 0 };

	for (uint32_t i = 0; i < mk->ops->nr_ops; i++) {
		if (mk->ops->ops[i].kind == TRACE_UNMAP) {
			take(mk, &now, i, mk->at[i]);
			continue;
		}
		for (uint32_t id = mk->at[i]; id != NONE; id = mk->next[id])
			take(mk, &now, i, id);
	}
}

static void count_step(struct maker *mk, struct peak *now, uint32_t op, uint32_t mapping)
{
	mk->m->nr_steps[thread_of(mk, op)]++;
}

static int add_steps(struct maker *mk)
{
	struct replay_mappings *m = mk->m;

	m->steps = calloc(mk->nr_threads, sizeof(struct replay_step *));
	m->nr_steps = calloc(mk->nr_threads, sizeof(*m->nr_steps));
	if (!m->steps || !m->nr_steps)
		return -ENOMEM;
	each_step(mk, count_step);
	for (unsigned int t = 0; t < mk->nr_threads; t++) {
		m->steps[t] = calloc(m->nr_steps[t] + 1u, sizeof(**m->steps));
		if (!m->steps[t])
			return -ENOMEM;
		m->nr_steps[t] = 0;
	}
	each_step(mk, add_step);
	return 0;
}

static int make(struct maker *mk, const struct replay_plan *plan)
{
	size_t room = 2 * (size_t)mk->ops->nr_ops + 1;
	int ret;

	mk->m->mappings = calloc(room, sizeof(*mk->m->mappings));
	mk->domains = calloc(plan->nr_domains + 1u, sizeof(*mk->domains));
	mk->at = malloc(room * sizeof(*mk->at));
	mk->next = malloc(room * sizeof(*mk->next));
	if (!mk->m->mappings || !mk->domains || !mk->at || !mk->next)
		return -ENOMEM;
	for (size_t i = 0; i < room; i++)
		mk->at[i] = NONE;
	for (unsigned int d = 0; d < plan->nr_domains; d++)
		live_map_init(&mk->domains[d]);
	ret = play(mk);
	if (!ret && !mk->m->nr_unmaps)
		ret = -ENODATA;
	if (ret)
		return ret;
	add_rest(mk, plan);
	return add_steps(mk);
}

int replay_mappings_make(const struct trace *trace, const struct replay_plan *plan,
			 const struct plan_opts *opts, struct replay_mappings *m)
{
	struct maker mk = {
		.trace = trace,
		.ops = &plan->threads[0],
		.m = m,
		.nr_threads = opts->nr_threads,
		.granule_bytes = opts->granule_bytes,
	};
	int ret;

	*m = (struct replay_mappings){ .nr_threads = opts->nr_threads };
	ret = make(&mk, plan);
	for (unsigned int d = 0; mk.domains && d < plan->nr_domains; d++)
		live_map_free(&mk.domains[d]);
	free(mk.domains);
	free(mk.at);
	free(mk.next);
	if (ret)
		replay_mappings_free(m);
	return ret;
}

void replay_mappings_free(struct replay_mappings *m)
{
	for (unsigned int t = 0; m->steps && t < m->nr_threads; t++)
		free(m->steps[t]);
	free(m->steps);
	free(m->nr_steps);
	free(m->mappings);
	*m = (struct replay_mappings){ 0 };
}
