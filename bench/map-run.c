// SPDX-License-Identifier: GPL-2.0-only
/*
 * map-run: the threads of a case of bench_map, as work for the sampler. See map-run.h.
 *
 * Who synchronises with whom: the table that threads share is made by worker 0 before the sampler's
 * first barrier and taken by the others behind it; all but that is a worker's own (sampler.h).
 */
#include "map-run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "map-ops.h"

struct member {
	_Alignas(128) struct worker w;
	struct member *first;
	uint64_t tables_before;
	uint64_t tables; /* taken from an implementation's own allocator, in all spans */
	size_t spans;
	double table_alloc_ns;
};

static const struct map_case *case_of(const struct member *m)
{
	return m->w.c;
}

static bool makes_table(const struct member *m)
{
	return case_of(m)->domain == MAP_PRIVATE || m == m->first;
}

static uint64_t tables_allocated(const struct member *m)
{
	const struct bench_impl *impl = case_of(m)->impl;

	return impl->tables_allocated ? impl->tables_allocated() : 0;
}

static void begin(void *worker, int step)
{
	struct member *m = worker;
	const struct map_case *c = case_of(m);

	if (step == 0) {
		if (makes_table(m) && c->op != MAP_OP_POPULATE && c->op != MAP_OP_ALLOC_FREE)
			worker_alloc(&m->w);
		return;
	}
	if (!makes_table(m))
		m->w.table = m->first->w.table;
	if (!m->w.table && !makes_table(m))
		m->w.error = "the table could not be allocated";
	else
		worker_prepare(&m->w);
}

static void span(void *worker, struct sampler_span *span)
{
	struct member *m = worker;
	uint64_t tables = tables_allocated(m);

	m->w.map_ns = 0;
	worker_span(&m->w);
	m->tables += tables_allocated(m) - tables;
	m->spans++;
	*span = (struct sampler_span){ m->w.span_ns, m->w.map_ns, m->w.span_pages };
}

/* As many at once as the operation takes at once, in the thread that took them. */
static void measure_table_alloc(struct member *m)
{
	const struct map_case *c = case_of(m);

	if (c->impl->table_alloc_ns && m->tables)
		m->table_alloc_ns = c->impl->table_alloc_ns(
			(size_t)(m->tables + m->spans - 1) / m->spans, c->geo->granule);
}

static void end(void *worker, int step)
{
	struct member *m = worker;

	if (step == 0) {
		if (m->w.table)
			worker_finish(&m->w);
		if (m == m->first && !m->w.error)
			measure_table_alloc(m);
	} else if (makes_table(m)) {
		case_of(m)->impl->free(m->w.table);
	}
}

static const char *error(const void *worker)
{
	return ((const struct member *)worker)->w.error;
}

static const struct sampler_work work = {
	.begin = begin,
	.span = span,
	.end = end,
	.error = error,
};

static void report(const struct member *member, const struct map_case *c,
		   const struct sampler_result *s, struct map_result *result)
{
	double pages = 0;

	result->sampled = *s;
	for (unsigned int i = 0; i < c->threads; i++) {
		pages = s->pages / (double)s->spans * (double)member[i].spans;
		result->tables_per_page += (double)member[i].tables / pages;
	}
	result->table_alloc_ns = member[0].table_alloc_ns;
}

static const char *why_skip(const struct map_case *c)
{
	static _Thread_local char why[160];
	uint64_t need = map_case_table_bytes(c), have = host_available_bytes();

	have += c->impl->reusable_bytes();
	if (!c->coherent && !host_can_clean_lines())
		return "the CPU or the kernel does not let a program clean cache lines";
	if (need <= have)
		return NULL;
	snprintf(why, sizeof(why), "needs %llu MiB of memory, %llu are available",
		 (unsigned long long)(need >> 20), (unsigned long long)(have >> 20));
	return why;
}

static bool init(struct member *member, void **worker, const struct map_case *c)
{
	bool good = true;

	for (unsigned int i = 0; i < c->threads; i++) {
		member[i].first = member;
		worker[i] = &member[i];
		good = !worker_init(&member[i].w, c, i) && good;
	}
	return good;
}

void map_run(const struct map_case *c, const unsigned int *cpus, double budget_s,
	     struct map_result *result)
{
	size_t bytes = c->threads * sizeof(struct member);
	struct sampler_result sampled = { .error = "not enough memory" };
	struct member *member;
	void **worker;

	memset(result, 0, sizeof(*result));
	result->skipped = why_skip(c);
	if (result->skipped)
		return;
	member = aligned_alloc(_Alignof(struct member), bytes);
	worker = calloc(c->threads, sizeof(*worker));
	if (member && worker) {
		memset(member, 0, bytes);
		if (init(member, worker, c))
			sampler_run(&work, worker, cpus, c->threads, budget_s, &sampled);
		for (unsigned int i = 0; i < c->threads; i++)
			worker_destroy(&member[i].w);
	}
	result->sampled.error = sampled.error;
	if (!sampled.error)
		report(member, c, &sampled, result);
	free(worker);
	free(member);
}
