// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-real: bench_flush's loops on this host: threads in front of the software SMMU.
 *
 * For what the strategies cost the CPU and for how they behave with real threads; what an SMMU
 * takes is a setting here too (the model's service times), and each command queue's consumer is a
 * thread that may share a core. Each thread has places of its own and keeps some of them mapped. An
 * unmap is too short for the clock: what is sampled is the mean of a batch that lasts at least 50
 * ticks: closed loop, of unmaps behind one another, with their maps outside; open loop, of requests
 * that come at random times, each from when it came. Exposure: flush-effect.h.
 *
 * A run has passes: it warms up; open loop: a closed one says what the peak is; then what is
 * measured; then a short one during which the IOTLB is filled as devices would, and what is thrown
 * out of it is counted; then those in which events of the regions (region.h) are counted, or a
 * profile of them is recorded: a batch's unmaps, or a request's map and unmap. What counts are the
 * threads that unmap, never those that stand for the SMMU.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flush-effect.h"
#include "flush-machine.h"
#include "histogram.h"
#include "interrupt.h"
#include "iommu-strategy.h"
#include "perf-record.h"
#include "raw-samples.h"
#include "stats.h"
#include "topology.h"

static const uint64_t PATIENCE_NS = 5000000000;

enum { LIVE = 16, SPARE = 64, SAMPLES_MOST = 1 << 16, WARM_BATCHES = 8, ASID = 7, IOTLB_LG2 = 8 };

struct pass {
	double s;
	double gap_ns; /* open loop: between two requests of a thread; 0: closed */
	bool measured, filled, counted, recorded, stop;
};

struct thread {
	struct real *r;
	unsigned int id, cpu;
	uint32_t *order;	   /* in which places are used */
	uint64_t mapped, unmapped; /* so far: places in that order */
	uint8_t *busy; /* of each place: 1 while it waits; cleared by whoever releases */
	uint64_t *unmapped_ns, *reusable_ns;
	double *sample_ns;
	size_t samples;
	struct histogram release;
	uint64_t releases; /* of the strategies that hold: whose exposure was counted */
	double exposure_ns, max_exposure_ns;
	uint64_t unmaps, ticket, random, timer_ns, next_ns;
	uint64_t began_ns, ended_ns; /* its pass */
	struct counters counters;
	unsigned long recorded_regions;
	const char *error;
	pthread_t thread;
};

struct real {
	const struct flush_case *c;
	const struct iommu_strategy_info *info;
	struct smmu_model *model;
	struct io_pgtable *iop;
	struct smmu_cmdq_domain domain[MODEL_QUEUES];
	unsigned int queues;
	struct iommu_strategy *strategy;
	void *memory;
	struct thread *thread;
	uint32_t places; /* of a thread */
	uint64_t size, step, base, waiting, max_waiting;
	unsigned int batch, leaf_level;
	struct flush_effect effect;
	struct pass pass;
	pthread_barrier_t barrier;
};

static _Thread_local struct thread *self;

static const struct model_tag tag = { .stage = 1, .asid = ASID };

static uint64_t now_ns(void *ctx)
{
	return bench_clock_ns();
}

static void on_wait(void *ctx)
{
	sched_yield();
}

/* The driver: a thread's command queue, of the array in the cookie; rounds use the first. */

static struct smmu_cmdq_domain *domain_of(void *cookie)
{
	struct smmu_cmdq_domain *domains = cookie;

	return domains + (self ? self->id % self->r->queues : 0);
}

static void on_flush_all(void *cookie)
{
	smmu_cmdq_gather_ops.tlb_flush_all(domain_of(cookie));
}

static void on_sync(void *cookie)
{
	smmu_cmdq_gather_ops.tlb_sync(domain_of(cookie));
}

static void on_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			 void *cookie)
{
	smmu_cmdq_gather_ops.tlb_add_range(iova, size, stride_lg2, leaf, domain_of(cookie));
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_flush_all,
	.tlb_sync = on_sync,
	.tlb_add_range = on_add_range,
};

/* Places. */

static uint32_t place_of(const struct thread *t, uint64_t nth)
{
	return t->order[nth % t->r->places];
}

static uint64_t iova_of(const struct thread *t, uint32_t place)
{
	return t->r->base + ((uint64_t)t->id * t->r->places + place) * t->r->step;
}

static void look_at_release(const struct real *r, const struct thread *owner, uint32_t place)
{
	uint64_t reusable = __atomic_load_n(&owner->reusable_ns[place], __ATOMIC_ACQUIRE);
	uint64_t now = bench_clock_ns();
	uint32_t at = owner->id * r->places + place;
	double exposed = 0;

	/* By another thread, before the unmap has returned: no exposure. */
	if (!r->info->page_at_release && reusable)
		exposed = (double)flush_effect_exposure(&r->effect, at, reusable, now);
	self->exposure_ns += exposed;
	if (exposed > self->max_exposure_ns)
		self->max_exposure_ns = exposed;
	__atomic_store_n(&self->releases, self->releases + 1, __ATOMIC_RELAXED);
	histogram_add(&self->release, (double)(now - owner->unmapped_ns[place]));
}

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	struct real *r = ctx;
	uint64_t at = (iova - r->base) / r->step;
	struct thread *owner = &r->thread[at / r->places];
	uint32_t place = (uint32_t)(at % r->places);

	__atomic_fetch_sub(&r->waiting, size, __ATOMIC_RELAXED);
	if (r->info->depth && self && r->pass.measured)
		look_at_release(r, owner, place);
	__atomic_store_n(&owner->busy[place], 0, __ATOMIC_RELEASE);
}

static void wait_for_place(struct thread *t, uint32_t place)
{
	while (__atomic_load_n(&t->busy[place], __ATOMIC_ACQUIRE)) {
		iommu_strategy_wait(t->r->strategy, t->ticket);
		for (unsigned int lane = 0; lane < t->r->c->threads; lane++)
			iommu_strategy_poll(t->r->strategy, lane, bench_clock_ns());
	}
}

static void count_waiting(struct real *r)
{
	uint64_t waiting = __atomic_add_fetch(&r->waiting, r->size, __ATOMIC_RELAXED);
	uint64_t most = __atomic_load_n(&r->max_waiting, __ATOMIC_RELAXED);

	if (waiting > most) /* of two at once one may be lost: near enough */
		__atomic_store_n(&r->max_waiting, waiting, __ATOMIC_RELAXED);
}

/* As if a device had used every page of it. */
static void fill(struct thread *t, uint64_t iova)
{
	const struct real *r = t->r;

	for (uint64_t at = 0; at < r->size; at += 1ull << r->c->leaf_lg2)
		smmu_model_fill(r->model, tag, iova + at, r->c->leaf_lg2, r->leaf_level);
}

static void map_one(struct thread *t)
{
	struct real *r = t->r;
	uint32_t place = place_of(t, t->mapped++);
	uint64_t iova = iova_of(t, place);

	wait_for_place(t, place);
	if (io_pgtable_map(r->iop, iova, iova - r->base + (1ull << 32), r->size, IOMMU_READ))
		t->error = "a mapping failed";
	flush_effect_mapped(&r->effect, t->id * r->places + place);
	if (r->pass.filled)
		fill(t, iova);
}

static void unmap_one(struct thread *t)
{
	struct real *r = t->r;
	uint32_t place = place_of(t, t->unmapped++);
	bool wait = r->info->page_at_release && t->unmaps;
	uint64_t before = t->ticket;

	flush_effect_unmaps(&r->effect, t->id * r->places + place);
	if (r->info->depth) {
		t->unmapped_ns[place] = bench_clock_ns();
		__atomic_store_n(&t->reusable_ns[place], 0, __ATOMIC_RELAXED);
	}
	count_waiting(r);
	__atomic_store_n(&t->busy[place], 1, __ATOMIC_RELAXED);
	if (iommu_strategy_unmap(r->strategy, iova_of(t, place), r->size, &t->ticket) != r->size)
		t->error = "an unmap was short";
	if (r->info->depth)
		__atomic_store_n(&t->reusable_ns[place], bench_clock_ns(), __ATOMIC_RELEASE);
	if (wait)
		iommu_strategy_wait(r->strategy, before);
	t->unmaps++;
}

/* Loops. */

/* A timer: each thread looks ten times in a timeout. */
static void run_timer(struct thread *t, uint64_t now)
{
	uint64_t period = t->r->c->timeout_us * 100ull;

	if (!period || now < t->timer_ns)
		return;
	while (iommu_strategy_poll(t->r->strategy, t->id, now))
		;
	t->timer_ns = now + period;
}

static void add_sample(struct thread *t, double ns)
{
	if (t->r->pass.measured && t->samples < SAMPLES_MOST)
		t->sample_ns[t->samples++] = ns / t->r->batch;
}

/* Maps a batch, then unmaps one; only the unmaps are in the sample. */
static void closed_batch(struct thread *t)
{
	uint64_t start, end;

	for (unsigned int i = 0; i < t->r->batch; i++)
		map_one(t);
	start = region_begin();
	for (unsigned int i = 0; i < t->r->batch; i++)
		unmap_one(t);
	end = bench_clock_ns();
	region_leave();
	add_sample(t, bench_clock_span(start, end));
	run_timer(t, end);
}

/*
 * A batch of requests that come at random times; who is late makes the next ones late, and that
 * counts.
 */
static void open_batch(struct thread *t, double gap_ns)
{
	double sum = 0;

	for (unsigned int i = 0; i < t->r->batch && !t->error; i++) {
		uint64_t now;

		t->next_ns += flush_gap_ps(&t->random, gap_ns * 1000) / 1000;
		while ((now = bench_clock_ns()) < t->next_ns) {
			run_timer(t, now);
			if (t->next_ns - now > 2000)
				sched_yield();
		}
		region_enter();
		map_one(t);
		unmap_one(t);
		sum += bench_clock_span(t->next_ns, bench_clock_ns());
		region_leave();
	}
	add_sample(t, sum);
	run_timer(t, bench_clock_ns());
}

/* What holds much may not have released anything yet: then a pass goes on, for so long at most. */
static bool is_over(const struct thread *t, uint64_t now, uint64_t end)
{
	const struct real *r = t->r;

	if (now < end)
		return false;
	if (!r->pass.measured || !r->info->depth || now > end + PATIENCE_NS)
		return true;
	for (unsigned int i = 0; i < r->c->threads; i++)
		if (__atomic_load_n(&r->thread[i].releases, __ATOMIC_RELAXED))
			return true;
	return false;
}

static void run_pass(struct thread *t)
{
	const struct pass *p = &t->r->pass;
	uint64_t start = bench_clock_ns(), end = start + (uint64_t)(p->s * 1e9);

	t->unmaps = 0;
	t->next_ns = t->began_ns = start;
	do {
		if (p->gap_ns > 0)
			open_batch(t, p->gap_ns);
		else
			closed_batch(t);
		t->ended_ns = bench_clock_ns();
	} while (!is_over(t, t->ended_ns, end) && !t->error);
}

/* Each thread its rounds, without waiting for the others' in between. */
static void count_events(struct thread *t)
{
	unsigned int rounds = counters_open(&t->counters);

	for (unsigned int round = 0; round < rounds; round++) {
		counters_start(&t->counters, round);
		run_pass(t);
		counters_stop(&t->counters, (double)t->unmaps * t->r->c->pages);
	}
	counters_close(&t->counters);
}

static void record(struct thread *t)
{
	perf_record_start();
	run_pass(t);
	t->recorded_regions = perf_record_stop();
}

static void *body(void *arg)
{
	struct thread *t = arg;

	self = t;
	topology_pin(t->cpu);
	for (unsigned int i = 0; i < LIVE; i++)
		map_one(t);
	for (unsigned int i = 0; i < WARM_BATCHES; i++)
		closed_batch(t);
	for (;;) {
		pthread_barrier_wait(&t->r->barrier); /* all have come: counters stand still */
		pthread_barrier_wait(&t->r->barrier);
		if (t->r->pass.stop)
			return NULL;
		if (t->r->pass.counted)
			count_events(t);
		else if (t->r->pass.recorded)
			record(t);
		else
			run_pass(t);
	}
}

/* Making. */

static void make_model(struct real *r, const struct machine_profile *p,
		       const struct machine_opts *o)
{
	struct model_opts opts = {
		.queues = o->queues,
		.queue_lg2 = 12,
		.threads = true,
		.msi = !o->event,
		.coherent = true,
		.errata = o->errata,
		.memory_bytes = 1 << 20,
		.iotlb_sets_lg2 = IOTLB_LG2,
		.service_ns = { [MODEL_TLBI_VA] = (uint64_t)p->tlbi_ns,
				[MODEL_TLBI_ALL] = (uint64_t)p->all_ns,
				[MODEL_SYNC] = (uint64_t)(o->event ? p->sync_ns : p->sync_msi_ns) },
	};

	flush_effect_hooks(&r->effect, &opts);
	r->model = smmu_model_make(&opts);
	for (unsigned int i = 0; i < o->queues; i++)
		r->domain[i] = (struct smmu_cmdq_domain){
			.q = r->model->queue[i].q,
			.stage = SMMU_STAGE_1,
			.asid = ASID,
			.granule_lg2 = (uint8_t)flush_granule_lg2(r->c),
			.ril = (o->ril && !r->info->no_range_commands) || r->info->range_commands,
			.flush_above = 512u << (flush_granule_lg2(r->c) - 12),
		};
}

static const char *make_strategy(struct real *r, const struct machine_opts *o)
{
	const struct iommu_strategy_opts opts = {
		.kind = o->kind,
		.depth = o->depth,
		.lanes = r->c->threads,
		.timeout_ns = o->timeout_ns,
		.budget_page_ns = o->budget_page_ns,
		.async = &smmu_cmdq_async_ops,
		.release = on_release,
		.now_ns = now_ns,
		.wait = r->c->threads > 1 ? on_wait : NULL,
		.ctx = r,
	};
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1ull << flush_granule_lg2(r->c) | 1ull << r->c->leaf_lg2,
		.reclaim = o->reclaim ? IO_PGTABLE_RECLAIM_ON_SYNC : IO_PGTABLE_RECLAIM_NEVER,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &driver,
	};

	r->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, r->domain);
	r->memory = aligned_alloc(128, iommu_strategy_bytes(&opts));
	if (!r->iop || !r->memory)
		return "there is no memory";
	r->strategy = iommu_strategy_create(r->iop, &opts, r->memory);
	return r->strategy ? NULL : "the strategy could not be made";
}

/* One behind the other, or shuffled. */
static void make_order(struct thread *t)
{
	for (uint32_t i = 0; i < t->r->places; i++)
		t->order[i] = i;
	for (uint32_t i = t->r->places - 1; t->r->c->layout == FLUSH_RANDOM && i; i--) {
		uint32_t other, place = t->order[i];

		flush_gap_ps(&t->random, 1);
		other = (uint32_t)(t->random % (i + 1));
		t->order[i] = t->order[other];
		t->order[other] = place;
	}
}

static const char *make_threads(struct real *r, const unsigned int *cpus)
{
	r->thread = calloc(r->c->threads, sizeof(*r->thread));
	if (!r->thread || flush_effect_init(&r->effect, r->c->threads * r->places, r->queues))
		return "there is no memory";
	for (unsigned int i = 0; i < r->c->threads; i++) {
		struct thread *t = &r->thread[i];

		*t = (struct thread){
			.r = r,
			.id = i,
			.cpu = cpus[i],
			.random = (i + 1) * 0x9e3779b97f4a7c15ull,
			.order = malloc(r->places * sizeof(*t->order)),
			.busy = calloc(r->places, 1),
			.unmapped_ns = calloc(r->places, sizeof(uint64_t)),
			.reusable_ns = calloc(r->places, sizeof(uint64_t)),
			.sample_ns = malloc(SAMPLES_MOST * sizeof(double)),
		};
		if (!t->order || !t->busy || !t->unmapped_ns || !t->reusable_ns || !t->sample_ns)
			return "there is no memory";
		make_order(t);
	}
	return NULL;
}

static void free_all(struct real *r)
{
	iommu_strategy_destroy(r->strategy);
	if (r->iop)
		free_io_pgtable(r->iop);
	if (r->model) {
		smmu_model_stop(r->model);
		smmu_model_free(r->model);
	}
	for (unsigned int i = 0; r->thread && i < r->c->threads; i++) {
		free(r->thread[i].order);
		free(r->thread[i].busy);
		free(r->thread[i].unmapped_ns);
		free(r->thread[i].reusable_ns);
		free(r->thread[i].sample_ns);
	}
	free(r->thread);
	flush_effect_fini(&r->effect);
	free(r->memory);
}

/* What a pass came to, by everybody who counts. */
struct counted {
	double ns, unmaps, tlbi, syncs, collateral;
};

static struct counted count(const struct real *r)
{
	return (struct counted){
		.tlbi = (double)(smmu_model_count(r->model, MODEL_TLBI_VA) +
				 smmu_model_count(r->model, MODEL_TLBI_ALL)),
		.syncs = (double)smmu_model_count(r->model, MODEL_SYNC),
		.collateral = (double)flush_effect_collateral(&r->effect),
	};
}

/* Begins and ends with all threads between the two barriers. */
static struct counted do_pass(struct real *r, struct pass pass)
{
	struct counted before = count(r), after;
	uint64_t began = UINT64_MAX, ended = 0;

	r->pass = pass;
	pthread_barrier_wait(&r->barrier);
	pthread_barrier_wait(&r->barrier);
	after = count(r);
	for (unsigned int i = 0; i < r->c->threads; i++) {
		const struct thread *t = &r->thread[i];

		after.unmaps += (double)t->unmaps;
		began = t->began_ns < began ? t->began_ns : began;
		ended = t->ended_ns > ended ? t->ended_ns : ended;
	}
	after.ns = (double)(ended - began);
	after.tlbi -= before.tlbi;
	after.syncs -= before.syncs;
	after.collateral -= before.collateral;
	return after;
}

static void sum_up_samples(struct real *r, struct flush_result *out)
{
	struct histogram *release = &r->thread[0].release;
	size_t n = 0, most = 1;
	double *all;

	for (unsigned int i = 0; i < r->c->threads; i++)
		most += r->thread[i].samples;
	all = malloc(most * sizeof(*all));
	for (unsigned int i = 0; all && i < r->c->threads; i++) {
		memcpy(all + n, r->thread[i].sample_ns, r->thread[i].samples * sizeof(*all));
		n += r->thread[i].samples;
		if (i)
			histogram_merge(release, &r->thread[i].release);
	}
	if (!n) {
		out->error = "nothing was measured";
		free(all);
		return;
	}
	stats_sort(all, n);
	for (int i = 0; i < 4; i++)
		out->op_ns[i] = stats_quantile(all, n, (const double[]){ 0.5, 0.99, 0.999, 1 }[i]);
	/* What holds nothing back releases when the unmap ends. */
	for (int i = 0; i < FLUSH_RELEASES; i++)
		out->release_ns[i] =
			release->nr ? histogram_quantile(release, flush_release_quantiles[i])
				    : stats_quantile(all, n, flush_release_quantiles[i]);
	free(all);
}

static void sum_up(struct real *r, const struct counted *timed, const struct counted *filled,
		   struct flush_result *out)
{
	double pages = timed->unmaps * r->c->pages, releases = 0, exposure_ns = 0;
	struct iommu_strategy_stats stats;

	for (unsigned int i = 0; i < r->c->threads; i++) {
		const struct thread *t = &r->thread[i];

		releases += (double)t->releases;
		exposure_ns += t->exposure_ns;
		if (t->max_exposure_ns > out->max_exposure_us * 1e3)
			out->max_exposure_us = t->max_exposure_ns / 1e3;
		out->error = t->error ? t->error : out->error;
	}
	sum_up_samples(r, out);
	out->ns_per_page = timed->ns / pages;
	out->invalidations_per_page = timed->tlbi / pages;
	out->syncs_per_page = timed->syncs / pages;
	out->exposure_page_us = releases > 0 ? exposure_ns / releases / 1e3 : 0;
	if (!r->info->zero_exposure && !r->info->depth)
		out->exposure_page_us = out->max_exposure_us = -1;
	else if (!r->info->zero_exposure && releases <= 0)
		out->error = "nothing was released while this was measured: a longer time";
	out->collateral_per_page = filled->collateral /
				   (filled->unmaps * (double)(r->size >> flush_granule_lg2(r->c)));
	out->quarantine_bytes = (double)r->max_waiting;
	iommu_strategy_get_stats(r->strategy, &stats);
	out->max_drained = stats.max_drained;
	out->batch = r->batch;
}

static void write_samples(const struct real *r)
{
	if (interrupt_came() || !raw_samples_begin("ns_unmaps_thread"))
		return;
	for (unsigned int i = 0; i < r->c->threads; i++)
		for (size_t k = 0; k < r->thread[i].samples; k++)
			raw_samples_add(r->thread[i].sample_ns[k], r->batch, i);
	raw_samples_end();
}

/* What is not timed: samples as they are, events, a profile. */
static void look_behind(struct real *r, double budget_s, double gap_ns, struct flush_result *out)
{
	write_samples(r);
	if (!interrupt_came())
		do_pass(r, (struct pass){ .s = budget_s / 10, .gap_ns = gap_ns, .counted = true });
	if (perf_record_wanted() && !interrupt_came())
		do_pass(r, (struct pass){ .s = budget_s, .gap_ns = gap_ns, .recorded = true });
	for (unsigned int i = 0; i < r->c->threads; i++) {
		counters_add(&out->counts, &r->thread[i].counters, i == 0);
		out->recorded_regions += r->thread[i].recorded_regions;
	}
}

static void run(struct real *r, double budget_s, struct flush_result *result)
{
	struct pass pass = { .s = budget_s };
	struct counted timed, filled;

	pthread_barrier_init(&r->barrier, NULL, r->c->threads + 1);
	smmu_model_start(r->model);
	for (unsigned int i = 0; i < r->c->threads; i++)
		if (pthread_create(&r->thread[i].thread, NULL, body, &r->thread[i]))
			abort();
	pthread_barrier_wait(&r->barrier);
	if (r->c->load) {
		timed = do_pass(r, pass);
		pass.gap_ns = timed.ns * r->c->threads / timed.unmaps * 100 / r->c->load;
	}
	pass.measured = true;
	timed = do_pass(r, pass);
	pass = (struct pass){ .s = budget_s / 4, .gap_ns = pass.gap_ns, .filled = true };
	filled = do_pass(r, pass);
	look_behind(r, budget_s, pass.gap_ns, result);
	r->pass = (struct pass){ .stop = true };
	pthread_barrier_wait(&r->barrier);
	for (unsigned int i = 0; i < r->c->threads; i++)
		pthread_join(r->thread[i].thread, NULL);
	sum_up(r, &timed, &filled, result);
	pthread_barrier_destroy(&r->barrier);
}

void flush_run_real(const struct flush_case *c, const unsigned int *cpus, double budget_s,
		    struct flush_result *result)
{
	struct real *r = calloc(1, sizeof(*r));
	struct machine_profile profile;
	struct machine_opts o;

	memset(result, 0, sizeof(*result));
	if (!r || flush_machine_opts(c, &profile, &o) || o.kernel || o.parallel) {
		result->error = r ? "not on the real clock" : "there is no memory";
		free(r);
		return;
	}
	r->c = c;
	r->base = 1ull << 36;
	r->info = iommu_strategy_describe(o.kind);
	r->queues = o.queues;
	r->size = (uint64_t)c->pages << c->leaf_lg2;
	r->step = flush_step(c);
	r->leaf_level = c->leaf_lg2 == 21;
	/* An unmap takes 10 ns at least. */
	r->batch = (unsigned int)ceil(50 * bench_clock.tick_ns / 10);
	r->places = LIVE + SPARE + 2 * r->batch +
		    2 * (c->depth / (flush_is_shared(c) ? c->threads : 1));
	r->effect = (struct flush_effect){
		.base = r->base,
		.step = r->step,
		.size = r->size,
		.granule_lg2 = flush_granule_lg2(c),
		.leaf_lg2 = c->leaf_lg2,
	};
	make_model(r, &profile, &o);
	result->error = make_threads(r, cpus);
	if (!result->error)
		result->error = make_strategy(r, &o);
	if (!result->error)
		run(r, budget_s, result);
	free_all(r);
	free(r);
}
