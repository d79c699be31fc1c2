// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-virtual: bench_flush's loops under the virtual clock (model/virtual-machine.h).
 *
 * Each CPU owns places in the window. It keeps some of them mapped, as a driver's rings do; an
 * operation maps one more and unmaps the oldest. A place can be used again when it was released.
 * With the strategy "ticket" one ticket is outstanding: an unmap is followed by a wait for the one
 * before. What is measured begins when a tenth of the operations are done, and ends when all are;
 * CPUs go on until then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush-case.h"
#include "flush-machine.h"
#include "stats.h"

enum { LIVE = 16, SPARE = 64 };

struct place {
	uint32_t next;
	bool mapped;
};

struct cpu {
	struct run *run;
	unsigned int id;
	uint64_t random;
	uint32_t *ring; /* places that are mapped, oldest first */
	uint32_t *free; /* a queue: who releases puts a place at its end */
	uint32_t nr_free, first_free;
	uint64_t ticket;
	bool has_ticket;
	double *op_ns;
	size_t nr_ops;
	double map_ps;
	uint64_t next_ps;  /* open loop: when the next request comes */
	uint64_t timer_ps; /* when this CPU next looks whether something has waited too long */
};

struct run {
	const struct flush_case *c;
	struct machine *m;
	unsigned int ops, places, live;
	uint64_t size, step, base;
	struct cpu *cpu;
	double *release_ns;
	size_t nr_released, room, op_room;
	uint64_t done; /* unmaps of all */
	unsigned int finished;
	double gap_ps;	    /* open loop: between two requests of a CPU, in the mean */
	uint64_t period_ps; /* of each CPU's timer, a tenth of the timeout; 0: there is none */
	/* What the counters were when measuring began, and when it ended. */
	bool begun, ended;
	uint64_t begin_ps, end_ps, begin_ops, end_ops;
	uint64_t begin_cmds, end_cmds, begin_syncs, end_syncs;
	const char *error;
};

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static uint64_t iova_of(const struct run *r, unsigned int cpu, uint32_t place)
{
	return r->base + ((uint64_t)cpu * r->places + place) * r->step;
}

static void on_released(void *ctx, uint64_t iova, uint64_t size, unsigned int owner,
			uint64_t waited_ps)
{
	struct run *r = ctx;
	struct cpu *c = &r->cpu[owner];
	uint32_t place = (uint32_t)((iova - r->base) / r->step - (uint64_t)owner * r->places);

	c->free[(c->first_free + c->nr_free++) % r->places] = place;
	if (r->begun && !r->ended && r->nr_released < r->room)
		r->release_ns[r->nr_released++] = (double)waited_ps / VIRTUAL_PS;
}

static uint32_t take_place(struct cpu *c)
{
	struct run *r = c->run;
	uint32_t at = c->first_free, place;

	while (!c->nr_free) /* all of them wait: as if a timer came, or until others have done more */
		if (r->m->kernel) {
			virtual_sleep_until_ps(virtual_now_ps() + 1000 * VIRTUAL_PS);
		} else if (c->has_ticket) {
			machine_wait(r->m, c->ticket);
			for (unsigned int lane = 0; lane < r->c->threads && !c->nr_free; lane++)
				while (machine_poll(r->m, lane) && !c->nr_free)
					;
		} else {
			r->error = "no place to map";
			return 0;
		}
	if (r->c->layout == FLUSH_RANDOM) {
		uint32_t other =
			(at + (uint32_t)(next_random(&c->random) % c->nr_free)) % r->places;

		place = c->free[other];
		c->free[other] = c->free[at];
	} else {
		place = c->free[at];
	}
	c->first_free = (at + 1) % r->places;
	c->nr_free--;
	return place;
}

/* Measuring begins, or ends, with this operation. */
static void look_at_counters(struct run *r)
{
	const struct vsmmu *s = r->m->smmu;
	uint64_t most = (uint64_t)r->ops * r->c->threads;

	r->done++;
	if (!r->begun && r->done >= most / 10) {
		r->begun = true;
		r->begin_ps = virtual_now_ps();
		r->begin_ops = r->done;
		r->begin_cmds = vsmmu_count_commands(s);
		r->begin_syncs = vsmmu_count_syncs(s);
		vsmmu_reset_counters(r->m->smmu);
	}
	if (r->ended || r->done < most)
		return;
	r->ended = true;
	r->end_ps = virtual_now_ps();
	r->end_ops = r->done;
	r->end_cmds = vsmmu_count_commands(s);
	r->end_syncs = vsmmu_count_syncs(s);
	vsmmu_freeze_counters(r->m->smmu);
}

static void map_one(struct cpu *c, uint32_t slot)
{
	struct run *r = c->run;
	uint64_t start = virtual_now_ps();

	c->ring[slot] = take_place(c);
	if (r->error)
		return;
	if (machine_map(r->m, iova_of(r, c->id, c->ring[slot]), r->size))
		r->error = "a mapping failed";
	if (r->begun && !r->ended)
		c->map_ps += (double)(virtual_now_ps() - start);
}

static void unmap_one(struct cpu *c, uint32_t slot)
{
	struct run *r = c->run;
	bool wait = r->m->info->page_at_release && c->has_ticket;
	uint64_t before = c->ticket;

	machine_unmap(r->m, iova_of(r, c->id, c->ring[slot]), r->size, &c->ticket);
	c->has_ticket = true;
	if (wait)
		machine_wait(r->m, before);
}

/* Every timer that is due until then; it interrupts the CPU, and what it does is paid for. */
static void run_timers(struct cpu *c, uint64_t until_ps)
{
	struct run *r = c->run;

	while (r->period_ps && c->timer_ps <= until_ps && !r->ended) {
		if (c->timer_ps > virtual_now_ps())
			virtual_sleep_until_ps(c->timer_ps);
		while (machine_poll(r->m, c->id))
			;
		c->timer_ps += r->period_ps;
	}
}

/* Open loop: a request that comes while the one before is served waits, and that counts. */
static uint64_t wait_for_request(struct cpu *c)
{
	struct run *r = c->run;
	uint64_t came;

	virtual_sleep_until_ps(virtual_now_ps()); /* whoever is earlier goes first */
	if (r->gap_ps <= 0) {
		run_timers(c, virtual_now_ps());
		return virtual_now_ps();
	}
	c->next_ps += flush_gap_ps(&c->random, r->gap_ps);
	came = c->next_ps;
	run_timers(c, came);
	if (came > virtual_now_ps())
		virtual_sleep_until_ps(came);
	return came;
}

static void body(void *arg)
{
	struct cpu *c = arg;
	struct run *r = c->run;
	uint32_t at = 0;

	/* Not all at once. */
	virtual_spend_ps(next_random(&c->random) % (100 * VIRTUAL_PS));
	c->timer_ps = virtual_now_ps() + r->period_ps;
	for (uint32_t i = 0; i < r->live && !r->error; i++)
		map_one(c, i);
	/*
	 * Those that are done go on until nobody is measured: the others' load stays what it was.
	 */
	for (uint64_t i = 0; !r->ended && !r->error; i++) {
		uint64_t start = wait_for_request(c);

		map_one(c, (at + r->live) % (r->live + 1));
		start = r->gap_ps > 0 ? start : virtual_now_ps();
		unmap_one(c, at);
		at = (at + 1) % (r->live + 1);
		if (r->begun && c->nr_ops < r->op_room)
			c->op_ns[c->nr_ops++] = (double)(virtual_now_ps() - start) / VIRTUAL_PS;
		look_at_counters(r);
	}
	if (++r->finished == r->c->threads)
		machine_end(r->m);
}

static double quantile(double *sorted, size_t n, double q)
{
	return n ? stats_quantile(sorted, n, q) : 0;
}

static void sum_up(struct run *r, struct flush_result *out)
{
	const struct vsmmu *s = r->m->smmu;
	double ops = (double)(r->end_ops - r->begin_ops), pages = ops * r->c->pages;
	double granules = ops * (double)(r->size >> s->opts.granule_lg2);
	double *all = malloc(r->op_room * r->c->threads * sizeof(*all));
	struct iommu_strategy_stats stats;
	size_t n = 0;

	for (unsigned int i = 0; all && i < r->c->threads; i++) {
		memcpy(all + n, r->cpu[i].op_ns, r->cpu[i].nr_ops * sizeof(*all));
		n += r->cpu[i].nr_ops;
		out->map_ns += r->cpu[i].map_ps / VIRTUAL_PS / ops;
	}
	if (!all || !n || r->error || !pages) {
		out->error = r->error ? r->error : "nothing was measured";
		free(all);
		return;
	}
	for (size_t i = 0; i < n; i++)
		out->mean_ns += all[i] / (double)n;
	stats_sort(all, n);
	stats_sort(r->release_ns, r->nr_released);
	for (int i = 0; i < 4; i++)
		out->op_ns[i] = quantile(all, n, (const double[]){ 0.5, 0.99, 0.999, 1 }[i]);
	for (int i = 0; i < FLUSH_RELEASES; i++)
		out->release_ns[i] =
			quantile(r->release_ns, r->nr_released, flush_release_quantiles[i]);
	out->ns_per_page = (double)(r->end_ps - r->begin_ps) / VIRTUAL_PS / pages;
	out->invalidations_per_page = (double)(r->end_cmds - r->begin_cmds) / pages;
	out->syncs_per_page = (double)(r->end_syncs - r->begin_syncs) / pages;
	out->exposure_page_us = s->exposure_page_ps / (double)s->cleaned_granules / 1e6;
	out->max_exposure_us = s->max_exposure_ps / 1e6;
	if (!r->m->kernel && r->m->opts.kind == IOMMU_STRATEGY_NONE)
		out->exposure_page_us = out->max_exposure_us = -1;
	else if (!s->cleaned_granules)
		out->error = "nothing was invalidated while this was measured: more operations";
	out->collateral_per_page = (double)s->collateral / granules;
	out->quarantine_bytes = (double)s->max_waiting_bytes;
	out->violations = (double)s->violations;
	out->batch = 1;
	machine_stats(r->m, &stats);
	out->max_drained = stats.max_drained;
	if (s->violations || r->m->errors)
		out->error = "released before the invalidation was complete";
	free(all);
}

static void make_cpus(struct run *r, uint64_t seed)
{
	r->cpu = virtual_alloc(r->c->threads * sizeof(*r->cpu));
	r->room = (size_t)r->ops * r->c->threads;
	r->op_room = 4ull * r->ops;
	r->release_ns = virtual_alloc(r->room * sizeof(*r->release_ns));
	for (unsigned int i = 0; i < r->c->threads; i++) {
		struct cpu *c = &r->cpu[i];

		c->run = r;
		c->id = i;
		c->random = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
		for (int k = 0; k < 8; k++)
			next_random(&c->random);
		c->ring = virtual_alloc((r->live + 1) * sizeof(*c->ring));
		c->free = virtual_alloc(r->places * sizeof(*c->free));
		c->op_ns = virtual_alloc(r->op_room * sizeof(*c->op_ns));
		c->nr_free = r->places;
		for (uint32_t k = 0; k < r->places; k++)
			c->free[k] = k;
		virtual_spawn(i, body, c);
	}
}

static void run(const struct flush_case *c, unsigned int ops, uint64_t seed, double gap_ps,
		struct flush_result *out)
{
	struct run r = { .c = c, .ops = ops, .gap_ps = gap_ps, .live = flush_live };
	struct machine_opts o;
	struct machine_profile profile;

	r.period_ps = c->timeout_us * 100ull * VIRTUAL_PS; /* a tenth */
	memset(out, 0, sizeof(*out));
	if (flush_machine_opts(c, &profile, &o)) {
		out->error = "no such model";
		return;
	}
	r.places = r.live + 1 + SPARE + 2 * (c->depth / (flush_is_shared(c) ? c->threads : 1));
	r.size = (uint64_t)c->pages << c->leaf_lg2;
	r.step = flush_step(c);
	r.base = 1ull << 36;
	o.iova = r.base;
	o.granules = (uint64_t)c->threads * r.places * r.step >> flush_granule_lg2(c);
	o.maps = c->threads * r.places;
	o.released = on_released;
	o.ctx = &r;
	virtual_begin(&profile.costs);
	r.m = machine_make(&o);
	make_cpus(&r, seed);
	virtual_run();
	sum_up(&r, out);
	virtual_end();
}

unsigned int flush_live = LIVE;

void flush_run_virtual(const struct flush_case *c, unsigned int ops, uint64_t seed,
		       struct flush_result *result)
{
	struct flush_result closed;
	double gap;

	if (!c->load) {
		run(c, ops, seed, 0, result);
		return;
	}
	run(c, ops, seed, 0, &closed);
	if (closed.error) {
		*result = closed;
		return;
	}
	gap = closed.ns_per_page * c->pages * c->threads * 100 / c->load;
	run(c, ops, seed, gap * VIRTUAL_PS, result);
}
