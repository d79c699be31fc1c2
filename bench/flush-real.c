// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-real: bench_flush's closed loop on this host: threads in front of the software SMMU.
 *
 * For what the strategies cost the CPU and for how they behave with real threads; what an SMMU takes is
 * a setting here too (the model's service times), and the consumer is a thread that may share a core.
 * Each thread maps and unmaps places of its own. An unmap is timed in batches of at least 50 ticks of the
 * clock, and a quantile is one of batches. Exposure is from where the page may be reused to the release:
 * an upper bound, as the release may come later than the invalidation.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flush-machine.h"
#include "iommu-strategy.h"
#include "model/smmu.h"
#include "stats.h"
#include "topology.h"

enum { SPARE = 64, SAMPLES_MOST = 1 << 16, ASID = 7 };

struct thread {
	struct real *r;
	unsigned int id, cpu;
	uint32_t places, next;
	uint8_t *busy; /* of each place: 1 while it waits; cleared by whoever releases */
	uint64_t *unmapped_ns, *reusable_ns;
	double *sample_ns, *release_ns;
	size_t samples, released;
	double exposure_ns, max_exposure_ns, map_ns;
	uint64_t unmaps, ticket;
	const char *error;
	pthread_t thread;
};

struct real {
	const struct flush_case *c;
	const struct iommu_strategy_info *info;
	struct smmu_model *model;
	struct io_pgtable *iop;
	struct smmu_cmdq_domain domain;
	struct iommu_strategy *strategy;
	void *memory;
	struct thread *thread;
	uint64_t size, step, base, waiting, max_waiting;
	unsigned int batch;
	double budget_ns;
	pthread_barrier_t barrier;
};

static uint64_t now_ns(void *ctx)
{
	return bench_clock_ns();
}

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	struct real *r = ctx;
	uint64_t at = (iova - r->base) / r->step;
	struct thread *t = &r->thread[at / r->thread[0].places];
	uint64_t place = at % t->places, reusable = t->reusable_ns[place], now;

	__atomic_fetch_sub(&r->waiting, size, __ATOMIC_RELAXED);
	if (r->info->depth) {
		now = bench_clock_ns();
		/* By another thread, before the unmap has returned: no exposure. */
		if (!r->info->page_at_release && reusable && now > reusable)
			t->exposure_ns += (double)(now - reusable);
		if (t->released < SAMPLES_MOST)
			t->release_ns[t->released++] = (double)(now - t->unmapped_ns[place]);
	}
	__atomic_store_n(&t->busy[place], 0, __ATOMIC_RELEASE);
}

static uint64_t iova_of(const struct thread *t, uint32_t place)
{
	return t->r->base + ((uint64_t)t->id * t->places + place) * t->r->step;
}

static void take_place(struct thread *t)
{
	while (__atomic_load_n(&t->busy[t->next], __ATOMIC_ACQUIRE)) {
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

static void unmap_one(struct thread *t, uint32_t place)
{
	struct real *r = t->r;
	bool wait = r->info->page_at_release && t->unmaps;
	uint64_t before = t->ticket;

	if (r->info->depth) {
		t->unmapped_ns[place] = bench_clock_ns();
		t->reusable_ns[place] = 0;
		count_waiting(r);
	}
	__atomic_store_n(&t->busy[place], 1, __ATOMIC_RELAXED);
	if (iommu_strategy_unmap(r->strategy, iova_of(t, place), r->size, &t->ticket) != r->size)
		t->error = "an unmap was short";
	if (r->info->depth)
		t->reusable_ns[place] = bench_clock_ns();
	if (wait)
		iommu_strategy_wait(r->strategy, before);
	t->unmaps++;
}

/* Maps a batch, then unmaps it; only the unmaps are in the sample. */
static void one_batch(struct thread *t, unsigned int batch, bool measured)
{
	struct real *r = t->r;
	uint32_t first = t->next;
	uint64_t start, middle;

	start = bench_clock_ns();
	for (unsigned int i = 0; i < batch; i++) {
		uint64_t iova;

		take_place(t);
		iova = iova_of(t, t->next);
		if (io_pgtable_map(r->iop, iova, iova - r->base + (1ull << 32), r->size,
				   IOMMU_READ))
			t->error = "a mapping failed";
		t->next = (t->next + 1) % t->places;
	}
	middle = bench_clock_ns();
	for (unsigned int i = 0; i < batch; i++)
		unmap_one(t, (first + i) % t->places);
	if (!measured)
		return;
	if (t->samples < SAMPLES_MOST)
		t->sample_ns[t->samples++] = bench_clock_span(middle, bench_clock_ns()) / batch;
	t->map_ns += bench_clock_span(start, middle);
}

static void *body(void *arg)
{
	struct thread *t = arg;
	struct real *r = t->r;
	uint64_t end;

	topology_pin(t->cpu);
	for (unsigned int i = 0; i < 8; i++)
		one_batch(t, r->batch, false);
	t->exposure_ns = 0;
	t->unmaps = t->released = 0;
	pthread_barrier_wait(&r->barrier);
	end = bench_clock_ns() + (uint64_t)r->budget_ns;
	while (bench_clock_ns() < end && !t->error)
		one_batch(t, r->batch, true);
	return NULL;
}

/* Making. */

static void make_model(struct real *r, const struct machine_profile *p,
		       const struct machine_opts *o)
{
	const struct model_opts opts = {
		.queues = 1,
		.queue_lg2 = 12,
		.threads = true,
		.msi = !o->event,
		.coherent = true,
		.memory_bytes = 256u << 20,
		.service_ns = { [MODEL_TLBI_VA] = (uint64_t)p->tlbi_ns,
				[MODEL_TLBI_ALL] = (uint64_t)p->all_ns,
				[MODEL_SYNC] = (uint64_t)(o->event ? p->sync_ns : p->sync_msi_ns) },
	};

	r->model = smmu_model_make(&opts);
	r->domain = (struct smmu_cmdq_domain){
		.q = r->model->queue[0].q,
		.stage = SMMU_STAGE_1,
		.asid = ASID,
		.granule_lg2 = 12,
		.ril = (o->ril && !r->info->no_range_commands) || r->info->range_commands,
		.flush_above = 512,
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
		.ctx = r,
	};
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1ull << 12,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &smmu_cmdq_gather_ops,
	};

	r->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, &r->domain);
	r->memory = aligned_alloc(128, iommu_strategy_bytes(&opts));
	if (!r->iop || !r->memory)
		return "there is no memory";
	r->strategy = iommu_strategy_create(r->iop, &opts, r->memory);
	return r->strategy ? NULL : "the strategy could not be made";
}

static void make_threads(struct real *r, const unsigned int *cpus)
{
	uint32_t places = 2 * r->c->depth + 2 * r->batch + SPARE;

	r->thread = calloc(r->c->threads, sizeof(*r->thread));
	for (unsigned int i = 0; i < r->c->threads; i++) {
		r->thread[i] = (struct thread){
			.r = r,
			.id = i,
			.cpu = cpus[i],
			.places = places,
			.busy = calloc(places, 1),
			.unmapped_ns = calloc(places, sizeof(uint64_t)),
			.reusable_ns = calloc(places, sizeof(uint64_t)),
			.sample_ns = malloc(SAMPLES_MOST * sizeof(double)),
			.release_ns = malloc(SAMPLES_MOST * sizeof(double)),
		};
	}
}

static size_t join_samples(struct real *r, double *all, bool release)
{
	size_t n = 0;

	for (unsigned int i = 0; i < r->c->threads; i++) {
		const struct thread *t = &r->thread[i];
		size_t nr = release ? t->released : t->samples;

		memcpy(all + n, release ? t->release_ns : t->sample_ns, nr * sizeof(*all));
		n += nr;
	}
	stats_sort(all, n);
	return n;
}

static void sum_up(struct real *r, uint64_t elapsed_ns, struct flush_result *out)
{
	double *all = malloc((size_t)r->c->threads * SAMPLES_MOST * sizeof(*all)), pages = 0;
	double exposure_ns = 0;
	struct iommu_strategy_stats stats;
	uint64_t tlbi = smmu_model_count(r->model, MODEL_TLBI_VA) +
			smmu_model_count(r->model, MODEL_TLBI_ALL);
	size_t n = join_samples(r, all, false);

	for (unsigned int i = 0; i < r->c->threads; i++) {
		pages += (double)r->thread[i].unmaps * r->c->pages;
		exposure_ns += r->thread[i].exposure_ns;
		if (r->thread[i].error)
			out->error = r->thread[i].error;
	}
	for (int i = 0; i < 4; i++)
		out->op_ns[i] = stats_quantile(all, n, (const double[]){ 0.5, 0.99, 0.999, 1 }[i]);
	out->ns_per_page = (double)elapsed_ns / pages;
	out->invalidations_per_page = (double)tlbi / pages;
	out->syncs_per_page = (double)smmu_model_count(r->model, MODEL_SYNC) / pages;
	out->exposure_page_us =
		r->info->zero_exposure ? 0 : exposure_ns * r->c->pages / pages / 1000;
	if (!r->info->zero_exposure && !r->info->depth)
		out->exposure_page_us = -1;
	out->collateral_per_page = -1; /* the virtual clock says */
	n = join_samples(r, all, true);
	for (int i = 0; i < 2; i++)
		out->release_ns[i] = n ? stats_quantile(all, n, i ? 0.99 : 0.5) : out->op_ns[i];
	out->quarantine_bytes = (double)r->max_waiting;
	iommu_strategy_get_stats(r->strategy, &stats);
	out->max_drained = stats.max_drained;
	out->batch = r->batch;
	free(all);
}

static void free_all(struct real *r)
{
	iommu_strategy_destroy(r->strategy);
	free_io_pgtable(r->iop);
	smmu_model_stop(r->model);
	smmu_model_free(r->model);
	for (unsigned int i = 0; i < r->c->threads; i++) {
		free(r->thread[i].busy);
		free(r->thread[i].unmapped_ns);
		free(r->thread[i].reusable_ns);
		free(r->thread[i].sample_ns);
		free(r->thread[i].release_ns);
	}
	free(r->thread);
	free(r->memory);
}

void flush_run_real(const struct flush_case *c, const unsigned int *cpus, double budget_s,
		    struct flush_result *result)
{
	struct real r = { .c = c, .base = 1ull << 36, .budget_ns = budget_s * 1e9 };
	struct machine_profile profile;
	struct machine_opts o;
	uint64_t start, end;

	memset(result, 0, sizeof(*result));
	if (flush_machine_opts(c, &profile, &o) || o.kernel || c->leaf_lg2 != 12 || c->load) {
		result->error = "not on the real clock";
		return;
	}
	r.info = iommu_strategy_describe(o.kind);
	r.size = (uint64_t)c->pages << c->leaf_lg2;
	r.step = flush_step(c);
	/* An unmap takes 10 ns at least. */
	r.batch = (unsigned int)ceil(50 * bench_clock.tick_ns / 10);
	make_model(&r, &profile, &o);
	make_threads(&r, cpus);
	result->error = make_strategy(&r, &o);
	if (result->error)
		return;
	pthread_barrier_init(&r.barrier, NULL, c->threads + 1);
	smmu_model_start(r.model);
	for (unsigned int i = 0; i < c->threads; i++)
		if (pthread_create(&r.thread[i].thread, NULL, body, &r.thread[i]))
			abort();
	pthread_barrier_wait(&r.barrier);
	start = bench_clock_ns();
	for (unsigned int i = 0; i < c->threads; i++)
		pthread_join(r.thread[i].thread, NULL);
	end = bench_clock_ns();
	sum_up(&r, end - start, result);
	free_all(&r);
	pthread_barrier_destroy(&r.barrier);
}
