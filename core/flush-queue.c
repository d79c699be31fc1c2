// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush queues (iommu-flushq.h has the table of who writes what).
 *
 * Invariants: completed <= begun; an entry is released only while completed is above its stamp; a
 * ring holds at most depth - 1 entries and those of one call more; between two looks at a ring no
 * lock is held. A queued table is not written: what belongs to it is in its entry.
 */
#include "iommu-flushq.h"

#include <errno.h>
#include <string.h>

#include "core/gather.h"
#include "core/reclaim.h"
#include "core/tree.h"

#define CALL_MAX (IOMMU_GATHER_TABLES + 1) /* entries of one call */
_Static_assert(CALL_MAX + 2 * IOMMU_GATHER_TABLES <= IOMMU_FLUSHQ_DRAIN_MAX,
	       "a full ring: own entries, tables reclaimed by the flush, entries that were safe");
#define NO_STAMP UINT64_MAX

/* For the test that plants a bug in the one rule. */
#ifndef FLUSHQ_EARLY
#define FLUSHQ_EARLY 0
#endif
/* And for the one that takes empty tables out after the invalidation has begun. */
#ifndef FLUSHQ_LATE
#define FLUSHQ_LATE 0
#endif

/* table NULL: the IOVAs a to a + b; else a is its level, b the flags to free it with. */
struct entry {
	uint64_t stamp;
	uint64_t a, b;
	void *table;
};

/* Entries on their way out of a ring; and those of one call, on their way in. */
struct batch {
	uint32_t n;
	struct entry entry[IOMMU_FLUSHQ_DRAIN_MAX];
};

struct arrival {
	uint32_t n;
	struct entry entry[CALL_MAX];
};

struct ring {
	struct port_lock lock __attribute__((aligned(128)));
	uint32_t first, used;
	uint64_t waiting; /* the newest stamp; the entries with it are waiting for a flush since: */
	uint64_t since_ns;
	struct iommu_flushq_stats stats;
	struct entry *entry;
};

struct iommu_flushq {
	struct pt_domain *d;
	struct iommu_flushq_opts opts;
	uint32_t capacity;
	struct ring *ring;

	uint64_t begun __attribute__((aligned(128)));
	uint64_t completed;
	uint32_t flushing;
	uint64_t shared;
	uint64_t reclaimed;
};

static uint64_t completed(const struct iommu_flushq *fq)
{
	return __atomic_load_n(&fq->completed, __ATOMIC_ACQUIRE);
}

/* What was queued with this stamp may be reused. */
static bool is_safe(const struct iommu_flushq *fq, uint64_t stamp)
{
	return completed(fq) + FLUSHQ_EARLY > stamp;
}

/* The stamp for what this thread has done so far (see the header). TSan knows no fences. */
static uint64_t read_stamp(struct iommu_flushq *fq)
{
	if (PORT_TSAN)
		return __atomic_fetch_add(&fq->begun, 0, __ATOMIC_SEQ_CST);
	port_mb();
	return __atomic_load_n(&fq->begun, __ATOMIC_RELAXED);
}

static void ask_driver(struct iommu_flushq *fq)
{
	const struct iommu_gather_ops *tlb = fq->d->iop.cfg.tlb;

	if (tlb && fq->opts.mode == IOMMU_FLUSHQ_ALL)
		tlb->tlb_flush_all(fq->d->iop.cookie);
	else if (tlb)
		tlb->tlb_sync(fq->d->iop.cookie);
}

/*
 * By one thread at a time. Empty tables that were noted are taken out first, and handed over, into
 * g: this flush serves them, and they may be freed when it is complete.
 */
static void flush(struct iommu_flushq *fq, struct iommu_iotlb_gather *g)
{
	unsigned int reclaimed = 0;
	uint64_t begun;

	if (!FLUSHQ_LATE)
		reclaimed = pt_gather_begin(fq->d, g, fq->opts.mode == IOMMU_FLUSHQ_RANGES);
	begun = __atomic_fetch_add(&fq->begun, 1, __ATOMIC_SEQ_CST) + 1;
	port_mb();
	ask_driver(fq);
	if (FLUSHQ_LATE)
		reclaimed = pt_gather_begin(fq->d, g, fq->opts.mode == IOMMU_FLUSHQ_RANGES);
	__atomic_store_n(&fq->completed, begun, __ATOMIC_RELEASE);
	if (unlikely(reclaimed)) {
		pt_reclaim_synced(fq->d, reclaimed);
		__atomic_fetch_add(&fq->reclaimed, reclaimed, __ATOMIC_RELAXED);
	}
}

static void pause(const struct iommu_flushq *fq)
{
	if (fq->opts.wait)
		fq->opts.wait(fq->opts.ctx);
	else
		port_cpu_relax();
}

/*
 * Until what has this stamp is safe: by another thread's flush if there is one that serves. Returns
 * how many reclaimed tables went with it.
 */
static uint32_t flush_until(struct iommu_flushq *fq, uint64_t stamp)
{
	struct iommu_iotlb_gather g;
	bool flushed = false;
	uint32_t reclaimed;

	pt_gather_init(&g);
	while (completed(fq) <= stamp) {
		if (__atomic_exchange_n(&fq->flushing, 1, __ATOMIC_ACQUIRE)) {
			pause(fq);
			continue;
		}
		if (completed(fq) <= stamp) {
			flush(fq, &g);
			flushed = true;
		}
		__atomic_store_n(&fq->flushing, 0, __ATOMIC_RELEASE);
	}
	if (!flushed)
		__atomic_fetch_add(&fq->shared, 1, __ATOMIC_RELAXED);
	reclaimed = g.nr_tables;
	pt_gather_end(fq->d, &g);
	return reclaimed;
}

/* Rings: with their lock held. */

static uint32_t slot(const struct iommu_flushq *fq, uint32_t at)
{
	return at < fq->capacity ? at : at - fq->capacity;
}

/* Takes safe entries out, oldest first, until out has most. */
static void drain(const struct iommu_flushq *fq, struct ring *r, struct batch *out, uint32_t most)
{
	while (r->used && out->n < most && is_safe(fq, r->entry[r->first].stamp)) {
		out->entry[out->n++] = r->entry[r->first];
		r->first = slot(fq, r->first + 1);
		r->used--;
	}
}

static void push(struct iommu_flushq *fq, struct ring *r, const struct arrival *in, uint64_t stamp)
{
	for (uint32_t i = 0; i < in->n; i++) {
		struct entry *e = &r->entry[slot(fq, r->first + r->used++)];

		*e = in->entry[i];
		e->stamp = stamp;
	}
	r->stats.queued += in->n;
	if (r->used > r->stats.max_used)
		r->stats.max_used = r->used;
	if (r->waiting != NO_STAMP && r->waiting >= stamp)
		return;
	r->waiting = stamp;
	if (fq->opts.timeout_ns)
		r->since_ns = fq->opts.now_ns(fq->opts.ctx);
}

/* n entries, and others that were never in a ring. */
static void count_drained(struct ring *r, uint32_t n, uint32_t others)
{
	r->stats.released += n;
	if (n + others > r->stats.max_drained)
		r->stats.max_drained = n + others;
}

/* With no lock held. */
static void release(struct iommu_flushq *fq, const struct entry *e, uint32_t n)
{
	for (const struct entry *end = e + n; e < end; e++) {
		unsigned int level = (unsigned int)e->a;

		if (!e->table) {
			fq->opts.release(fq->opts.ctx, e->a, e->b);
			continue;
		}
		pt_tree_quarantine(fq->d, e->table, level, false);
		pt_tree_free(fq->d, e->table, level, (unsigned int)e->b);
	}
}

static void collect(struct arrival *own, struct iommu_iotlb_gather *g, uint64_t iova, uint64_t size)
{
	own->n = 0;
	for (unsigned int i = 0; i < g->nr_tables; i++)
		own->entry[own->n++] = (struct entry){
			.a = g->table[i].level,
			.b = g->table[i].flags,
			.table = g->table[i].ptr,
		};
	if (size)
		own->entry[own->n++] = (struct entry){ .a = iova, .b = size };
	pt_gather_init(g);
}

/* By slot, which is a CPU, or on a host a thread; one without shares. */
static struct ring *ring_of_caller(struct iommu_flushq *fq)
{
	int own = fq->opts.rings == 1 ? 0 : io_pgtable_port_slot();

	return &fq->ring[own < 0 ? 0 : (uint32_t)own % fq->opts.rings];
}

/* The ring is full: what a flush makes safe goes at once, the caller's own first. */
static void noinline queue_full(struct iommu_flushq *fq, struct ring *r, const struct arrival *own,
				uint64_t stamp, struct batch *out)
{
	uint32_t reclaimed = flush_until(fq, stamp);

	port_lock(&r->lock);
	drain(fq, r, out, IOMMU_FLUSHQ_DRAIN_MAX - own->n - reclaimed);
	r->stats.full++;
	r->stats.queued += own->n;
	count_drained(r, out->n + own->n, reclaimed);
	port_unlock(&r->lock);
	release(fq, own->entry, own->n);
}

void iommu_flushq_queue(struct iommu_flushq *fq, struct iommu_iotlb_gather *gather, uint64_t iova,
			uint64_t size)
{
	struct ring *r = ring_of_caller(fq);
	struct arrival own;
	struct batch out;
	uint64_t stamp;
	bool full;

	pt_gather_close(fq->d, gather, fq->opts.mode == IOMMU_FLUSHQ_RANGES);
	collect(&own, gather, iova, size);
	stamp = read_stamp(fq);
	out.n = 0;
	port_lock(&r->lock);
	drain(fq, r, &out, IOMMU_FLUSHQ_DRAIN_MAX);
	full = r->used >= fq->opts.depth;
	if (!full) {
		push(fq, r, &own, stamp);
		count_drained(r, out.n, 0);
	}
	port_unlock(&r->lock);
	if (unlikely(full))
		queue_full(fq, r, &own, stamp, &out);
	release(fq, out.entry, out.n);
}

/* Has the newest entry waited too long, and no flush since? */
static bool is_overdue(const struct iommu_flushq *fq, const struct ring *r, uint64_t now_ns)
{
	return fq->opts.timeout_ns && r->used && r->waiting >= completed(fq) &&
	       now_ns - r->since_ns >= fq->opts.timeout_ns;
}

bool iommu_flushq_poll(struct iommu_flushq *fq, uint32_t ring, uint64_t now_ns)
{
	struct ring *r = &fq->ring[ring];
	uint32_t reclaimed = 0;
	struct batch out;
	uint64_t stamp;
	bool more;

	if (misuse(ring >= fq->opts.rings, "iommu_flushq_poll: there is no such ring"))
		return false;
	out.n = 0;
	port_lock(&r->lock);
	stamp = is_overdue(fq, r, now_ns) ? r->waiting : NO_STAMP;
	port_unlock(&r->lock);
	if (stamp != NO_STAMP)
		reclaimed = flush_until(fq, stamp);
	port_lock(&r->lock);
	drain(fq, r, &out, IOMMU_FLUSHQ_DRAIN_MAX - reclaimed);
	count_drained(r, out.n, reclaimed);
	more = r->used && is_safe(fq, r->entry[r->first].stamp);
	port_unlock(&r->lock);
	release(fq, out.entry, out.n);
	return more;
}

uint64_t iommu_flushq_ticket(struct iommu_flushq *fq)
{
	return read_stamp(fq);
}

bool iommu_flushq_done(const struct iommu_flushq *fq, uint64_t ticket)
{
	return completed(fq) > ticket;
}

void iommu_flushq_wait(struct iommu_flushq *fq, uint64_t ticket)
{
	flush_until(fq, ticket);
}

/* Making, ending, checking. */

static bool opts_are_good(const struct iommu_flushq_opts *o)
{
	return o->depth && o->depth <= IOMMU_FLUSHQ_DEPTH_MAX && o->rings &&
	       o->rings <= IOMMU_FLUSHQ_RINGS_MAX && o->mode <= IOMMU_FLUSHQ_ALL && o->release &&
	       (o->now_ns || !o->timeout_ns);
}

/* Rings begin a cache line each; a ring that is not full may take one more call's entries. */
static size_t capacity_of(const struct iommu_flushq_opts *o)
{
	return o->depth - 1 + CALL_MAX;
}

size_t iommu_flushq_bytes(const struct iommu_flushq_opts *opts)
{
	size_t bytes;

	if (!opts_are_good(opts))
		return 0;
	bytes = sizeof(struct iommu_flushq) +
		opts->rings * (sizeof(struct ring) + capacity_of(opts) * sizeof(struct entry));
	return (bytes + 127) & ~(size_t)127; /* aligned_alloc() wants whole alignments */
}

/* A table without callbacks has nothing to flush; one with some must have what is called. */
static bool can_flush(const struct iommu_gather_ops *tlb, enum iommu_flushq_mode mode)
{
	return !tlb ||
	       (mode == IOMMU_FLUSHQ_ALL ? tlb->tlb_flush_all != NULL : tlb->tlb_sync != NULL);
}

struct iommu_flushq *iommu_flushq_create(struct io_pgtable *iop,
					 const struct iommu_flushq_opts *opts, void *memory)
{
	struct iommu_flushq *fq = memory;
	struct entry *entry;

	if (!opts_are_good(opts) || ((uintptr_t)memory & 127) ||
	    !can_flush(iop->cfg.tlb, opts->mode))
		return NULL;
	memset(fq, 0, sizeof(*fq));
	fq->d = pt_domain(iop);
	fq->opts = *opts;
	fq->capacity = (uint32_t)capacity_of(opts);
	fq->ring = (struct ring *)(fq + 1);
	entry = (struct entry *)(fq->ring + opts->rings);
	for (uint32_t i = 0; i < opts->rings; i++, entry += fq->capacity) {
		memset(&fq->ring[i], 0, sizeof(fq->ring[i]));
		fq->ring[i].waiting = NO_STAMP;
		fq->ring[i].entry = entry;
	}
	return fq;
}

void iommu_flushq_destroy(struct iommu_flushq *fq)
{
	struct batch out;

	if (!fq)
		return;
	flush_until(fq, read_stamp(fq));
	for (uint32_t i = 0; i < fq->opts.rings; i++) {
		do {
			out.n = 0;
			drain(fq, &fq->ring[i], &out, IOMMU_FLUSHQ_DRAIN_MAX);
			release(fq, out.entry, out.n);
		} while (out.n);
		pt_assert(!fq->ring[i].used);
	}
}

void iommu_flushq_get_stats(struct iommu_flushq *fq, struct iommu_flushq_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (uint32_t i = 0; i < fq->opts.rings; i++) {
		struct ring *r = &fq->ring[i];

		port_lock(&r->lock);
		stats->queued += r->stats.queued;
		stats->released += r->stats.released;
		stats->full += r->stats.full;
		if (r->stats.max_used > stats->max_used)
			stats->max_used = r->stats.max_used;
		if (r->stats.max_drained > stats->max_drained)
			stats->max_drained = r->stats.max_drained;
		port_unlock(&r->lock);
	}
	stats->flushes = completed(fq);
	stats->shared = __atomic_load_n(&fq->shared, __ATOMIC_RELAXED);
	stats->reclaimed = __atomic_load_n(&fq->reclaimed, __ATOMIC_RELAXED);
}

static bool ring_is_good(const struct iommu_flushq *fq, const struct ring *r)
{
	uint64_t begun = __atomic_load_n(&fq->begun, __ATOMIC_ACQUIRE);

	if (r->used > fq->capacity || r->first >= fq->capacity ||
	    r->stats.queued - r->stats.released != r->used ||
	    r->stats.max_drained > IOMMU_FLUSHQ_DRAIN_MAX || r->stats.max_used > fq->capacity)
		return false;
	for (uint32_t i = 0; i < r->used; i++) {
		const struct entry *e = &r->entry[slot(fq, r->first + i)];

		if (e->stamp > begun || (!e->table && !e->b))
			return false;
	}
	return true;
}

int iommu_flushq_validate(struct iommu_flushq *fq)
{
	bool good = completed(fq) <= __atomic_load_n(&fq->begun, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < fq->opts.rings && good; i++) {
		port_lock(&fq->ring[i].lock);
		good = ring_is_good(fq, &fq->ring[i]);
		port_unlock(&fq->ring[i].lock);
	}
	return good ? 0 : -EUCLEAN;
}
