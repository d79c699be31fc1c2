// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim: from "this unmap has emptied a table" to "the table is in a gather" (core/reclaim.h has
 * the rules, docs/adr/0005-reclaim-by-sections.md the argument).
 *
 * Invariants: a descriptor is marked only between the beginning and the end of one round, under
 * lock; a table is taken out only if it was marked, then a fence for all threads was executed and
 * all sections had ended, then it was empty, and the mark was still there. What was taken out is
 * never written again: it is in a gather until its invalidation has been synced.
 */
#include "core/reclaim.h"

#include <errno.h>

#include "core/gather.h"
#include "core/narrow.h"
#include "core/run.h"
#include "core/tree.h"

#define BATCH	   IOMMU_GATHER_TABLES
/* Syncs that a candidate waits for after another thread stayed in an operation. */
#define HOLD_OFF   8
/* Tables looked at in one turn under lock by io_pgtable_trim(), and how often it tries a batch. */
#define TRIM_LOOKS 1024
#define TRIM_TRIES 64

/* A table that may go: its place, and while a round runs the entry that points to it. */
struct pick {
	uint64_t ia;
	unsigned int level;
	pt_entry *slot;
	uint64_t desc;
	pt_entry *table;
};

struct batch {
	unsigned int nr;
	struct pick pick[BATCH];
};

static void count(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

int pt_reclaim_create(struct pt_domain *d)
{
	_Static_assert(sizeof(*d->reclaim) <= 4096, "reclaim takes one 4096-byte block");
	if (!d->iop.cfg.reclaim)
		return 0;
	d->reclaim = table_pool_alloc(table_pool_default(), 4096, IO_PGTABLE_MEM_ZERO);
	if (!d->reclaim)
		return -ENOMEM;
	d->reclaim->notes = d->iop.cfg.reclaim == IO_PGTABLE_RECLAIM_ON_SYNC;
	return 0;
}

void pt_reclaim_destroy(struct pt_domain *d)
{
	if (d->reclaim)
		table_pool_free(table_pool_default(), d->reclaim, 4096, 0);
}

/*
 * Dekker's pattern between a reclaimer (rounds, then entries) and who detaches (entry, then
 * rounds).
 */
static void full_fence(void)
{
#if !PORT_TSAN
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static bool begin_rounds(struct pt_reclaim *r)
{
	if (!port_trylock(&r->lock))
		return false;
	__atomic_fetch_add(&r->rounds, 1, __ATOMIC_SEQ_CST);
	full_fence();
	return true;
}

static void end_rounds(struct pt_reclaim *r)
{
	__atomic_fetch_add(&r->rounds, 1, __ATOMIC_RELEASE);
	port_unlock(&r->lock);
}

void pt_reclaim_hold(struct pt_domain *d)
{
	while (d->reclaim && !begin_rounds(d->reclaim))
		pt_section_yield();
}

void pt_reclaim_release(struct pt_domain *d)
{
	if (d->reclaim)
		end_rounds(d->reclaim);
}

/*
 * Waits for rounds that are under way, not for the next ones: the caller may be in a section, which
 * those would wait for in turn. These end after a bounded time.
 */
void pt_reclaim_settle(struct pt_domain *d)
{
	const uint32_t *rounds = &d->reclaim->rounds;
	uint32_t seen;

	full_fence();
	seen = __atomic_load_n(rounds, __ATOMIC_ACQUIRE);
	while ((seen & 1) && __atomic_load_n(rounds, __ATOMIC_ACQUIRE) == seen)
		pt_section_yield();
}

void pt_reclaim_synced(struct pt_domain *d, unsigned int nr)
{
	__atomic_fetch_sub(&d->reclaim->pending, nr, __ATOMIC_RELEASE);
}

bool pt_reclaim_is_pending(const struct pt_domain *d)
{
	return d->reclaim && __atomic_load_n(&d->reclaim->pending, __ATOMIC_ACQUIRE);
}

void noinline pt_reclaim_vacant(struct pt_domain *d, uint64_t ia, unsigned int level, size_t n)
{
	unsigned int shift = pt_shift(d->format, level);
	struct iommu_iotlb_gather g;

	if (likely(!pt_reclaim_is_pending(d)))
		return;
	pt_gather_init(&g);
	pt_gather_range(d, &g, ia >> shift << shift, (uint64_t)n << shift, shift, false);
	pt_gather_finish(d, &g);
}

/* Where things are. */

/* The entry that points to the table of level that begins at ia; NULL if there is none. */
static pt_entry *find_link(const struct pt_domain *d, uint64_t ia, unsigned int level)
{
	const struct pt_format *f = d->format;
	pt_entry *slot = pt_root_slot(d->format, d, ia);

	for (unsigned int l = d->top; l > level + 1; l--) {
		uint64_t desc = port_load(slot);

		if (!f->is_table(desc, l))
			return NULL;
		slot = pt_child(f, d, desc) + pt_index(f, l - 1, ia);
	}
	return f->is_table(port_load(slot), level + 1) ? slot : NULL;
}

/* A round. */

/* Marks what is still there and looks empty; the others leave the batch. */
static void mark(struct pt_domain *d, struct batch *b)
{
	const struct pt_format *f = d->format;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < b->nr; i++) {
		struct pick p = b->pick[i];

		p.slot = find_link(d, p.ia, p.level);
		if (!p.slot)
			continue;
		p.desc = port_load(p.slot);
		p.table = pt_child(f, d, p.desc);
		if (!run_is_empty(p.table, pt_entries(f)) ||
		    (d->hw.grows && pt_root_holds(d, p.slot)))
			continue;
		if (d->reclaim && !port_cas(p.slot, &p.desc, p.desc | f->reclaiming))
			continue; /* only another thread's pt_tree_see(): it is in use */
		b->pick[nr++] = p;
	}
	b->nr = nr;
}

static void unmark(struct pt_domain *d, const struct pick *p)
{
	const struct pt_format *f = d->format;
	uint64_t seen = p->desc | f->reclaiming;

	/* Who changes it otherwise has no use for the mark either. */
	while ((seen & f->reclaiming) && !((seen ^ p->desc) & ~(f->cleaned | f->reclaiming)) &&
	       !port_cas(p->slot, &seen, seen & ~f->reclaiming))
		;
}

/* Takes one table out, if it is still empty and nobody has kept it. */
static bool take(struct pt_domain *d, const struct pick *p)
{
	uint64_t expected = p->desc;

	if (!d->reclaim)
		return pt_tree_detach(d, p->slot, p->desc);
	expected |= d->format->reclaiming;
	if (run_is_empty(p->table, pt_entries(d->format)) && port_cas(p->slot, &expected, 0)) {
		pt_clean(d, p->slot, sizeof(*p->slot));
		return true;
	}
	unmark(d, p);
	return false;
}

bool pt_reclaim_quiesce(struct pt_domain *d)
{
	if (!d->reclaim)
		return true;
	/*
	 * Before the fence: a cursor's section that begins later finds its table's address stale.
	 */
	__atomic_fetch_add(&d->removals, 1, __ATOMIC_RELEASE);
	count(&d->reclaim->stats.fences, 1);
#if PT_RECLAIM
	if (pt_section_quiesce())
		return true;
#endif
	count(&d->reclaim->stats.busy, 1);
	return false;
}

static void to_gather(struct pt_domain *d, struct iommu_iotlb_gather *g, const struct pick *p)
{
	pt_assert(g->nr_tables < IOMMU_GATHER_TABLES);
	if (!g->internal)
		pt_tree_quarantine(d, p->table, p->level, true);
	g->table[g->nr_tables].ptr = p->table;
	g->table[g->nr_tables].level = p->level;
	g->table[g->nr_tables].flags = IO_PGTABLE_MEM_ZERO;
	g->nr_tables++;
}

/* The table that the taken one hung in, if that is empty now and not the root. */
static void add_parent(struct pt_domain *d, struct batch *b, const struct pick *p)
{
	const struct pt_format *f = d->format;
	size_t bytes = pt_table_bytes(f);
	pt_entry *parent = (pt_entry *)((uintptr_t)p->slot & ~(bytes - 1));
	struct pick up = { .level = p->level + 1 };

	if (up.level == d->top || !run_is_empty(parent, pt_entries(f)))
		return;
	up.ia = p->ia & ~(pt_span(f, up.level + 1) - 1);
	for (unsigned int i = 0; i < b->nr; i++)
		if (b->pick[i].ia == up.ia && b->pick[i].level == up.level)
			return;
	b->pick[b->nr++] = up;
}

/*
 * One round, under lock: what can be taken out of b is appended to taken, b becomes the parents
 * that are empty now. False: another thread stayed in an operation; nothing has changed.
 */
static bool do_round(struct pt_domain *d, struct batch *b, struct batch *taken)
{
	struct batch parents = { .nr = 0 };
	unsigned int before = taken->nr;

	mark(d, b);
	if (!b->nr)
		return true;
	if (!pt_reclaim_quiesce(d)) {
		for (unsigned int i = 0; i < b->nr; i++)
			unmark(d, &b->pick[i]);
		return false;
	}
	if (d->reclaim)
		__atomic_fetch_add(&d->reclaim->pending, b->nr, __ATOMIC_ACQ_REL);
	for (unsigned int i = 0; i < b->nr; i++)
		if (take(d, &b->pick[i]))
			taken->pick[taken->nr++] = b->pick[i];
	if (d->reclaim)
		pt_reclaim_synced(d, b->nr - (taken->nr - before));
	for (unsigned int i = before; i < taken->nr; i++)
		add_parent(d, &parents, &taken->pick[i]);
	*b = parents;
	return true;
}

/*
 * Rounds upwards from todo, under lock, while there is room in taken; todo is what is left. False:
 * as do_round().
 */
static bool take_batch(struct pt_domain *d, struct batch *todo, struct batch *taken,
		       unsigned int room)
{
	while (todo->nr && taken->nr < room) {
		struct batch now = { .nr = 0 };
		unsigned int moved = 0;
		bool done;

		while (moved < todo->nr && now.nr < room - taken->nr)
			now.pick[now.nr++] = todo->pick[moved++];
		for (unsigned int i = moved; i < todo->nr; i++)
			todo->pick[i - moved] = todo->pick[i];
		todo->nr -= moved;
		done = do_round(d, &now, taken);
		for (unsigned int i = 0; i < now.nr; i++)
			todo->pick[todo->nr++] = now.pick[i];
		if (!done)
			return false;
	}
	return true;
}

/* Outside of the lock: the driver is called. */
static void gather_taken(struct pt_domain *d, const struct batch *taken,
			 struct iommu_iotlb_gather *g)
{
	const struct pt_format *f = d->format;

	for (unsigned int i = 0; i < taken->nr; i++) {
		const struct pick *p = &taken->pick[i];
		unsigned int shift = pt_shift(f, p->level + 1);

		pt_gather_range(d, g, p->ia, 1ull << shift, shift, false);
		to_gather(d, g, p);
	}
	if (d->reclaim)
		count(&d->reclaim->stats.unlinked, taken->nr);
}

#if PT_RECLAIM

/* Candidates. */

/*
 * An entry of the table that is not empty, as far from slot as can be: pages are mostly unmapped in
 * one direction or the other, and what is far away stays longest.
 */
static const pt_entry *find_live(const pt_entry *table, size_t entries, const pt_entry *slot)
{
	bool forwards = slot >= table + entries / 2;

	for (size_t done = 0; done < entries; done += 8) {
		const pt_entry *p = table + (forwards ? done : entries - 8 - done);

		if (!run_bits(p, 8).any)
			continue;
		for (unsigned int i = 0; i < 8; i++)
			if (port_load(p + (forwards ? i : 7 - i)))
				return p + (forwards ? i : 7 - i);
	}
	return NULL;
}

/* A table that is there already is noted anew: it was used meanwhile. */
static void note(struct pt_reclaim *r, uint64_t ia, unsigned int level, uint32_t epoch)
{
	uint32_t i = 0;

	port_lock(&r->ring_lock);
	while (i < r->nr && (r->candidate[i].ia != ia || r->candidate[i].level != level))
		i++;
	if (i < PT_RECLAIM_CANDIDATES)
		r->candidate[i] = (struct pt_candidate){ ia, level, epoch };
	else
		count(&r->stats.dropped, 1);
	if (i == r->nr && i < PT_RECLAIM_CANDIDATES)
		__atomic_store_n(&r->nr, i + 1, __ATOMIC_RELAXED);
	port_unlock(&r->ring_lock);
}

void noinline pt_reclaim_cleared(struct pt_domain *d, const pt_entry *slot, unsigned int level,
				 uint64_t ia)
{
	const struct pt_format *f = d->format;
	const pt_entry *table = (pt_entry *)((uintptr_t)slot & ~(pt_table_bytes(f) - 1)), *live;

	if (!d->reclaim->notes)
		return;
	live = find_live(table, pt_entries(f), slot);
	if (live) {
		if (!level)
			pt_section.live = live;
		return;
	}
	count(&d->reclaim->stats.noted, 1);
	note(d->reclaim, ia & ~(pt_span(f, level + 1) - 1), level,
	     __atomic_load_n(&d->reclaim->epoch, __ATOMIC_RELAXED));
}

/* Moves up to room candidates that were noted before this sync, or any if there are many. */
static void pick_candidates(struct pt_reclaim *r, struct batch *b, unsigned int room,
			    uint32_t epoch)
{
	port_lock(&r->ring_lock);
	for (uint32_t i = 0; i < r->nr && b->nr < room;) {
		struct pt_candidate *c = &r->candidate[i];

		if ((int32_t)(epoch - c->epoch) <= 0 && r->nr <= PT_RECLAIM_MANY) {
			i++;
			continue;
		}
		b->pick[b->nr++] = (struct pick){ .ia = c->ia, .level = c->level };
		*c = r->candidate[r->nr - 1];
		__atomic_store_n(&r->nr, r->nr - 1, __ATOMIC_RELAXED);
	}
	port_unlock(&r->ring_lock);
}

static void note_again(struct pt_reclaim *r, const struct batch *b, uint32_t epoch)
{
	for (unsigned int i = 0; r->notes && i < b->nr; i++)
		note(r, b->pick[i].ia, b->pick[i].level, epoch);
}

/* The last moment before a sync: what was noted goes with it. */
unsigned int pt_reclaim_unlink(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	struct pt_reclaim *r = d->reclaim;
	struct batch b = { .nr = 0 }, taken = { .nr = 0 };
	uint32_t epoch;

	if (!r->notes || pt_section_inside())
		return 0;
	epoch = __atomic_fetch_add(&r->epoch, 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&r->nr, __ATOMIC_RELAXED) || !begin_rounds(r))
		return 0;
	pick_candidates(r, &b, BATCH - g->nr_tables, epoch);
	if (take_batch(d, &b, &taken, BATCH - g->nr_tables))
		note_again(r, &b, epoch);
	else
		note_again(r, &b, epoch + HOLD_OFF);
	end_rounds(r);
	gather_taken(d, &taken, g);
	return taken.nr;
}

void noinline pt_reclaim_end(struct pt_domain *d, struct iommu_iotlb_gather *g, bool own)
{
	if (own || __atomic_load_n(&d->reclaim->nr, __ATOMIC_RELAXED) > PT_RECLAIM_MANY)
		pt_gather_finish(d, g);
}

void noinline pt_reclaim_flush(struct pt_domain *d, uint64_t ia, uint64_t bytes,
			       unsigned int stride_lg2, struct iommu_iotlb_gather *gather)
{
	struct iommu_iotlb_gather own, *g = gather ? gather : &own;

	if (!gather)
		pt_gather_init(&own);
	pt_gather_range(d, g, ia, bytes, stride_lg2, true);
	pt_reclaim_end(d, g, !gather);
}

void noinline pt_reclaim_last(struct pt_domain *d, const pt_entry *slot, uint64_t ia,
			      struct iommu_iotlb_gather *gather)
{
	const struct pt_format *f = d->format;

	pt_reclaim_cleared(d, slot, 0, ia);
	pt_section_end();
	pt_reclaim_flush(d, ia, pt_span(f, 0), f->granule_lg2, gather);
}

#else /* no domain has candidates */

void pt_reclaim_cleared(struct pt_domain *d, const pt_entry *slot, unsigned int level, uint64_t ia)
{
}

unsigned int pt_reclaim_unlink(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	return 0;
}

#endif

/* Trim: every table, whether it was noted or not. */

struct search {
	uint64_t from; /* tables that end below were looked at */
	unsigned int looks;
	bool more; /* it did not come to the end */
	struct batch found;
};

static bool is_over(const struct search *s)
{
	return s->found.nr == BATCH || s->looks >= TRIM_LOOKS;
}

static void search(struct pt_domain *d, pt_entry *table, size_t entries, unsigned int level,
		   uint64_t ia, struct search *s)
{
	const struct pt_format *f = d->format;
	uint64_t span = pt_span(f, level), flip = level == d->top ? f->root_flip : 0;

	for (size_t i = 0; level && i < entries && !is_over(s); i++, ia += span) {
		uint64_t desc = port_load(table + (i ^ flip));
		pt_entry *child;

		if (ia + (span - 1) < s->from || !f->is_table(desc, level))
			continue;
		child = pt_child(f, d, desc);
		search(d, child, pt_entries(f), level - 1, ia, s);
		if (is_over(s))
			break;
		s->looks++;
		if (run_is_empty(child, pt_entries(f)))
			s->found.pick[s->found.nr++] =
				(struct pick){ .ia = ia, .level = level - 1 };
		s->from = ia + span;
	}
}

/* One turn under lock: looks for tables if none are left to do. False: try again. */
static bool trim_turn(struct pt_domain *d, struct search *s, struct batch *taken)
{
	bool done;

	pt_reclaim_hold(d);
	if (!s->found.nr) {
		s->looks = 0;
		search(d, d->root, (size_t)(d->ia_last >> d->root_shift) + 1, d->top, 0, s);
		s->more = is_over(s);
	}
	done = take_batch(d, &s->found, taken, BATCH);
	pt_reclaim_release(d);
	return done;
}

size_t io_pgtable_trim(struct io_pgtable *iop)
{
	struct pt_domain *d = pt_domain(iop);
	struct search s = { .more = true };
	struct iommu_iotlb_gather g;
	unsigned int tries = 0;
	size_t bytes = 0;

	if (pt_is_narrow(d))
		return io_pgtable_trim_32(iop);
	pt_gather_init(&g);
	while (s.more || s.found.nr) {
		struct batch taken = { .nr = 0 };

		if (trim_turn(d, &s, &taken))
			tries = 0;
		else if (++tries == TRIM_TRIES)
			s.found.nr = tries = 0; /* these stay */
		gather_taken(d, &taken, &g);
		pt_gather_finish(d, &g);
		if (d->reclaim)
			pt_reclaim_synced(d, taken.nr);
		bytes += taken.nr * pt_table_bytes(d->format);
	}
	pt_root_shrink(d);
	return bytes;
}

/* Is a candidate a place where a table may hang, and there once? */
static bool candidate_is_good(const struct pt_domain *d, uint32_t i)
{
	const struct pt_candidate *c = &d->reclaim->candidate[i];

	if (c->level >= d->top || c->ia > d->ia_last ||
	    (c->ia & (pt_span(d->format, c->level + 1) - 1)))
		return false;
	for (uint32_t k = 0; k < i; k++)
		if (d->reclaim->candidate[k].ia == c->ia &&
		    d->reclaim->candidate[k].level == c->level)
			return false;
	return true;
}

bool pt_reclaim_validate(const struct pt_domain *d)
{
	const struct pt_reclaim *r = d->reclaim;

	if (!r)
		return true;
	if (r->nr > PT_RECLAIM_CANDIDATES || (r->nr && !r->notes) || (r->rounds & 1) || r->pending)
		return false;
	for (uint32_t i = 0; i < r->nr; i++)
		if (!candidate_is_good(d, i))
			return false;
	return true;
}

#if PT_ENTRY_BITS == 64
void io_pgtable_read_reclaim_stats(const struct io_pgtable *iop,
				   struct io_pgtable_reclaim_stats *stats)
{
	const struct pt_domain *d = (const struct pt_domain *)iop;

	*stats = d->reclaim ? d->reclaim->stats : (struct io_pgtable_reclaim_stats){ 0 };
}
#endif
