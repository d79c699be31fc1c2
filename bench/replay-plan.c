// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-plan: from the events of a trace to the operations of a replay, see replay-plan.h.
 *
 * The events are played through in order on one live_map per domain. Invariants: a span is live
 * exactly where the replay's table will have a mapping at that point; its (thread, seq) names the
 * operation that every later one on these addresses must come after. What touches a part of a
 * mapping counts as touching all of it, as the parts may share a block. Dependencies only ever
 * point to earlier events, so threads that wait for each other cannot wait in a circle.
 */
#include "replay-plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "live-map.h"

#define NO_DOMAIN UINT16_MAX

/* Per thread: what has been allocated, and how far it knows every other thread to be. */
struct builder {
	uint32_t ops_room;
	uint32_t deps_room;
	uint32_t seen_seq[PLAN_MAX_THREADS];
};

struct planner {
	const struct trace *trace;
	const struct plan_opts *opts;
	struct replay_plan *plan;
	char *msg;
	struct builder *builders;
	struct live_map *domains;
	uint64_t *list_last;   /* per map event: last address of the scatter list from here on */
	uint16_t *list_domain; /* per CPU: the domain of the list that is being mapped */
	bool *continues;       /* per event: it continues the list of its CPU */
};

static int fail_at(struct planner *pl, uint32_t event, int err, const char *what)
{
	snprintf(pl->msg, TRACE_MSG_BYTES, "%s: line %llu: %s", pl->trace->name,
		 (unsigned long long)pl->trace->events[event].line, what);
	return err;
}

static int no_memory(struct planner *pl)
{
	snprintf(pl->msg, TRACE_MSG_BYTES, "%s: no memory for the plan", pl->trace->name);
	return -ENOMEM;
}

/* Appends an operation without dependencies; those follow through add_dep(). */
static struct replay_op *add_op(struct planner *pl, uint32_t event, uint16_t domain)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint32_t id = ev->cpu % pl->opts->nr_threads;
	struct replay_thread *thread = &pl->plan->threads[id];
	struct replay_op *op;

	if (grow((void **)&thread->ops, thread->nr_ops, &pl->builders[id].ops_room, sizeof(*op)))
		return NULL;
	op = &thread->ops[thread->nr_ops++];
	*op = (struct replay_op){
		.event = event,
		.domain = domain,
		.kind = ev->kind,
		.dep_first = thread->nr_deps,
	};
	return op;
}

/* The last operation of thread @id must come after @span's; in its own thread it does anyway. */
static int add_dep(struct planner *pl, uint32_t id, const struct live_span *span)
{
	struct replay_thread *thread = &pl->plan->threads[id];
	struct builder *builder = &pl->builders[id];

	if (span->thread == id || span->seq <= builder->seen_seq[span->thread])
		return 0;
	if (grow((void **)&thread->deps, thread->nr_deps, &builder->deps_room,
		 sizeof(*thread->deps)))
		return -ENOMEM;
	thread->deps[thread->nr_deps++] = (struct replay_dep){ span->thread, span->seq };
	builder->seen_seq[span->thread] = span->seq;
	pl->plan->threads[span->thread].ops[span->seq - 1].signals = true;
	return 0;
}

/* Leaves only the newest dependency on each thread: add_dep() saw them grow. */
static void close_deps(struct replay_thread *thread)
{
	struct replay_op *op = &thread->ops[thread->nr_ops - 1];
	uint32_t i, j, kept = op->dep_first;

	for (i = op->dep_first; i < thread->nr_deps; i++) {
		for (j = op->dep_first; j < kept; j++)
			if (thread->deps[j].thread == thread->deps[i].thread)
				break;
		thread->deps[j] = thread->deps[i];
		kept += j == kept;
	}
	thread->nr_deps = kept;
	op->nr_deps = (uint16_t)(kept - op->dep_first);
}

/*
 * Clears [start, last] of a domain's map: the parts of spans that stick out remain, touched by
 * operation (@id, @seq), and the last operation of thread @id depends on all of them.
 */
static int cut_out(struct planner *pl, struct live_map *map, uint64_t start, uint64_t last,
		   uint32_t id, uint32_t seq)
{
	struct live_span span, rest;
	uint32_t pos;
	int ret = 0;

	while (!ret && (pos = live_map_find(map, start, last)) != LIVE_NONE) {
		span = *live_map_at(map, pos);
		ret = add_dep(pl, id, &span);
		live_map_remove(map, span.start);
		rest = span;
		if (span.live) {
			rest.thread = id;
			rest.seq = seq;
		}
		if (!ret && span.start < start) {
			rest.last = start - 1;
			ret = live_map_add(map, &rest);
		}
		if (!ret && span.last > last) {
			rest.last = span.last;
			rest.start = last + 1;
			rest.paddr = span.paddr + (rest.start - span.start);
			ret = live_map_add(map, &rest);
		}
	}
	return ret;
}

/* Adds the operation of @event for [start, last] and what it leaves behind in the domain's map. */
static int plan_op(struct planner *pl, uint32_t event, uint16_t domain, uint64_t start,
		   uint64_t last)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint32_t id = ev->cpu % pl->opts->nr_threads;
	struct replay_op *op = add_op(pl, event, domain);
	struct live_span span = {
		.start = start,
		.last = last,
		.paddr = ev->paddr,
		.event = event,
		.thread = id,
		.seq = pl->plan->threads[id].nr_ops,
		.live = ev->kind == TRACE_MAP,
	};

	if (!op)
		return no_memory(pl);
	op->iova = start;
	op->paddr = ev->paddr;
	op->size_bytes = last - start + 1;
	pl->plan->nr_ops[ev->kind]++;
	pl->plan->bytes[ev->kind] += op->size_bytes;
	if (cut_out(pl, &pl->domains[domain], start, last, id, span.seq))
		return no_memory(pl);
	close_deps(&pl->plan->threads[id]);
	/* With one thread nobody waits for an unmap, so that its dead span is not needed. */
	if ((span.live || pl->opts->nr_threads > 1) && live_map_add(&pl->domains[domain], &span))
		return no_memory(pl);
	return 0;
}

/* The first live span in a range, or LIVE_NONE. */
static uint32_t find_live(const struct live_map *map, uint64_t start, uint64_t last)
{
	uint32_t pos;
	uint64_t span_last;

	for (;;) {
		pos = live_map_find(map, start, last);
		if (pos == LIVE_NONE || live_map_at(map, pos)->live)
			return pos;
		span_last = live_map_at(map, pos)->last;
		if (span_last >= last)
			return LIVE_NONE;
		start = span_last + 1;
	}
}

static bool is_free(const struct planner *pl, uint16_t domain, uint64_t start, uint64_t last)
{
	return find_live(&pl->domains[domain], start, last) == LIVE_NONE;
}

static uint16_t first_free(const struct planner *pl, uint64_t start, uint64_t last)
{
	unsigned int domain;

	for (domain = 0; domain < pl->plan->nr_domains; domain++)
		if (is_free(pl, (uint16_t)domain, start, last))
			return (uint16_t)domain;
	return NO_DOMAIN;
}

static int open_domain(struct planner *pl, uint32_t event, uint16_t *domain)
{
	char what[128];

	if (pl->plan->nr_domains == pl->opts->max_domains) {
		snprintf(what, sizeof(what),
			 "this map needs more than %u domains (--max-domains); were unmaps lost?",
			 pl->opts->max_domains);
		return fail_at(pl, event, -E2BIG, what);
	}
	*domain = (uint16_t)pl->plan->nr_domains++;
	live_map_init(&pl->domains[*domain]);
	return 0;
}

static int conflict(struct planner *pl, uint32_t event, uint16_t wanted, uint16_t *domain)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint64_t last = ev->iova + ev->size_bytes - 1;
	const struct live_map *map = &pl->domains[wanted];
	uint32_t other;
	char what[160];

	pl->plan->nr_conflicts++;
	if (pl->opts->on_conflict == PLAN_CONFLICT_SKIP) {
		pl->plan->nr_skipped++;
		*domain = NO_DOMAIN;
		return 0;
	}
	if (pl->opts->on_conflict == PLAN_CONFLICT_FAIL) {
		other = live_map_at(map, find_live(map, ev->iova, last))->event;
		snprintf(what, sizeof(what),
			 "0x%llx is mapped already, by line %llu (--on-conflict fail)",
			 (unsigned long long)ev->iova,
			 (unsigned long long)pl->trace->events[other].line);
		return fail_at(pl, event, -EEXIST, what);
	}
	*domain = first_free(pl, ev->iova, pl->list_last[event]);
	return *domain == NO_DOMAIN ? open_domain(pl, event, domain) : 0;
}

static int plan_map(struct planner *pl, uint32_t event)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint64_t last = ev->iova + ev->size_bytes - 1;
	uint16_t domain = 0;
	int ret = 0;

	if (pl->continues[event] && pl->list_domain[ev->cpu] != NO_DOMAIN)
		domain = pl->list_domain[ev->cpu];
	/* A list that will not fit as a whole goes elsewhere from its first piece on. */
	if (!pl->continues[event] && pl->opts->on_conflict == PLAN_CONFLICT_SPLIT)
		last = pl->list_last[event];
	if (!is_free(pl, domain, ev->iova, last))
		ret = conflict(pl, event, domain, &domain);
	if (ret)
		return ret;
	pl->list_domain[ev->cpu] = domain;
	if (domain == NO_DOMAIN)
		return 0;
	return plan_op(pl, event, domain, ev->iova, ev->iova + ev->size_bytes - 1);
}

/* How well an unmap's range fits what is live in a domain. */
struct fit {
	bool exact; /* all live, and mappings begin and end where the range does */
	uint64_t live_bytes;
	uint32_t nr_spans;
	uint32_t first_event;
};

static struct fit fit_of(const struct live_map *map, uint64_t start, uint64_t last)
{
	struct fit fit = { .first_event = UINT32_MAX };
	uint64_t from, to, at = start;
	bool begins = false, ends = false;
	const struct live_span *span;
	uint32_t pos;

	while ((pos = find_live(map, at, last)) != LIVE_NONE) {
		span = live_map_at(map, pos);
		from = span->start > start ? span->start : start;
		to = span->last < last ? span->last : last;
		begins |= span->start == start;
		ends |= span->last == last;
		fit.live_bytes += to - from + 1;
		if (!fit.nr_spans++)
			fit.first_event = span->event;
		if (to == last)
			break;
		at = to + 1;
	}
	fit.exact = begins && ends && fit.live_bytes == last - start + 1;
	return fit;
}

static bool is_better(const struct fit *a, const struct fit *b)
{
	if (a->exact != b->exact)
		return a->exact;
	if (a->live_bytes != b->live_bytes)
		return a->live_bytes > b->live_bytes;
	return a->first_event < b->first_event;
}

/* One operation for each stretch of the range that is live without a hole. */
static int plan_stretches(struct planner *pl, uint32_t event, uint16_t domain, uint64_t last)
{
	const struct live_map *map = &pl->domains[domain];
	uint64_t at = pl->trace->events[event].iova;
	uint64_t from, to;
	uint32_t pos;
	int ret = 0;

	while (!ret && (pos = find_live(map, at, last)) != LIVE_NONE) {
		from = live_map_at(map, pos)->start;
		from = from > at ? from : at;
		for (to = live_map_at(map, pos)->last; to < last;
		     to = live_map_at(map, pos)->last) {
			pos = live_map_find(map, to + 1, to + 1);
			if (pos == LIVE_NONE || !live_map_at(map, pos)->live)
				break;
		}
		to = to < last ? to : last;
		ret = plan_op(pl, event, domain, from, to);
		if (to == last)
			break;
		at = to + 1;
	}
	return ret;
}

static int plan_unmap(struct planner *pl, uint32_t event)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint64_t last = ev->iova + ev->done_bytes - 1;
	struct fit best = { .first_event = UINT32_MAX }, fit;
	uint16_t domain, best_domain = 0;

	for (domain = 0; ev->done_bytes && domain < pl->plan->nr_domains; domain++) {
		fit = fit_of(&pl->domains[domain], ev->iova, last);
		if (is_better(&fit, &best)) {
			best = fit;
			best_domain = domain;
		}
	}
	if (!best.live_bytes) {
		pl->plan->nr_orphans++;
		return 0;
	}
	pl->plan->nr_partial += best.live_bytes < ev->done_bytes;
	pl->plan->nr_multi += best.nr_spans > 1;
	pl->plan->nr_cross_cpu += pl->trace->events[best.first_event].cpu != ev->cpu;
	return plan_stretches(pl, event, best_domain, last);
}

/* Which maps continue each other on a CPU, with no unmap between: walked from the end, so that
 * every one knows its end. */
static int find_lists(struct planner *pl)
{
	size_t i = pl->trace->nr_events;
	const struct trace_event *ev;
	uint32_t *next = malloc(TRACE_MAX_CPUS * sizeof(*next));
	uint32_t after;

	if (!next)
		return no_memory(pl);
	memset(next, 0xff, TRACE_MAX_CPUS * sizeof(*next));
	while (i-- > 0) {
		ev = &pl->trace->events[i];
		if (ev->kind != TRACE_MAP) {
			next[ev->cpu] = UINT32_MAX;
			continue;
		}
		pl->list_last[i] = ev->iova + ev->size_bytes - 1;
		after = next[ev->cpu];
		if (after != UINT32_MAX && pl->list_last[i] != UINT64_MAX &&
		    pl->trace->events[after].iova == pl->list_last[i] + 1) {
			pl->list_last[i] = pl->list_last[after];
			pl->continues[after] = true;
		}
		next[ev->cpu] = (uint32_t)i;
	}
	free(next);
	return 0;
}

static int check_event(struct planner *pl, uint32_t event)
{
	const struct trace_event *ev = &pl->trace->events[event];
	uint64_t mask = pl->opts->granule_bytes - 1;
	uint64_t iova_last = ev->iova + ev->size_bytes - 1;
	char what[160];

	if ((ev->iova | ev->paddr | ev->size_bytes | ev->done_bytes) & mask) {
		snprintf(what, sizeof(what),
			 "this event is not a multiple of the granule, %llu bytes (--granule)",
			 (unsigned long long)pl->opts->granule_bytes);
		return fail_at(pl, event, -EINVAL, what);
	}
	if (pl->opts->ias < 64 && iova_last >> pl->opts->ias)
		return fail_at(pl, event, -ERANGE, "an IOVA that the table cannot hold (--ias)");
	if (ev->kind == TRACE_MAP && (ev->paddr + ev->size_bytes - 1) >> pl->opts->oas)
		return fail_at(pl, event, -ERANGE,
			       "a physical address that the table cannot hold (--oas)");
	return 0;
}

static int plan_events(struct planner *pl)
{
	uint32_t event;
	int ret;

	ret = find_lists(pl);
	for (event = 0; !ret && event < pl->trace->nr_events; event++) {
		ret = check_event(pl, event);
		if (!ret)
			ret = pl->trace->events[event].kind == TRACE_MAP ? plan_map(pl, event)
									 : plan_unmap(pl, event);
	}
	return ret;
}

/* Every span of a domain that is still live, in order of addresses. */
static int collect_live(struct planner *pl, uint16_t domain, uint32_t *room)
{
	const struct live_map *map = &pl->domains[domain];
	struct replay_plan *plan = pl->plan;
	const struct live_span *span;
	uint64_t at = 0;
	uint32_t pos;

	while ((pos = find_live(map, at, UINT64_MAX)) != LIVE_NONE) {
		if (grow((void **)&plan->live, (uint32_t)plan->nr_live, room, sizeof(*plan->live)))
			return no_memory(pl);
		span = live_map_at(map, pos);
		plan->live[plan->nr_live++] = (struct replay_live){
			.iova = span->start,
			.paddr = span->paddr,
			.size_bytes = span->last - span->start + 1,
			.domain = domain,
		};
		if (span->last == UINT64_MAX)
			break;
		at = span->last + 1;
	}
	return 0;
}

static int start(struct planner *pl)
{
	const struct plan_opts *opts = pl->opts;
	size_t nr_events = pl->trace->nr_events;
	uint16_t first;

	if (!opts->nr_threads || opts->nr_threads > PLAN_MAX_THREADS || !opts->max_domains ||
	    opts->max_domains > PLAN_MAX_DOMAINS || nr_events >= UINT32_MAX / 2) {
		snprintf(pl->msg, TRACE_MSG_BYTES, "%s: options out of bounds", pl->trace->name);
		return -EINVAL;
	}
	pl->builders = calloc(opts->nr_threads, sizeof(*pl->builders));
	pl->domains = calloc(opts->max_domains, sizeof(*pl->domains));
	pl->list_last = calloc(nr_events + 1, sizeof(*pl->list_last));
	pl->continues = calloc(nr_events + 1, sizeof(*pl->continues));
	pl->list_domain = malloc(TRACE_MAX_CPUS * sizeof(*pl->list_domain));
	pl->plan->threads = calloc(opts->nr_threads, sizeof(*pl->plan->threads));
	pl->plan->nr_threads = opts->nr_threads;
	if (!pl->builders || !pl->domains || !pl->list_last || !pl->continues || !pl->list_domain ||
	    !pl->plan->threads)
		return no_memory(pl);
	memset(pl->list_domain, 0xff, TRACE_MAX_CPUS * sizeof(*pl->list_domain));
	return open_domain(pl, 0, &first);
}

static void finish(struct planner *pl)
{
	unsigned int i;

	for (i = 0; pl->domains && i < pl->plan->nr_domains; i++)
		live_map_free(&pl->domains[i]);
	free(pl->builders);
	free(pl->domains);
	free(pl->list_last);
	free(pl->continues);
	free(pl->list_domain);
}

int replay_plan_make(const struct trace *trace, const struct plan_opts *opts,
		     struct replay_plan *plan, char *msg)
{
	struct planner pl = { .trace = trace, .opts = opts, .plan = plan, .msg = msg };
	uint32_t live_room = 0;
	uint16_t domain;
	int ret;

	memset(plan, 0, sizeof(*plan));
	ret = start(&pl);
	if (!ret)
		ret = plan_events(&pl);
	for (domain = 0; !ret && domain < plan->nr_domains; domain++)
		ret = collect_live(&pl, domain, &live_room);
	finish(&pl);
	if (ret)
		replay_plan_free(plan);
	return ret;
}

void replay_plan_free(struct replay_plan *plan)
{
	unsigned int i;

	for (i = 0; plan->threads && i < plan->nr_threads; i++) {
		free(plan->threads[i].ops);
		free(plan->threads[i].deps);
	}
	free(plan->threads);
	free(plan->live);
	memset(plan, 0, sizeof(*plan));
}
