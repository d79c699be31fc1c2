// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-real: a trace's mappings on this host, in front of the software SMMU (model/smmu.h). See
 * replay-strategy.h.
 *
 * Steps are too short to be timed one by one: the clock is read around runs of up to SEGMENT of
 * them, which end early where a thread has to wait for another, and that wait is not counted. The
 * first round warms up. In the last one, which is not timed, every page that is mapped is put into
 * the IOTLB, as if a device had used it, and what is thrown out while it is mapped is counted; and
 * what waits.
 *
 * Who writes what: state, a mapping's thread in turn, store-release, and load-acquire by who waits
 * for it; so the mapping's address is visible. place, its thread, release, now and then.
 * returned_ns (of one mapping in SAMPLE), who unmaps it; who releases it reads 0 if it comes first.
 * effect: flush-effect.h, a place for each page of the window; what is watched of a mapping in
 * SAMPLE is its last leaf. All else is a thread's own.
 */
#define _GNU_SOURCE
#include "replay-strategy.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "clock.h"
#include "flush-effect.h"
#include "histogram.h"
#include "iommu-iova.h"
#include "model/smmu.h"

enum {
	SEGMENT = 64,
	SAMPLE = 16,
	POLL_NS = 10000,
	MOST_POLLS = 64,
	MOST_FULL = 1000000,
	SPINS_BEFORE_YIELD = 1000,
	ASID = 7,
};

static const uint64_t WINDOW_BASE = 1ull << 36, WINDOW_PAGES = 1u << 22;

struct run;

struct member {
	_Alignas(128) _Atomic uint64_t place;
	struct run *run;
	unsigned int id;
	pthread_t thread;
	uint64_t ticket;
	bool has_ticket;
	bool measuring, filling;
	_Atomic uint64_t unmapped_bytes, released_bytes; /* by it */
	uint64_t segment_ns;				 /* when this one began */
	unsigned int in_segment;
	uint64_t polled_ns;
	double busy_ns;
	uint64_t granules;
	double exposure_ns;
	uint64_t exposures;
	struct histogram step, release;
	const char *error;
};

struct run {
	const struct strategy_run *what;
	const struct iommu_strategy_info *info;
	const struct replay_mappings *w;
	unsigned int rounds;
	uint64_t places;
	struct smmu_model *model;
	struct smmu_cmdq_domain domain;
	struct io_pgtable *iop;
	struct iommu_iova *space;
	struct iommu_strategy *strategy;
	void *memory[2];
	uint64_t *iova;
	_Atomic uint32_t *state;
	_Atomic uint32_t *sampled;  /* per granule of the window: a mapping, plus one */
	_Atomic uint64_t *begun_ns; /* per mapping: its unmap */
	_Atomic uint64_t *returned_ns;
	struct flush_effect *effect;
	_Atomic uint64_t max_waiting; /* bytes, in the last round */
	struct member *member;
	struct barrier barrier;
	_Atomic bool failed;
};

static _Thread_local struct member *self;

static _Atomic uint32_t *sample_of(struct run *r, uint64_t iova)
{
	return &r->sampled[(iova - WINDOW_BASE) >> r->what->granule_lg2];
}

static uint64_t block_bytes(const struct run *r)
{
	return 1ull << (2 * r->what->granule_lg2 - 3);
}

/* What leaves a mapping has: blocks first, then pages. */
static uint64_t leaf_at(const struct run *r, const struct replay_mapping *what, uint64_t offset)
{
	uint64_t blocks = what->blocks ? what->size_bytes & ~(block_bytes(r) - 1) : 0;

	return offset < blocks ? block_bytes(r) : 1ull << r->what->granule_lg2;
}

static uint32_t place_of(const struct run *r, uint64_t iova)
{
	return (uint32_t)((iova - WINDOW_BASE) >> r->what->granule_lg2);
}

/* Named last: what its exposure is measured by. */
static uint32_t last_leaf(const struct run *r, uint32_t mapping, uint64_t iova)
{
	const struct replay_mapping *what = &r->w->mappings[mapping];
	uint64_t end = what->size_bytes - 1;

	return place_of(r, iova + (end & ~(leaf_at(r, what, end) - 1)));
}

static void look_at_sample(struct run *r, uint32_t mapping, uint64_t iova)
{
	uint64_t begun = atomic_load(&r->begun_ns[mapping]);
	uint64_t returned = atomic_load(&r->returned_ns[mapping]), now = bench_clock_ns();
	bool exposed = !r->info->page_at_release && !r->info->zero_exposure && returned;

	histogram_add(&self->release, (double)(now - begun));
	if (exposed)
		self->exposure_ns += (double)flush_effect_exposure(
			r->effect, last_leaf(r, mapping, iova), returned, now);
	self->exposures++;
}

/* As if a device had used every page of it. */
static void fill(struct run *r, const struct replay_mapping *what, uint64_t iova)
{
	static const struct model_tag tag = { .stage = 1, .asid = ASID };

	for (uint64_t at = 0, leaf; at < what->size_bytes; at += leaf) {
		leaf = leaf_at(r, what, at);
		flush_effect_mapped(r->effect, place_of(r, iova + at));
		smmu_model_fill(r->model, tag, iova + at, (unsigned int)__builtin_ctzll(leaf),
				leaf == block_bytes(r));
	}
}

static void add_to(_Atomic uint64_t *own, uint64_t bytes)
{
	atomic_store_explicit(own, atomic_load_explicit(own, memory_order_relaxed) + bytes,
			      memory_order_relaxed);
}

/* What is unmapped and not released; of what others do at this moment, some. */
static void count_waiting(struct run *r)
{
	uint64_t unmapped = 0, released = 0;

	for (unsigned int i = 0; i < r->w->nr_threads; i++)
		released +=
			atomic_load_explicit(&r->member[i].released_bytes, memory_order_relaxed);
	for (unsigned int i = 0; i < r->w->nr_threads; i++)
		unmapped +=
			atomic_load_explicit(&r->member[i].unmapped_bytes, memory_order_relaxed);
	if (unmapped - released > atomic_load(&r->max_waiting))
		atomic_store(&r->max_waiting, unmapped - released);
}

/* Before an unmap: from now on it is no collateral. */
static void unfill(struct run *r, const struct replay_mapping *what, uint64_t iova)
{
	for (uint64_t at = 0; at < what->size_bytes; at += leaf_at(r, what, at))
		flush_effect_unmaps(r->effect, place_of(r, iova + at));
}

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	struct run *r = ctx;
	uint32_t mapping = atomic_exchange(sample_of(r, iova), 0);

	if (mapping && self && self->measuring)
		look_at_sample(r, mapping - 1, iova);
	if (self)
		add_to(&self->released_bytes, size);
	iommu_iova_free(r->space, iova, size);
}

static uint64_t on_now(void *ctx)
{
	return bench_clock_ns();
}

static void on_wait(void *ctx)
{
	sched_yield();
}

static void fail(struct member *m, const char *error)
{
	m->error = error;
	atomic_store(&m->run->failed, true);
}

static void poll_if_time(struct member *m, uint64_t now_ns)
{
	unsigned int lane = m->id;

	if (now_ns - m->polled_ns < POLL_NS)
		return;
	m->polled_ns = now_ns;
	for (int i = 0; i < MOST_POLLS && iommu_strategy_poll(m->run->strategy, lane, now_ns); i++)
		;
}

static void begin_segment(struct member *m)
{
	m->in_segment = 0;
	m->segment_ns = bench_clock_ns();
}

static void end_segment(struct member *m)
{
	double ns = bench_clock_span(m->segment_ns, bench_clock_ns());

	if (!m->in_segment || !m->measuring)
		return;
	m->busy_ns += ns;
	if (m->in_segment == SEGMENT)
		histogram_add(&m->step, ns / SEGMENT);
}

static bool may_go_on(struct run *r, uint64_t place)
{
	for (unsigned int i = 0; i < r->w->nr_threads; i++)
		if (atomic_load_explicit(&r->member[i].place, memory_order_relaxed) +
			    REPLAY_WINDOW <
		    place)
			return false;
	return true;
}

/* Until the mapping is where this step expects it; what that takes is not counted. */
static void wait_for_state(struct member *m, uint32_t mapping, uint32_t state)
{
	struct run *r = m->run;

	if (atomic_load_explicit(&r->state[mapping], memory_order_acquire) == state)
		return;
	end_segment(m);
	for (unsigned int spins = 0;
	     atomic_load_explicit(&r->state[mapping], memory_order_acquire) != state &&
	     !atomic_load_explicit(&r->failed, memory_order_relaxed);
	     spins++) {
		poll_if_time(m, bench_clock_ns());
		if (spins > SPINS_BEFORE_YIELD)
			sched_yield();
	}
	begin_segment(m);
}

static void next_segment(struct member *m, uint64_t place)
{
	struct run *r = m->run;

	end_segment(m);
	atomic_store_explicit(&m->place, place, memory_order_release);
	for (unsigned int spins = 0;
	     !may_go_on(r, place) && !atomic_load_explicit(&r->failed, memory_order_relaxed);
	     spins++)
		if (spins > SPINS_BEFORE_YIELD)
			sched_yield();
	begin_segment(m);
	poll_if_time(m, m->segment_ns);
}

/*
 * Where the trace has it; the library takes blocks where it can, so what has none lies beside one.
 */
static uint64_t paddr_of(const struct run *r, const struct replay_mapping *what)
{
	uint64_t granule = 1ull << r->what->granule_lg2, block = block_bytes(r);

	if (!what->blocks)
		return (what->paddr & ~(block - 1)) + granule;
	return what->paddr & ~(block - 1);
}

static void do_map(struct member *m, uint32_t mapping)
{
	struct run *r = m->run;
	const struct replay_mapping *what = &r->w->mappings[mapping];
	uint64_t *iova = &r->iova[mapping];

	for (int tries = 0; iommu_iova_alloc(r->space, what->size_bytes, iova); tries++) {
		if (tries == MOST_FULL) {
			fail(m, "the address space is full");
			return;
		}
		if (m->has_ticket)
			iommu_strategy_wait(r->strategy, m->ticket);
		for (unsigned int lane = 0; lane < r->w->nr_threads; lane++)
			iommu_strategy_poll(r->strategy, lane, bench_clock_ns());
	}
	if (io_pgtable_map(r->iop, *iova, paddr_of(r, what), what->size_bytes,
			   IOMMU_READ | IOMMU_WRITE))
		fail(m, "a mapping failed");
	if (m->filling)
		fill(r, what, *iova);
}

static void do_unmap(struct member *m, uint32_t mapping)
{
	struct run *r = m->run;
	uint64_t iova = r->iova[mapping], size = r->w->mappings[mapping].size_bytes;
	bool wait = r->info->page_at_release && m->has_ticket, sample = mapping % SAMPLE == 0;
	uint64_t before = m->ticket;

	if (sample) {
		atomic_store(&r->returned_ns[mapping], 0);
		atomic_store(&r->begun_ns[mapping], bench_clock_ns());
		atomic_store(sample_of(r, iova), mapping + 1);
		flush_effect_unmaps(r->effect, last_leaf(r, mapping, iova));
	}
	add_to(&m->unmapped_bytes, size);
	if (m->filling) {
		count_waiting(r);
		unfill(r, &r->w->mappings[mapping], iova);
	}
	if (iommu_strategy_unmap(r->strategy, iova, size, &m->ticket) != size)
		fail(m, "not everything was unmapped");
	if (sample)
		atomic_store(&r->returned_ns[mapping], bench_clock_ns());
	m->has_ticket = true;
	if (wait)
		iommu_strategy_wait(r->strategy, before);
	m->granules += m->measuring ? size >> r->what->granule_lg2 : 0;
}

static void do_step(struct member *m, const struct replay_step *step, unsigned int round)
{
	struct run *r = m->run;
	bool stays = r->w->mappings[step->mapping].stays;
	uint32_t state = stays ? 0 : 2 * round + (step->kind == TRACE_UNMAP);

	if (stays && round)
		return;
	if (m->in_segment == SEGMENT)
		next_segment(m, round * r->places + step->place);
	wait_for_state(m, step->mapping, state);
	if (step->kind == TRACE_MAP)
		do_map(m, step->mapping);
	else
		do_unmap(m, step->mapping);
	atomic_store_explicit(&r->state[step->mapping], state + 1, memory_order_release);
	m->in_segment++;
}

static void *member_main(void *arg)
{
	struct member *m = arg;
	struct run *r = m->run;

	self = m;
	barrier_wait(&r->barrier);
	for (unsigned int round = 0; round < r->rounds; round++) {
		begin_segment(m);
		m->filling = round + 1 == r->rounds;
		m->measuring = round > 0 && !m->filling;
		for (uint32_t i = 0; i < r->w->nr_steps[m->id]; i++) {
			if (atomic_load_explicit(&r->failed, memory_order_relaxed))
				break;
			do_step(m, &r->w->steps[m->id][i], round);
		}
		end_segment(m);
	}
	atomic_store(&m->place, UINT64_MAX / 2);
	return NULL;
}

/* ---- making ---- */

static bool make_table(struct run *r)
{
	const struct machine_profile *p = r->what->profile;
	struct model_opts opts = {
		.queue_lg2 = 10,
		.iotlb_sets_lg2 = 8,
		.threads = true,
		.coherent = true,
		.memory_bytes = 1 << 20,
		.service_ns = { [MODEL_TLBI_VA] = (uint64_t)p->tlbi_ns,
				[MODEL_TLBI_ALL] = (uint64_t)p->all_ns,
				[MODEL_SYNC] = (uint64_t)p->sync_ns },
	};
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1ull << r->what->granule_lg2 | block_bytes(r),
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &smmu_cmdq_gather_ops,
	};

	*r->effect = (struct flush_effect){
		.base = WINDOW_BASE,
		.step = 1ull << r->what->granule_lg2,
		.size = 1ull << r->what->granule_lg2,
		.granule_lg2 = r->what->granule_lg2,
		.leaf_lg2 = r->what->granule_lg2,
	};
	if (flush_effect_init(r->effect, (uint32_t)WINDOW_PAGES, 1))
		return false;
	flush_effect_hooks(r->effect, &opts);
	r->model = smmu_model_make(&opts);
	if (!r->model)
		return false;
	r->domain = (struct smmu_cmdq_domain){
		.q = r->model->queue[0].q,
		.stage = SMMU_STAGE_1,
		.asid = ASID,
		.granule_lg2 = (uint8_t)r->what->granule_lg2,
		.ril = r->info->range_commands,
		.flush_above = 512,
	};
	r->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, &r->domain);
	return r->iop != NULL;
}

static bool make_strategy(struct run *r)
{
	const struct iommu_strategy_opts opts = {
		.kind = r->what->kind,
		.depth = r->what->depth,
		.lanes = r->w->nr_threads,
		.budget_page_ns = r->what->budget_ns,
		.async = &smmu_cmdq_async_ops,
		.release = on_release,
		.now_ns = on_now,
		.wait = on_wait,
		.ctx = r,
	};
	const struct iommu_iova_opts space = {
		.base = WINDOW_BASE,
		.pages = WINDOW_PAGES,
		.page_lg2 = r->what->granule_lg2,
		.caches = r->w->nr_threads,
	};

	r->memory[0] = aligned_alloc(128, iommu_iova_bytes(&space));
	r->memory[1] = aligned_alloc(128, iommu_strategy_bytes(&opts));
	if (!r->memory[0] || !r->memory[1])
		return false;
	r->space = iommu_iova_create(&space, r->memory[0]);
	r->strategy = iommu_strategy_create(r->iop, &opts, r->memory[1]);
	return r->space && r->strategy;
}

static bool make_arrays(struct run *r)
{
	size_t nr = r->w->nr, threads = r->w->nr_threads;

	r->iova = calloc(nr, sizeof(*r->iova));
	r->state = calloc(nr, sizeof(*r->state));
	r->begun_ns = calloc(nr, sizeof(*r->begun_ns));
	r->returned_ns = calloc(nr, sizeof(*r->returned_ns));
	r->sampled = calloc(WINDOW_PAGES, sizeof(*r->sampled));
	r->member = aligned_alloc(128, threads * sizeof(*r->member));
	if (!r->iova || !r->state || !r->begun_ns || !r->returned_ns || !r->sampled || !r->member)
		return false;
	memset(r->member, 0, threads * sizeof(*r->member));
	for (unsigned int i = 0; i < threads; i++) {
		r->member[i].run = r;
		r->member[i].id = i;
		r->places += r->w->nr_steps[i];
	}
	r->barrier.threads = (unsigned int)threads;
	return true;
}

static void destroy(struct run *r)
{
	iommu_strategy_destroy(r->strategy);
	if (r->iop)
		free_io_pgtable(r->iop);
	if (r->model)
		smmu_model_free(r->model);
	free(r->memory[0]);
	free(r->memory[1]);
	free(r->iova);
	free(r->state);
	free(r->begun_ns);
	free(r->returned_ns);
	free(r->sampled);
	free(r->member);
	if (r->effect)
		flush_effect_fini(r->effect);
	free(r->effect);
	free(r);
}

/* ---- running ---- */

static void run_threads(struct run *r)
{
	unsigned int started = 0;

	smmu_model_start(r->model);
	/* None waits for a thread that could not be started. */
	while (started < r->w->nr_threads &&
	       !pthread_create(&r->member[started].thread, NULL, member_main, &r->member[started]))
		started++;
	if (started < r->w->nr_threads)
		abort();
	for (unsigned int i = 0; i < started; i++)
		pthread_join(r->member[i].thread, NULL);
	iommu_strategy_destroy(r->strategy);
	r->strategy = NULL;
	/* It flushes once more, which somebody has to consume. */
	free_io_pgtable(r->iop);
	r->iop = NULL;
	smmu_model_stop(r->model);
}

static void quantiles(const struct histogram *h, double out[2])
{
	out[0] = histogram_quantile(h, 0.5);
	out[1] = histogram_quantile(h, 0.99);
}

static void sum_up(struct run *r, struct strategy_figures *out)
{
	double busy_ns = 0, pages = 0, exposure_ns = 0, exposures = 0, all;
	struct member *first = &r->member[0];

	for (unsigned int i = 0; i < r->w->nr_threads; i++) {
		struct member *m = &r->member[i];

		out->error = m->error ? m->error : out->error;
		busy_ns += m->busy_ns;
		pages += (double)m->granules;
		exposure_ns += m->exposure_ns;
		exposures += (double)m->exposures;
		if (i) {
			histogram_merge(&first->step, &m->step);
			histogram_merge(&first->release, &m->release);
		}
	}
	if (!out->error && !(pages > 0 && busy_ns > 0))
		out->error = "too short: nothing was measured";
	if (out->error)
		return;
	out->ns_per_page = busy_ns / pages;
	out->pages_per_s = pages / (busy_ns / r->w->nr_threads) * 1e9;
	quantiles(&first->step, out->unmap_ns);
	quantiles(&first->release, out->release_ns);
	out->exposure_us = exposures > 0 ? exposure_ns / exposures / 1e3 : 0;
	if (r->what->kind == IOMMU_STRATEGY_NONE)
		out->exposure_us = -1;
	all = (double)(r->w->unmapped_bytes >> r->what->granule_lg2) * r->rounds;
	out->invalidations_per_page = (double)(smmu_model_count(r->model, MODEL_TLBI_VA) +
					       smmu_model_count(r->model, MODEL_TLBI_ALL)) /
				      all;
	out->syncs_per_page = (double)smmu_model_count(r->model, MODEL_SYNC) / all;
	out->collateral_per_page = (double)flush_effect_collateral(r->effect) * r->rounds / all;
	out->quarantine_bytes = (double)atomic_load(&r->max_waiting);
	out->batch = SEGMENT;
}

void strategy_run_real(const struct strategy_run *what, const struct replay_mappings *w,
		       struct strategy_figures *out)
{
	struct run *r = calloc(1, sizeof(*r));

	memset(out, 0, sizeof(*out));
	if (!r) {
		out->error = "not enough memory";
		return;
	}
	r->what = what;
	r->info = iommu_strategy_describe(what->kind);
	r->w = w;
	r->rounds = strategy_rounds(what, w, &out->steady) + 2;
	r->effect = calloc(1, sizeof(*r->effect));
	out->rounds = r->rounds;
	out->threads = w->nr_threads;
	if (r->effect && make_table(r) && make_arrays(r) && make_strategy(r)) {
		run_threads(r);
		sum_up(r, out);
	} else {
		out->error = "not enough memory";
	}
	destroy(r);
}
