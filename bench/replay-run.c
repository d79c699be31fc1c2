// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-run: do the operations of a plan on fresh tables, see replay-run.h.
 *
 * Who synchronises with whom: a thread stores its progress (the number of its operations that are
 * done) with release after an operation that another one waits for; the waiter loads it with
 * acquire. Nothing else is shared while a pass runs, except `stop`, which a thread that failed sets
 * so that those that wait for it give up. A wait is bounded because dependencies point backwards in
 * the trace only: the thread that is behind can always go on.
 */
#include "replay-run.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "perf-record.h"
#include "region.h"
#include "replay-tables.h"

/* Every mapping may be read and written by the device and is coherent: traces do not tell. */
#define REPLAY_PROT	   (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
/* Progress counters are this far apart: two cache lines of 128 bytes, for adjacent-line prefetch.
 */
#define PROGRESS_BYTES	   256
/* How often to look before the CPU is left to a thread that has none. */
#define SPINS_BEFORE_YIELD 256

struct segment {
	uint32_t first;
	uint32_t nr;
	uint8_t series;
	bool sync_after;
};

struct progress {
	_Atomic uint32_t done;
	char pad[PROGRESS_BYTES - sizeof(_Atomic uint32_t)];
};

struct shared {
	const struct trace *trace;
	const struct replay_plan *plan;
	const struct replay_cfg *cfg;
	struct replay_tables tables;
	struct progress *progress;
	_Atomic bool stop;
	pthread_barrier_t start;
	char *msg;
};

struct worker {
	struct shared *shared;
	const struct replay_thread *thread;
	unsigned int id;
	struct segment *segments;
	uint32_t nr_segments;
	struct iommu_iotlb_gather *gathers; /* by domain; NULL unless queued */
	struct replay_chunks *chunks;	    /* by series */
	uint64_t start_ns, end_ns;
	uint64_t wait_ns;
	uint64_t nr_waits;
	struct replay_calls calls;
	struct counters counters; /* if that is what the pass is for */
	int err;
	const struct replay_op *err_op;
	pthread_t pthread;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

static bool is_ready(const struct worker *worker, const struct replay_op *op)
{
	const struct replay_dep *dep = &worker->thread->deps[op->dep_first];
	unsigned int i;

	for (i = 0; i < op->nr_deps; i++)
		if (atomic_load_explicit(&worker->shared->progress[dep[i].thread].done,
					 memory_order_acquire) < dep[i].seq)
			return false;
	return true;
}

/* Waits for what @op depends on; adds the time to wait_ns. False: another thread has failed. */
static bool wait_for_deps(struct worker *worker, const struct replay_op *op)
{
	unsigned int spins = 0;
	uint64_t since_ns;

	if (is_ready(worker, op))
		return true;
	since_ns = bench_clock_ns();
	worker->nr_waits++;
	while (!is_ready(worker, op)) {
		if (atomic_load_explicit(&worker->shared->stop, memory_order_relaxed))
			return false;
		cpu_relax();
		if (++spins % SPINS_BEFORE_YIELD == 0)
			sched_yield();
	}
	worker->wait_ns += bench_clock_ns() - since_ns;
	return true;
}

static inline int do_op(struct io_pgtable *iop, const struct replay_op *op,
			struct iommu_iotlb_gather *gather)
{
	if (op->kind == TRACE_MAP)
		return io_pgtable_map(iop, op->iova, op->paddr, op->size_bytes, REPLAY_PROT);
	return io_pgtable_unmap(iop, op->iova, op->size_bytes, gather) == op->size_bytes ? 0
											 : -EUCLEAN;
}

static bool run_segment(struct worker *worker, const struct segment *seg)
{
	struct io_pgtable *const *iop = worker->shared->tables.iop;
	struct progress *mine = &worker->shared->progress[worker->id];
	const struct replay_op *op = &worker->thread->ops[seg->first];
	const struct replay_op *end = op + seg->nr;
	struct iommu_iotlb_gather *gathers = worker->gathers;
	int err;

	for (; op < end; op++) {
		if (op->nr_deps && !wait_for_deps(worker, op))
			return false;
		err = do_op(iop[op->domain], op, gathers ? &gathers[op->domain] : NULL);
		if (err) {
			worker->err = err;
			worker->err_op = op;
			return false;
		}
		if (op->signals)
			atomic_store_explicit(&mine->done, (uint32_t)(op - worker->thread->ops) + 1,
					      memory_order_release);
	}
	return true;
}

static void sync_gathers(struct worker *worker)
{
	const struct replay_tables *tables = &worker->shared->tables;
	unsigned int i;

	for (i = 0; worker->gathers && i < tables->nr; i++)
		io_pgtable_sync(tables->iop[i], &worker->gathers[i]);
}

static uint32_t chunk_ops(unsigned int series)
{
	return series == REPLAY_EVENTS ? REPLAY_EVENT_CHUNK : REPLAY_KIND_CHUNK;
}

/* The timed loop: the clock is read around each segment, and a chunk adds up its segments. */
static bool run_segments(struct worker *worker)
{
	uint64_t chunk_ns[REPLAY_NR_SERIES] = { 0 }, from_ns, to_ns, waited_ns;
	uint32_t chunk_nr[REPLAY_NR_SERIES] = { 0 };
	const struct segment *seg = worker->segments;
	const struct segment *end = seg + worker->nr_segments;
	struct replay_chunks *chunks;

	for (; seg < end; seg++) {
		chunks = &worker->chunks[seg->series];
		waited_ns = worker->wait_ns;
		from_ns = region_begin();
		if (!run_segment(worker, seg))
			return false;
		to_ns = bench_clock_ns();
		region_leave();
		waited_ns = worker->wait_ns - waited_ns;
		chunk_ns[seg->series] += to_ns - from_ns - waited_ns;
		chunk_nr[seg->series] += seg->nr;
		chunks->nr_segments[chunks->nr]++;
		if (chunk_nr[seg->series] == chunk_ops(seg->series)) {
			chunks->ns[chunks->nr++] = (float)chunk_ns[seg->series];
			chunk_ns[seg->series] = 0;
			chunk_nr[seg->series] = 0;
		}
		if (seg->sync_after)
			sync_gathers(worker);
	}
	return true;
}

static void watch(struct worker *worker)
{
	const struct replay_watch *watch = &worker->shared->cfg->watch;

	if (watch->how == REPLAY_COUNTED) {
		counters_open(&worker->counters);
		counters_start(&worker->counters, watch->round);
	} else if (watch->how == REPLAY_RECORDED) {
		perf_record_start();
	}
}

static void unwatch(struct worker *worker)
{
	const struct replay_watch *watch = &worker->shared->cfg->watch;

	if (watch->how == REPLAY_COUNTED) {
		counters_stop(&worker->counters, worker->thread->nr_ops);
		counters_close(&worker->counters);
	} else if (watch->how == REPLAY_RECORDED) {
		perf_record_stop();
	}
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	watch(worker);

	if (worker->shared->plan->nr_threads > 1)
		pthread_barrier_wait(&worker->shared->start);
	worker->start_ns = bench_clock_ns();
	if (!run_segments(worker))
		atomic_store_explicit(&worker->shared->stop, true, memory_order_relaxed);
	sync_gathers(worker);
	worker->end_ns = bench_clock_ns();
	unwatch(worker);
	replay_calls_take(&worker->calls);
	return NULL;
}

/* Cuts a thread's operations into segments; each chunk ends at the end of one. */
static void cut_segments(struct worker *worker, enum replay_cut cut)
{
	const struct replay_op *ops = worker->thread->ops;
	uint32_t nr_ops = worker->thread->nr_ops;
	uint32_t in_chunk[REPLAY_NR_SERIES] = { 0 }, nr_unmaps = 0, i;
	struct segment *seg = NULL;
	unsigned int series;
	bool sync;

	for (i = 0; i < nr_ops; i++) {
		series = cut == REPLAY_BY_EVENT ? REPLAY_EVENTS : ops[i].kind;
		if (!seg || seg->series != series || seg->sync_after || !in_chunk[series]) {
			seg = &worker->segments[worker->nr_segments++];
			*seg = (struct segment){ .first = i, .series = (uint8_t)series };
		}
		seg->nr++;
		in_chunk[series] = (in_chunk[series] + 1) % chunk_ops(series);
		sync = ops[i].kind == TRACE_UNMAP && ++nr_unmaps % REPLAY_QUEUE_UNMAPS == 0;
		seg->sync_after = worker->gathers && sync;
	}
}

/* Written to now, so that the timed part has no page faults of its own. */
static int prepare_chunks(struct replay_chunks *chunks, size_t room)
{
	chunks->ns = malloc(room * sizeof(*chunks->ns));
	chunks->nr_segments = malloc(room);
	if (!chunks->ns || !chunks->nr_segments)
		return -ENOMEM;
	memset(chunks->ns, 0, room * sizeof(*chunks->ns));
	memset(chunks->nr_segments, 0, room);
	return 0;
}

static int prepare_worker(struct worker *worker, struct shared *shared, unsigned int id,
			  enum replay_cut cut, struct replay_chunks *chunks)
{
	unsigned int i;
	size_t nr_ops;

	worker->shared = shared;
	worker->id = id;
	worker->thread = &shared->plan->threads[id];
	worker->chunks = chunks;
	nr_ops = worker->thread->nr_ops;
	worker->segments = calloc(nr_ops + 1, sizeof(*worker->segments));
	if (!worker->segments)
		return -ENOMEM;
	if (shared->cfg->flush == REPLAY_QUEUED) {
		worker->gathers = calloc(shared->tables.nr, sizeof(*worker->gathers));
		if (!worker->gathers)
			return -ENOMEM;
		for (i = 0; i < shared->tables.nr; i++)
			iommu_iotlb_gather_init(&worker->gathers[i]);
	}
	for (i = 0; i < REPLAY_NR_SERIES; i++)
		if (prepare_chunks(&chunks[i], nr_ops / chunk_ops(i) + 1))
			return -ENOMEM;
	cut_segments(worker, cut);
	return 0;
}

static int start_workers(struct shared *shared, struct worker *workers, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	if (nr == 1) {
		worker_main(workers);
		return 0;
	}
	if (pthread_barrier_init(&shared->start, NULL, nr))
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++)
		err = pthread_create(&workers[i].pthread, NULL, worker_main, &workers[i]);
	if (err) {
		/* Those that were started wait at the barrier for ever: nothing can be saved. */
		fprintf(stderr, "bench_replay: cannot start %u threads: %s\n", nr, strerror(err));
		exit(1);
	}
	for (i = 0; i < nr; i++)
		pthread_join(workers[i].pthread, NULL);
	pthread_barrier_destroy(&shared->start);
	return 0;
}

static int op_failed(const struct trace *trace, const struct replay_op *op, int err, char *msg)
{
	snprintf(msg, TRACE_MSG_BYTES, "%s: line %llu: %s of 0x%llx, 0x%llx bytes: %s", trace->name,
		 (unsigned long long)trace->events[op->event].line,
		 op->kind == TRACE_MAP ? "map" : "unmap", (unsigned long long)op->iova,
		 (unsigned long long)op->size_bytes,
		 err == -EUCLEAN ? "the library did something else" : strerror(-err));
	return err;
}

/* Adds up what the workers found; the first error counts. */
static int collect(struct worker *workers, struct shared *shared, struct replay_pass *pass)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;
	unsigned int i;

	for (i = 0; i < pass->nr_threads; i++) {
		if (workers[i].err)
			return op_failed(shared->trace, workers[i].err_op, workers[i].err,
					 shared->msg);
		if (workers[i].start_ns < first_ns)
			first_ns = workers[i].start_ns;
		if (workers[i].end_ns > last_ns)
			last_ns = workers[i].end_ns;
		pass->nr_waits += workers[i].nr_waits;
		pass->wait_ns += workers[i].wait_ns;
		pass->calls.leaf += workers[i].calls.leaf;
		pass->calls.table += workers[i].calls.table;
		pass->calls.sync += workers[i].calls.sync;
		pass->calls.flush_all += workers[i].calls.flush_all;
		if (shared->cfg->watch.how == REPLAY_COUNTED)
			counters_add(shared->cfg->watch.sum, &workers[i].counters, i == 0);
	}
	pass->wall_ns = last_ns - first_ns;
	return replay_tables_check(&shared->tables, shared->trace, shared->plan, shared->msg);
}

static int run_workers(struct shared *shared, struct worker *workers, enum replay_cut cut,
		       struct replay_pass *pass)
{
	struct replay_calls before = { 0 };
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < pass->nr_threads; i++)
		ret = prepare_worker(&workers[i], shared, i, cut,
				     &pass->chunks[(size_t)i * REPLAY_NR_SERIES]);
	replay_calls_take(&before); /* what making the tables or an earlier pass has counted */
	if (!ret)
		ret = start_workers(shared, workers, pass->nr_threads);
	if (ret)
		snprintf(shared->msg, TRACE_MSG_BYTES, "no memory for the replay");
	else
		ret = collect(workers, shared, pass);
	for (i = 0; i < pass->nr_threads; i++) {
		free(workers[i].segments);
		free(workers[i].gathers);
	}
	return ret;
}

int replay_run_pass(const struct trace *trace, const struct replay_plan *plan,
		    const struct replay_cfg *cfg, enum replay_cut cut, struct replay_pass *pass,
		    char *msg)
{
	struct shared shared = { .trace = trace, .plan = plan, .cfg = cfg, .msg = msg };
	struct worker *workers = calloc(plan->nr_threads, sizeof(*workers));
	int ret = -ENOMEM;

	*pass = (struct replay_pass){ .nr_threads = plan->nr_threads };
	pass->chunks = calloc((size_t)plan->nr_threads * REPLAY_NR_SERIES, sizeof(*pass->chunks));
	shared.progress = aligned_alloc(PROGRESS_BYTES, plan->nr_threads * sizeof(struct progress));
	if (workers && pass->chunks && shared.progress) {
		memset(shared.progress, 0, plan->nr_threads * sizeof(struct progress));
		ret = replay_tables_open(&shared.tables, cfg, plan->nr_domains, NULL);
	}
	if (ret) {
		snprintf(msg, TRACE_MSG_BYTES, "no memory for the tables");
	} else {
		ret = run_workers(&shared, workers, cut, pass);
		replay_tables_close(&shared.tables);
	}
	free(shared.progress);
	free(workers);
	if (ret)
		replay_pass_free(pass);
	return ret;
}

void replay_pass_free(struct replay_pass *pass)
{
	unsigned int i;

	for (i = 0; pass->chunks && i < pass->nr_threads * REPLAY_NR_SERIES; i++) {
		free(pass->chunks[i].ns);
		free(pass->chunks[i].nr_segments);
	}
	free(pass->chunks);
	*pass = (struct replay_pass){ 0 };
}
