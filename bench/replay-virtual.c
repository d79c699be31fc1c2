// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-virtual: a trace's mappings under the virtual clock (model/virtual-machine.h). See
 * replay-strategy.h.
 *
 * Measuring begins when the slowest CPU has been through the trace once (at the trace's pace: at
 * once) and ends when the last one is through, so that what is measured is the whole trace. The
 * CPUs' own bookkeeping (whose turn it is, which mapping is where) is plain memory that costs no
 * simulated time: the simulation is one thread.
 */
#include "replay-strategy.h"

#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "iommu-iova.h"

/* The timer's period: a tenth of the strategy's timeout, a twentieth of adaptive's budget. */
static const uint64_t LEAST_POLL_PS = 10000 * VIRTUAL_PS, MOST_POLL_PS = 1000000 * VIRTUAL_PS;
static const uint64_t LEAST_BUDGET_POLL_PS = 1000 * VIRTUAL_PS;
static const uint64_t LOOK_PS = 100 * VIRTUAL_PS;    /* while another CPU's step is waited for */
static const uint64_t RECYCLER_PS = 20 * VIRTUAL_PS; /* an alloc and a free: docs/flush.md */
static const uint64_t WINDOW_BASE = 1ull << 36;

enum { MOST_POLLS = 64, LEAST_UNMAPS = 2000, MOST_UNMAPS = 400000, MOST_FULL = 1000 };

struct run;

struct cpu {
	struct run *run;
	unsigned int id;
	uint64_t place; /* of the next step, over all rounds */
	uint64_t ticket;
	bool has_ticket;
	uint64_t polled_ps;
	uint64_t waiting; /* what it has unmapped and is not released */
	double busy_ps;
};

struct run {
	const struct strategy_run *what;
	const struct replay_mappings *w;
	unsigned int rounds;
	uint64_t places;  /* steps of a round */
	uint64_t poll_ps; /* the timer's period */
	struct machine *m;
	struct iommu_iova *space;
	uint64_t *iova;	 /* per mapping */
	uint32_t *state; /* per mapping: maps and unmaps so far */
	struct cpu *cpu;
	unsigned int finished;
	struct histogram unmap, release;
	bool begun;
	uint64_t begin_ps, end_ps, begin_commands, begin_syncs;
	uint64_t granules;
	const char *error;
};

unsigned int strategy_rounds(const struct strategy_run *run, const struct replay_mappings *m,
			     bool *steady)
{
	const struct iommu_strategy_info *info = iommu_strategy_describe(run->kind);
	uint64_t depth = run->depth ? run->depth : info->depth, fill, rounds;

	fill = depth * (run->kind == IOMMU_STRATEGY_FQ_SINGLE ? 1 : m->nr_threads);
	rounds = 6 * fill < LEAST_UNMAPS ? LEAST_UNMAPS : 6 * fill;
	rounds = (rounds + m->nr_unmaps - 1) / m->nr_unmaps;
	if (rounds * m->nr_unmaps > MOST_UNMAPS)
		rounds = MOST_UNMAPS / m->nr_unmaps;
	if (!rounds || run->at_pace)
		rounds = 1;
	*steady = rounds * m->nr_unmaps >= 2 * fill;
	return (unsigned int)rounds;
}

static void on_released(void *ctx, uint64_t iova, uint64_t size, unsigned int owner,
			uint64_t waited_ps)
{
	struct run *r = ctx;

	iommu_iova_free(r->space, iova, size);
	r->cpu[owner].waiting--;
	if (r->begun && !r->end_ps)
		histogram_add(&r->release, (double)waited_ps / VIRTUAL_PS);
}

static void begin_measuring(struct run *r)
{
	r->begun = true;
	r->begin_ps = virtual_now_ps();
	r->begin_commands = vsmmu_count_commands(r->m->smmu);
	r->begin_syncs = vsmmu_count_syncs(r->m->smmu);
	vsmmu_reset_counters(r->m->smmu);
}

/* Where the slowest is. */
static uint64_t slowest(struct run *r)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < r->w->nr_threads; i++)
		least = r->cpu[i].place < least ? r->cpu[i].place : least;
	if (!r->begun && (r->what->at_pace || least >= r->places))
		begin_measuring(r);
	return least;
}

static void busy_since(struct cpu *c, uint64_t start_ps)
{
	if (c->run->begun)
		c->busy_ps += (double)(virtual_now_ps() - start_ps);
}

/*
 * A timer that is armed while something of this CPU waits, and that fires when there is something
 * to do: a look that finds nothing is not charged to the CPU.
 */
static void poll_if_time(struct cpu *c, uint64_t period_ps)
{
	struct run *r = c->run;
	uint64_t start = virtual_now_ps(), waiting = c->waiting;
	uint64_t commands = vsmmu_count_commands(r->m->smmu);

	if (start - c->polled_ps < period_ps || !waiting)
		return;
	c->polled_ps = start;
	for (int i = 0; i < MOST_POLLS && machine_poll(r->m, c->id); i++)
		;
	if (c->waiting != waiting || vsmmu_count_commands(r->m->smmu) != commands)
		busy_since(c, start);
}

static void wait_until(struct cpu *c, uint64_t when_ps)
{
	uint64_t now = virtual_now_ps(), timer = now + c->run->poll_ps;

	virtual_sleep_until_ps(when_ps < timer ? when_ps : timer);
	poll_if_time(c, c->run->poll_ps);
}

/* Not too far ahead of the others, not before the mapping's other end, not before its time. */
static void wait_for_turn(struct cpu *c, const struct replay_step *step, uint32_t state)
{
	struct run *r = c->run;

	while (!r->error &&
	       (slowest(r) + REPLAY_WINDOW < c->place || r->state[step->mapping] != state))
		wait_until(c, virtual_now_ps() + LOOK_PS);
	while (r->what->at_pace && !r->error && virtual_now_ps() < step->time_ns * VIRTUAL_PS)
		wait_until(c, step->time_ns * VIRTUAL_PS);
}

/* A full space: what was unmapped is waited for. */
static void make_room(struct cpu *c)
{
	struct run *r = c->run;

	if (c->has_ticket)
		machine_wait(r->m, c->ticket);
	for (unsigned int lane = 0; lane < r->w->nr_threads; lane++)
		for (int i = 0; i < MOST_POLLS && machine_poll(r->m, lane); i++)
			;
}

static void do_map(struct cpu *c, const struct replay_step *step)
{
	struct run *r = c->run;
	const struct replay_mapping *what = &r->w->mappings[step->mapping];
	uint64_t size = what->size_bytes, start = virtual_now_ps();
	int tries = 0;

	virtual_spend_ps(RECYCLER_PS);
	while (iommu_iova_alloc(r->space, size, &r->iova[step->mapping])) {
		if (tries++ == MOST_FULL) {
			r->error = "the address space is full";
			return;
		}
		make_room(c);
	}
	if (machine_map_as(r->m, r->iova[step->mapping], size, what->blocks))
		r->error = "a mapping failed";
	busy_since(c, start);
}

static void do_unmap(struct cpu *c, const struct replay_step *step)
{
	struct run *r = c->run;
	uint64_t size = r->w->mappings[step->mapping].size_bytes, start = virtual_now_ps();
	bool wait = r->m->info->page_at_release && c->has_ticket;
	uint64_t before = c->ticket;

	c->waiting++;
	machine_unmap(r->m, r->iova[step->mapping], size, &c->ticket);
	c->has_ticket = true;
	if (wait)
		machine_wait(r->m, before);
	busy_since(c, start);
	if (!r->begun)
		return;
	histogram_add(&r->unmap, (double)(virtual_now_ps() - start) / VIRTUAL_PS);
	r->granules += size >> r->what->granule_lg2;
}

static void do_step(struct cpu *c, const struct replay_step *step, unsigned int round)
{
	struct run *r = c->run;
	bool stays = r->w->mappings[step->mapping].stays;

	c->place = round * r->places + step->place;
	if (stays && round)
		return;
	wait_for_turn(c, step, stays ? 0 : 2 * round + (step->kind == TRACE_UNMAP));
	if (r->error)
		return;
	if (step->kind == TRACE_MAP)
		do_map(c, step);
	else
		do_unmap(c, step);
	r->state[step->mapping]++;
	poll_if_time(c, r->poll_ps > LEAST_POLL_PS ? r->poll_ps : LEAST_POLL_PS);
}

static void body(void *arg)
{
	struct cpu *c = arg;
	struct run *r = c->run;

	for (unsigned int round = 0; round < r->rounds && !r->error; round++)
		for (uint32_t i = 0; i < r->w->nr_steps[c->id] && !r->error; i++)
			do_step(c, &r->w->steps[c->id][i], round);
	c->place = UINT64_MAX;
	if (++r->finished == r->w->nr_threads) {
		if (!r->begun)
			begin_measuring(r);
		vsmmu_freeze_counters(r->m->smmu);
		r->end_ps = virtual_now_ps();
		machine_end(r->m);
		return;
	}
	/* The timer of a CPU that has nothing to do goes on. */
	while (r->finished < r->w->nr_threads)
		wait_until(c, virtual_now_ps() + LEAST_POLL_PS);
}

static void sum_up(struct run *r, struct strategy_figures *out)
{
	const struct vsmmu *s = r->m->smmu;
	double pages = (double)r->granules, busy_ps = 0;

	for (unsigned int i = 0; i < r->w->nr_threads; i++)
		busy_ps += r->cpu[i].busy_ps;
	if (!r->error && (s->violations || r->m->errors))
		r->error = "released before the invalidation was complete";
	if (!r->error && !r->granules)
		r->error = "too short: nothing was measured";
	out->error = r->error;
	if (out->error)
		return;
	out->ns_per_page = busy_ps / VIRTUAL_PS / pages;
	out->pages_per_s = pages / ((double)(r->end_ps - r->begin_ps) / VIRTUAL_PS) * 1e9;
	out->unmap_ns[0] = histogram_quantile(&r->unmap, 0.5);
	out->unmap_ns[1] = histogram_quantile(&r->unmap, 0.99);
	out->release_ns[0] = histogram_quantile(&r->release, 0.5);
	out->release_ns[1] = histogram_quantile(&r->release, 0.99);
	/* Of what was not invalidated before the end nobody knows how long it would have been. */
	out->exposure_us = r->what->kind == IOMMU_STRATEGY_NONE || !s->cleaned_granules
				   ? -1
				   : s->exposure_page_ps / (double)s->cleaned_granules / 1e6;
	out->invalidations_per_page = (double)(vsmmu_count_commands(s) - r->begin_commands) / pages;
	out->syncs_per_page = (double)(vsmmu_count_syncs(s) - r->begin_syncs) / pages;
	out->collateral_per_page = (double)s->collateral / pages;
	out->quarantine_bytes = (double)s->max_waiting_bytes;
	out->batch = 1;
}

static uint64_t timer_ps(const struct strategy_run *what)
{
	uint64_t timeout_ns = iommu_strategy_describe(what->kind)->timeout_ns;
	uint64_t ps =
		what->budget_ns ? what->budget_ns / 20 * VIRTUAL_PS : timeout_ns / 10 * VIRTUAL_PS;
	uint64_t least = what->budget_ns ? LEAST_BUDGET_POLL_PS : LEAST_POLL_PS;

	if (ps < least)
		return least;
	return ps < MOST_POLL_PS ? ps : MOST_POLL_PS;
}

/* Room for what is mapped, and for all that may wait. */
static uint32_t most_maps(const struct strategy_run *what, const struct run *r)
{
	const struct iommu_strategy_info *info = iommu_strategy_describe(what->kind);
	uint64_t depth = what->depth ? what->depth : info->depth;
	uint64_t waiting = (depth + 2ull * IOMMU_STRATEGY_DRAIN_MAX) * (r->w->nr_threads + 2ull);
	uint64_t all = (uint64_t)r->rounds * r->w->nr_unmaps;

	return (uint32_t)(r->w->nr + (waiting < all ? waiting : all) + 1);
}

static bool make_space(struct run *r, unsigned int granule_lg2)
{
	const struct iommu_iova_opts opts = {
		.base = WINDOW_BASE,
		.pages = MACHINE_PAGES_MAX,
		.page_lg2 = granule_lg2,
		.caches = 1,
	};

	r->space = iommu_iova_create(&opts, virtual_alloc(iommu_iova_bytes(&opts)));
	return r->space != NULL;
}

static void spawn(struct run *r)
{
	r->iova = virtual_alloc(r->w->nr * sizeof(*r->iova));
	r->state = virtual_alloc(r->w->nr * sizeof(*r->state));
	r->cpu = virtual_alloc(r->w->nr_threads * sizeof(*r->cpu));
	for (unsigned int i = 0; i < r->w->nr_threads; i++) {
		r->cpu[i] = (struct cpu){ .run = r, .id = i };
		virtual_spawn(i, body, &r->cpu[i]);
	}
}

void strategy_run_virtual(const struct strategy_run *what, const struct replay_mappings *w,
			  struct strategy_figures *out)
{
	struct run *r = calloc(1, sizeof(*r));
	struct machine_opts opts = {
		.profile = what->profile,
		.kind = what->kind,
		.cpus = w->nr_threads,
		.depth = what->depth,
		.budget_page_ns = what->budget_ns,
		.queues = 1,
		.leaf_lg2 = what->granule_lg2,
		.blocks = true,
		.iova = WINDOW_BASE,
		.granules = MACHINE_PAGES_MAX,
		.released = on_released,
		.ctx = r,
	};

	memset(out, 0, sizeof(*out));
	out->error = "not enough memory";
	if (!r)
		return;
	r->what = what;
	r->w = w;
	r->rounds = strategy_rounds(what, w, &out->steady) + !what->at_pace;
	r->poll_ps = timer_ps(what);
	for (unsigned int i = 0; i < w->nr_threads; i++)
		r->places += w->nr_steps[i];
	opts.maps = most_maps(what, r);
	out->rounds = r->rounds;
	out->threads = w->nr_threads;
	virtual_begin(&what->profile->costs);
	if (make_space(r, what->granule_lg2)) {
		r->m = machine_make(&opts);
		spawn(r);
		virtual_run();
		sum_up(r, out);
	}
	virtual_end();
	free(r);
}
