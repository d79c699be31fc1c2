// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds: one invalidation of what every CPU has handed over (iommu-strategy.h has the table of who
 * writes what).
 *
 * An unmap leaves posts in its CPU's lane: ranges to invalidate, addresses to release, removed
 * tables. Whoever takes busy begins a round: it collects what is in the lanes, hands it to the
 * driver with one sync behind it, and lets go of busy without waiting. A few rounds may be under
 * way; then posts pile up, and the next round takes them all: that is how concurrent unmaps share
 * syncs, and the fewer CPUs touch the command queue the more there are.
 *
 * Invariants: completed <= issued <= begun <= completed + FLIGHTS; a post that no round has taken
 * is among the pending newest of its lane; a post leaves its lane, in order, only when the round
 * that took it is complete, or a whole one that began after its descriptors were cleared; no lock
 * is held while the driver or a hook is called.
 */
#include <string.h>

#include "core/gather.h"
#include "core/rounds.h"
#include "core/tree.h"

#define DRAIN_ONCE (IOMMU_STRATEGY_DRAIN_MAX / 2) /* before and behind a wait for room */
#define SEQ_BITS   48
#define SEQ_MASK   ((1ull << SEQ_BITS) - 1)

_Static_assert(DRAIN_ONCE >= CALL_MAX, "a lane that is drained as it is filled never grows");

/* For the tests that plant bugs: safe one round early; a whole round begun before it is counted. */
#ifndef ROUNDS_EARLY
#define ROUNDS_EARLY 0
#endif
#ifndef ROUNDS_LATE
#define ROUNDS_LATE 0
#endif

enum { POST_INVALIDATE = 1, POST_LEAF = 2, POST_RELEASE = 4, POST_TABLE = 8 };

struct arrival {
	uint32_t n;
	uint64_t leaves;
	struct post post[CALL_MAX];
};

struct batch {
	uint32_t n;
	struct post post[DRAIN_ONCE];
};

static void raise(uint64_t *counter, uint64_t to)
{
	uint64_t old = load(counter);

	while (old < to && !__atomic_compare_exchange_n(counter, &old, to, true, __ATOMIC_ACQ_REL,
							__ATOMIC_ACQUIRE))
		;
}

/* The driver. Without async it has waited when begin returns. */

static uint64_t begin_ranges(struct pt_rounds *r, unsigned int n)
{
	const struct iommu_async_ops *async = r->opts.async;

	port_dma_wmb();
	if (async)
		return async->begin(r->chunk, n, r->d->iop.cookie);
	for (unsigned int i = 0; i < n; i++)
		pt_emit(r->d, r->chunk[i].iova, r->chunk[i].size, r->chunk[i].stride_lg2,
			r->chunk[i].leaf);
	pt_tlb_sync(r->d);
	return 0;
}

static uint64_t begin_whole(struct pt_rounds *r)
{
	const struct iommu_gather_ops *tlb = r->d->iop.cfg.tlb;

	if (r->opts.async)
		return r->opts.async->begin_all(r->d->iop.cookie);
	if (tlb)
		tlb->tlb_flush_all(r->d->iop.cookie);
	return 0;
}

/* Completion. */

static struct flight *flight_of(struct pt_rounds *r, uint64_t round)
{
	return &r->flight[round % FLIGHTS];
}

static uint64_t token_of(struct pt_rounds *r, uint64_t round)
{
	return __atomic_load_n(&flight_of(r, round)->token, __ATOMIC_RELAXED);
}

/*
 * Rounds up to this one are complete; it had been issued. The slot of one that another thread has
 * found complete before may be a newer one's by now: what it says of that is then not used.
 */
static void complete_up_to(struct pt_rounds *r, uint64_t round)
{
	for (uint64_t i = load(&r->completed) + 1; i <= round; i++) {
		bool whole = load(&flight_of(r, i)->whole);

		if (whole && load(&r->completed) < i)
			raise(&r->whole, i);
		raise(&r->completed, i);
		if (unlikely(r->d->reclaim != NULL))
			pt_round_tables_complete(r->d, &r->tables[i % FLIGHTS], i);
	}
}

/* Looks at the rounds under way, without waiting. */
static void reap(struct pt_rounds *r)
{
	uint64_t issued = load(&r->issued);

	for (uint64_t i = load(&r->completed) + 1; i <= issued; i++) {
		if (r->opts.async && !r->opts.async->done(token_of(r, i), r->d->iop.cookie))
			return;
		complete_up_to(r, i);
	}
}

static void wait_round(struct pt_rounds *r, uint64_t round)
{
	while (load(&r->issued) < round)
		pause(r);
	if (load(&r->completed) >= round)
		return;
	if (r->opts.async)
		r->opts.async->wait(token_of(r, round), r->d->iop.cookie);
	complete_up_to(r, round);
}

/* Beginning a round: with busy. */

/* Tables whose round is complete. */
static void free_tables(struct pt_rounds *r)
{
	uint64_t completed = load(&r->completed);

	for (unsigned int i = 0; i < FLIGHTS; i++)
		r->reclaimed += pt_round_tables_free(r->d, &r->tables[i], completed);
}

/* What a round has collected, and from where on a flush of everything is the cheaper one. */
struct harvest {
	uint64_t round, leaves, limit;
	unsigned int n; /* in the chunk */
};

/*
 * Takes pending posts of a lane into the chunk, and says so in them, until the chunk is full or it
 * is too much. Returns how many are left.
 */
static uint32_t take(struct pt_rounds *r, struct lane *l, struct harvest *h, uint32_t most)
{
	uint32_t left = most, pending;

	port_lock(&l->lock);
	pending = l->pending;
	if (left > pending)
		left = pending;
	for (; left && h->n < CHUNK && h->leaves <= h->limit; left--, pending--) {
		struct post *p = &l->post[slot(r, l->first + (l->used - pending))];

		p->round = h->round;
		if (!(p->what & POST_INVALIDATE))
			continue;
		h->leaves += p->size >> p->stride_lg2;
		r->chunk[h->n++] = (struct iommu_gather_range){
			.iova = p->iova,
			.size = p->size,
			.stride_lg2 = p->stride_lg2,
			.leaf = p->what & POST_LEAF,
		};
	}
	__atomic_store_n(&l->pending, pending, __ATOMIC_RELAXED);
	port_unlock(&l->lock);
	return left;
}

/*
 * What lay in the lanes when this looked at them; a lane's bound is a bound of this. Every post
 * that is taken has a sync behind it; with none there is nothing to wait for but the round before.
 * Ends early when it is too much: then a flush of everything has to follow.
 */
static uint64_t collect(struct pt_rounds *r, struct harvest *h)
{
	uint64_t token = h->round > 1 ? token_of(r, h->round - 1) : 0;
	bool open = h->round == 1 || h->n;

	for (uint32_t i = 0; i < r->opts.lanes; i++) {
		struct lane *l = &r->lane[i];
		uint32_t left = __atomic_load_n(&l->pending, __ATOMIC_RELAXED);

		while (left) {
			left = take(r, l, h, left);
			open = true;
			if (h->leaves > h->limit)
				return token;
			if (h->n < CHUNK)
				continue;
			token = begin_ranges(r, h->n);
			h->n = 0;
			open = false;
		}
	}
	return open ? begin_ranges(r, h->n) : token;
}

/* Leaves that have been unmapped so far: looked at now and then. */
static uint64_t count_leaves(struct pt_rounds *r)
{
	uint64_t leaves = 0;

	for (uint32_t i = 0; i < r->opts.lanes; i++)
		leaves += __atomic_load_n(&r->lane[i].leaves, __ATOMIC_RELAXED);
	return leaves;
}

static uint64_t now_of(const struct pt_rounds *r)
{
	return r->opts.now_ns(r->opts.ctx);
}

/* From the number of a round on, whatever is unmapped belongs to a later one. */
static uint64_t count_round(struct pt_rounds *r)
{
	uint64_t round = __atomic_add_fetch(&r->begun, 1, __ATOMIC_SEQ_CST);

	if (r->adaptive)
		port_mb();
	return round;
}

/* Adaptive's part of the beginning. Returns the time, and which kind of round it is to be. */
static uint64_t consult(struct pt_rounds *r, bool *whole, bool *measured)
{
	uint64_t now;

	*whole = *measured = false;
	if (!r->adaptive)
		return 0;
	now = now_of(r);
	if (pt_adaptive_counts(&r->policy))
		pt_adaptive_count(&r->policy, count_leaves(r), now);
	*whole = pt_adaptive_begin(&r->policy, &r->opts, now);
	*measured = pt_adaptive_measures(&r->policy) && load(&r->completed) == load(&r->begun);
	return now;
}

/*
 * Empty tables, before the round has its number; what an earlier round in their place took out has
 * been given back, as that one is complete.
 */
static void unlink_tables(struct pt_rounds *r)
{
	struct pt_round_tables *t = &r->tables[(load(&r->begun) + 1) % FLIGHTS];

	free_tables(r);
	pt_round_tables_take(r->d, t);
}

/* The ranges of the tables that this round took out. */
static void take_ranges(struct pt_rounds *r, struct harvest *h)
{
	struct pt_round_tables *t = &r->tables[h->round % FLIGHTS];

	for (unsigned int i = 0; i < t->tables.nr_ranges; i++)
		r->chunk[h->n++] = t->tables.range[i];
	h->leaves += h->n;
	t->tables.nr_ranges = 0;
	pt_round_tables_wait_for(t, h->round);
}

/*
 * By ranges, until that turns out to be too much. Returns whether it was of everything after all.
 */
static bool hand_over(struct pt_rounds *r, uint64_t round, bool whole, uint64_t *leaves,
		      uint64_t *token)
{
	struct harvest h = { .round = round, .limit = UINT64_MAX };

	*leaves = 1;
	if (unlikely(r->d->reclaim != NULL))
		take_ranges(r, &h);
	if (!whole) {
		if (r->adaptive)
			h.limit = pt_adaptive_limit(&r->policy, &r->opts);
		*token = collect(r, &h);
		if (r->adaptive)
			pt_adaptive_saw(&r->policy, h.leaves);
		if (h.leaves <= h.limit) {
			*leaves = h.leaves;
			return false;
		}
	}
	if (!whole || !ROUNDS_LATE)
		*token = begin_whole(r);
	r->wholes++;
	return true;
}

static void issue(struct pt_rounds *r)
{
	uint64_t round, token = 0, leaves, began;
	bool whole, measured;

	began = consult(r, &whole, &measured);
	if (unlikely(r->d->reclaim != NULL))
		unlink_tables(r);
	if (ROUNDS_LATE && whole)
		token = begin_whole(r);
	round = count_round(r);
	whole = hand_over(r, round, whole, &leaves, &token);
	__atomic_store_n(&flight_of(r, round)->whole, whole, __ATOMIC_RELEASE);
	__atomic_store_n(&flight_of(r, round)->token, token, __ATOMIC_RELAXED);
	__atomic_store_n(&r->issued, round, __ATOMIC_RELEASE);
	if (!measured)
		return;
	wait_round(r, round);
	pt_adaptive_learn(&r->policy, leaves, now_of(r) - began);
}

/* May another round be begun, as far as is known? */
static bool has_flight(const struct pt_rounds *r)
{
	return load(&r->issued) - load(&r->completed) < FLIGHTS;
}

/* Begins a round if nobody else does and not too many are under way. */
static bool try_issue(struct pt_rounds *r)
{
	bool may;

	if (__atomic_load_n(&r->busy, __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&r->busy, 1, __ATOMIC_ACQUIRE))
		return false;
	if (!has_flight(r))
		reap(r);
	may = has_flight(r);
	if (may)
		issue(r);
	__atomic_store_n(&r->busy, 0, __ATOMIC_RELEASE);
	return may;
}

/* Lanes. */

static bool is_safe(const struct pt_rounds *r, const struct post *p)
{
	if (p->round && load(&r->completed) + ROUNDS_EARLY >= p->round)
		return true;
	return r->adaptive && load(&r->whole) > p->stamp;
}

/* With the lane's lock held: safe posts go, oldest first. */
static void drain(const struct pt_rounds *r, struct lane *l, struct batch *out)
{
	out->n = 0;
	while (l->used && out->n < DRAIN_ONCE && is_safe(r, &l->post[l->first])) {
		out->post[out->n++] = l->post[l->first];
		l->first = slot(r, l->first + 1);
		l->used--;
	}
	if (l->pending > l->used)
		__atomic_store_n(&l->pending, l->used, __ATOMIC_RELAXED);
	l->released += out->n;
}

/* With no lock held. */
static void release(struct pt_rounds *r, const struct batch *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		const struct post *p = &out->post[i];

		if (p->what & POST_TABLE) {
			pt_tree_quarantine(r->d, p->table, (unsigned int)p->iova, false);
			pt_tree_free(r->d, p->table, (unsigned int)p->iova, (unsigned int)p->size);
		} else if (p->what & POST_RELEASE) {
			r->opts.release(r->opts.ctx, p->iova, p->size);
		}
	}
}

static void push(struct pt_rounds *r, struct lane *l, const struct arrival *in)
{
	for (uint32_t i = 0; i < in->n; i++)
		l->post[slot(r, l->first + l->used++)] = in->post[i];
	__atomic_store_n(&l->pending, l->pending + in->n, __ATOMIC_RELAXED);
	__atomic_store_n(&l->leaves, l->leaves + in->leaves, __ATOMIC_RELAXED);
	l->queued += in->n;
	if (l->used > l->max_used)
		l->max_used = l->used;
}

static struct lane *lane_of_caller(struct pt_rounds *r, uint64_t *index)
{
	int own = r->opts.lanes == 1 ? 0 : io_pgtable_port_slot();

	*index = own < 0 ? 0 : (uint32_t)own % r->opts.lanes;
	return &r->lane[*index];
}

/* The range to release is one post with the range to invalidate where they are the same. */
static void make_posts(struct arrival *in, const struct iommu_iotlb_gather *g, uint64_t iova,
		       uint64_t size)
{
	bool same = g->nr_ranges == 1 && g->range[0].iova == iova && g->range[0].size == size;

	in->n = 0;
	in->leaves = 0;
	for (unsigned int i = 0; i < g->nr_ranges; i++)
		in->leaves += g->range[i].size >> g->range[i].stride_lg2;
	for (unsigned int i = 0; i < g->nr_ranges; i++)
		in->post[in->n++] = (struct post){
			.iova = g->range[i].iova,
			.size = g->range[i].size,
			.stride_lg2 = g->range[i].stride_lg2,
			.what = (uint8_t)(POST_INVALIDATE | (g->range[i].leaf ? POST_LEAF : 0) |
					  (same ? POST_RELEASE : 0)),
		};
	for (unsigned int i = 0; i < g->nr_tables; i++)
		in->post[in->n++] = (struct post){
			.iova = g->table[i].level,
			.size = g->table[i].flags,
			.table = g->table[i].ptr,
			.what = POST_TABLE,
		};
	if (!same)
		in->post[in->n++] =
			(struct post){ .iova = iova, .size = size, .what = POST_RELEASE };
}

/* What this thread has cleared is covered by a whole round that begins from here on. */
static void stamp(struct pt_rounds *r, struct arrival *in)
{
	uint64_t begun;

	if (!r->adaptive)
		return;
	if (PORT_TSAN) {
		begun = __atomic_fetch_add(&r->begun, 0, __ATOMIC_SEQ_CST);
	} else {
		port_mb();
		begun = __atomic_load_n(&r->begun, __ATOMIC_RELAXED);
	}
	for (uint32_t i = 0; i < in->n; i++)
		in->post[i].stamp = begun;
}

/* Until the oldest post of a lane is safe: what a full lane waits for. */
static void wait_oldest(struct pt_rounds *r, struct lane *l)
{
	uint64_t round;
	bool safe;

	port_lock(&l->lock);
	safe = !l->used || is_safe(r, &l->post[l->first]);
	round = l->used ? l->post[l->first].round : 0;
	port_unlock(&l->lock);
	if (safe)
		return;
	if (round)
		wait_round(r, round);
	else if (!try_issue(r)) {
		round = load(&r->completed) + 1;
		if (load(&r->issued) >= round)
			wait_round(r, round);
		else
			pause(r);
	}
}

/* With the lane's lock held on the way in and out; what out had is released. */
static void noinline make_room(struct pt_rounds *r, struct lane *l, struct batch *out)
{
	l->full++;
	if (l->max_drained < 2 * DRAIN_ONCE)
		l->max_drained = 2 * DRAIN_ONCE;
	do {
		port_unlock(&l->lock);
		release(r, out);
		wait_oldest(r, l);
		port_lock(&l->lock);
		drain(r, l, out);
	} while (l->used >= r->opts.depth);
}

static bool is_due(struct pt_rounds *r)
{
	return !r->adaptive || pt_adaptive_is_due(&r->policy, now_of(r));
}

size_t pt_rounds_unmap(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	struct pt_rounds *r = s->rounds;
	struct iommu_iotlb_gather gather;
	struct arrival in;
	struct batch out;
	uint64_t index;
	struct lane *l;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	bytes = io_pgtable_unmap(s->iop, iova, size, &gather);
	make_posts(&in, &gather, iova, size);
	stamp(r, &in);
	l = lane_of_caller(r, &index);
	port_lock(&l->lock);
	drain(r, l, &out);
	if (unlikely(l->used >= r->opts.depth))
		make_room(r, l, &out);
	else if (out.n > l->max_drained)
		l->max_drained = out.n;
	push(r, l, &in);
	if (ticket)
		*ticket = index << SEQ_BITS | ((l->queued - 1) & SEQ_MASK);
	port_unlock(&l->lock);
	release(r, &out);
	/* With tickets there is somebody who waits for what is under way: no need to look. */
	if (is_due(r) && (r->opts.kind != IOMMU_STRATEGY_TICKET || has_flight(r)))
		try_issue(r);
	return bytes;
}

/* Where a ticket's post is by now. */
enum where { WAITING, UNDER_WAY, SAFE, RELEASED };

/* With out: if it is safe, what is safe goes there, in the same section. */
static enum where find(struct pt_rounds *r, uint64_t ticket, uint64_t *round, struct batch *out)
{
	struct lane *l = &r->lane[(ticket >> SEQ_BITS) % r->opts.lanes];
	uint64_t back;
	enum where where = RELEASED;

	port_lock(&l->lock);
	back = (l->queued - 1 - ticket) & SEQ_MASK; /* newer ones */
	if (back < l->used) {
		const struct post *p = &l->post[slot(r, l->first + (l->used - 1 - (uint32_t)back))];

		*round = p->round;
		where = is_safe(r, p) ? SAFE : p->round ? UNDER_WAY : WAITING;
	}
	if (out && where == SAFE) {
		drain(r, l, out);
		if (out->n > l->max_drained)
			l->max_drained = out->n;
	}
	port_unlock(&l->lock);
	return where;
}

bool pt_rounds_done(struct pt_rounds *r, uint64_t ticket)
{
	uint64_t round;

	reap(r);
	return find(r, ticket, &round, NULL) >= SAFE;
}

/* Twice DRAIN_ONCE at most. Returns true if there is more. */
static bool release_lane(struct pt_rounds *r, struct lane *l)
{
	struct batch out;
	uint32_t n = 0;
	bool more;

	do {
		port_lock(&l->lock);
		drain(r, l, &out);
		n += out.n;
		if (n > l->max_drained)
			l->max_drained = n;
		more = l->used && is_safe(r, &l->post[l->first]);
		port_unlock(&l->lock);
		release(r, &out);
	} while (more && n + DRAIN_ONCE <= IOMMU_STRATEGY_DRAIN_MAX);
	return more;
}

void pt_rounds_wait(struct pt_rounds *r, uint64_t ticket)
{
	struct batch out;
	uint64_t round;

	for (;;) {
		switch (find(r, ticket, &round, &out)) {
		case UNDER_WAY:
			wait_round(r, round);
			continue;
		case WAITING:
			if (has_flight(r) && try_issue(r))
				continue;
			round = load(&r->completed) + 1;
			if (load(&r->issued) >= round)
				wait_round(r, round);
			else
				pause(r);
			continue;
		case SAFE:
			release(r, &out);
			if (out.n < DRAIN_ONCE)
				return;
			continue; /* there may be more up to it */
		default:
			return;
		}
	}
}

/* Gives back what was reclaimed, if nobody else is at it. */
static void tidy(struct pt_rounds *r)
{
	if (__atomic_exchange_n(&r->busy, 1, __ATOMIC_ACQUIRE))
		return;
	free_tables(r);
	__atomic_store_n(&r->busy, 0, __ATOMIC_RELEASE);
}

bool pt_rounds_poll(struct pt_rounds *r, uint32_t lane, uint64_t now_ns)
{
	struct lane *l = &r->lane[lane];
	uint32_t pending = __atomic_load_n(&l->pending, __ATOMIC_RELAXED);

	reap(r);
	if (pending && (!r->adaptive || pt_adaptive_is_due(&r->policy, now_ns)))
		try_issue(r);
	else if (unlikely(r->d->reclaim != NULL))
		tidy(r);
	return release_lane(r, l);
}

/* The end. */

void pt_rounds_destroy(struct pt_rounds *r)
{
	for (uint32_t i = 0; i < r->opts.lanes; i++) {
		while (r->lane[i].used) {
			wait_oldest(r, &r->lane[i]);
			release_lane(r, &r->lane[i]);
		}
	}
	wait_round(r, load(&r->issued));
	free_tables(r);
}
