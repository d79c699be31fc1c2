// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_pgtable_coalesce() beside everything else: threads whose ranges share tables, blocks and
 * groups join, split, protect, unmap and map their own parts of one table, with walkers that snoop
 * and do not, and with tables that are reclaimed.
 *
 *	test-coalesce-threads [ROUNDS]
 *
 * The pages of a few tables go round among the threads in chunks, which are as large as a group or
 * smaller. One thread only looks, at pages of its own in each of these tables. Behind them each
 * worker has a table of its own, below the same parent, one page is nobody's, and some tables are
 * mostly empty, so that reclaim takes them out. A round:
 *
 *   1. Everyone maps its own pages, smallest ones.
 *   2. One thread joins all of it (nobody else uses it then, as it must be), the others work in
 *   tables of their own. 3. All work on their own pages: of blocks and groups that they share, in
 *   half of the rounds of smallest pages.
 *
 * What is checked: what a thread has mapped it finds, what it has unmapped it does not, calls
 * return what they must; the page that is nobody's is always there. Of a block or group that
 * threads share, pages may be away while another one splits it, as documented, and come back; where
 * nothing is shared they are never away, whatever is joined beside them. Freed tables are not
 * written to, and not freed before their invalidation (kept.h); in the end the table is valid and
 * all memory has come back. Under TSan also that no lock is missing.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "io-pgtable-update.h"
#include "kept.h"

#define WORKERS	 2
#define LOOKER	 WORKERS /* the thread that looks */
#define OWNERS	 (WORKERS + 1)
#define SHARED	 2 /* tables */
#define TURNS	 120
#define SPARSE	 2 /* tables, of which little or nothing is mapped */
/* How often a page that is away is looked for: until then whoever splits it has been at work. */
#define PATIENCE 10000000

static struct io_pgtable *iop;
static const struct variant *variant;
static pthread_barrier_t barrier;
static unsigned int rounds = 32;
static size_t chunk;	     /* pages */
static bool in_parts;	     /* blocks and groups are shared */
static unsigned int at_work; /* workers that are in the third step */
static size_t blocks, groups;
static bool lost; /* a page was away for too long: no more patience */

#define CHECK(cond) (bad += !(cond))

static uint64_t iova_of(size_t page)
{
	return page * variant->granule;
}

/* Aligned like the input, so that all of it could be joined. */
static uint64_t pa_of(size_t page)
{
	return 4 * SZ_16M + page * variant->granule;
}

static size_t shared_pages(void)
{
	return SHARED * table_entries(variant);
}

/*
 * The table behind the shared ones that belongs to a worker; of the looker's one page is there,
 * nobody's.
 */
static size_t own_table(unsigned int me)
{
	return (SHARED + me) * table_entries(variant);
}

static size_t owner_of(size_t page)
{
	return page / chunk % OWNERS;
}

/*
 * Is page where it was mapped? It may be away for a while only if others split what it is a part
 * of.
 */
static bool is_there(size_t page, bool may_be_away)
{
	phys_addr_t pa = io_pgtable_iova_to_phys(iop, iova_of(page) + 7);

	for (unsigned int i = 0; may_be_away && !pa && i < PATIENCE; i++) {
		if (__atomic_load_n(&lost, __ATOMIC_RELAXED))
			break;
		if (i % 64 == 63)
			sched_yield();
		pa = io_pgtable_iova_to_phys(iop, iova_of(page) + 7);
	}
	if (!pa)
		__atomic_store_n(&lost, true, __ATOMIC_RELAXED);
	return pa == pa_of(page) + 7;
}

static bool map_smallest(size_t page, size_t n)
{
	size_t mapped = 0;

	return !iop->ops->map_pages(iop, iova_of(page), pa_of(page), variant->granule, n, RW,
				    &mapped) &&
	       mapped == n * variant->granule;
}

static bool unmap(size_t page, size_t n, struct iommu_iotlb_gather *g)
{
	return io_pgtable_unmap(iop, iova_of(page), n * variant->granule, g) ==
	       n * variant->granule;
}

static bool coalesce(size_t page, size_t n, size_t *joined)
{
	return !io_pgtable_coalesce(iop, iova_of(page), n * variant->granule, joined);
}

/*
 * A whole table of its own: full, a block, in parts, a block again, away; at once or page by page.
 */
static uintptr_t alone(unsigned int me, uint64_t *seed)
{
	size_t first = own_table(me), n = table_entries(variant), i = next_random(seed) % n;
	bool block = iop->cfg.pgsize_bitmap & table_span(variant);
	size_t joined = 0, changed = 0, unannounced = kept_unannounced();
	uintptr_t bad = 0;

	CHECK(map_smallest(first, n));
	CHECK(coalesce(first, n, &joined) && (!block || joined == 1));
	CHECK(unmap(first + i, 1, NULL));
	for (size_t at = 0; at < n; at += n / 16)
		CHECK(at == i || is_there(first + at, false));
	CHECK(!io_pgtable_iova_to_phys(iop, iova_of(first + i)));
	CHECK(!io_pgtable_protect(iop, iova_of(first + (i ^ 1)), variant->granule, RW, NULL,
				  &changed));
	CHECK(map_smallest(first + i, 1));
	joined = 0;
	CHECK(coalesce(first, n, &joined) && (!block || joined == 1));
	CHECK(is_there(first + i, false));
	CHECK(kept_unannounced() == unannounced);
	__atomic_fetch_add(&blocks, block, __ATOMIC_RELAXED);
	if (next_random(seed) % 2)
		return bad + !unmap(first, n, NULL);
	for (i = 0; i < n; i++)
		CHECK(unmap(first + i, 1, NULL));
	return bad;
}

/* What a worker knows of its own pages. */
struct work {
	unsigned int me;
	uint64_t seed;
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cursor cursor; /* kept while tables that it remembers become blocks */
	bool mapped[SHARED * 512];
};

/* Pages from first on that are all mapped, or all not, at most n. */
static size_t alike(const struct work *w, size_t first, size_t n)
{
	size_t some = 1;

	while (some < n && w->mapped[first + some] == w->mapped[first])
		some++;
	return some;
}

static uintptr_t change(struct work *w, size_t page, size_t n)
{
	struct iommu_iotlb_gather *g = next_random(&w->seed) % 2 ? &w->gather : NULL;
	uint64_t size = n * variant->granule;
	size_t changed = 0;
	bool bad;

	if (!w->mapped[page]) {
		/* What is queued must not hit what is mapped anew. */
		io_pgtable_sync(iop, &w->gather);
		bad = n == 1 ? io_pgtable_cursor_map(&w->cursor, iova_of(page), pa_of(page), RW)
			     : io_pgtable_map(iop, iova_of(page), pa_of(page), size, RW);
	} else if (next_random(&w->seed) % 3) {
		bad = n == 1 ? io_pgtable_cursor_unmap(&w->cursor, iova_of(page), g) != size
			     : !unmap(page, n, g);
	} else {
		bad = io_pgtable_protect(iop, iova_of(page), size,
					 next_random(&w->seed) % 2 ? RW : IOMMU_READ, g,
					 &changed) ||
		      changed != size;
		return bad;
	}
	for (size_t i = 0; i < n; i++)
		w->mapped[page + i] ^= true;
	return bad;
}

/*
 * A page in a table that may have gone, and come, at any time; what is joined around it is nothing.
 */
static uintptr_t passing_by(struct work *w)
{
	size_t tables = (SHARED + OWNERS) * table_entries(variant);
	size_t chunks = SPARSE * table_entries(variant) / chunk / OWNERS, joined = 0;
	size_t first = (next_random(&w->seed) % chunks * OWNERS + w->me) * chunk + tables;
	size_t other = (next_random(&w->seed) % chunks * OWNERS + w->me) * chunk + tables;
	size_t page = first + next_random(&w->seed) % chunk;
	uintptr_t bad = 0;

	CHECK(coalesce(other, chunk, &joined));
	CHECK(map_smallest(page, 1));
	CHECK(coalesce(other, chunk, &joined));
	CHECK(is_there(page, false));
	CHECK(unmap(page, 1, NULL));
	CHECK(!joined);
	return bad;
}

/* One thing to a part of a chunk, and then all of the chunk must be as it should. */
static uintptr_t turn(struct work *w)
{
	size_t chunks = shared_pages() / chunk / OWNERS, joined = 0;
	size_t first = (next_random(&w->seed) % chunks * OWNERS + w->me) * chunk;
	size_t from = next_random(&w->seed) % chunk;
	size_t n = 1 + next_random(&w->seed) % (chunk - from);
	uintptr_t bad = 0;

	if (next_random(&w->seed) % 3)
		bad = change(w, first + from, alike(w, first + from, n));
	else if (next_random(&w->seed) % 2)
		CHECK(coalesce(first + from, n, &joined));
	else
		CHECK(coalesce(first, chunk, &joined));
	__atomic_fetch_add(&groups, joined, __ATOMIC_RELAXED);
	for (size_t i = first; i < first + chunk; i++)
		CHECK(w->mapped[i] ? is_there(i, in_parts)
				   : !io_pgtable_iova_to_phys(iop, iova_of(i) + 7));
	return bad;
}

/* Every page of a thread, first mapped or then unmapped, by chunks. */
static uintptr_t all_of(unsigned int me, bool map, struct work *w)
{
	uintptr_t bad = 0;

	for (size_t page = 0; page < shared_pages(); page++) {
		if (owner_of(page) != me)
			continue;
		if (map)
			CHECK(map_smallest(page, 1));
		else if (!w || w->mapped[page])
			CHECK(unmap(page, 1, NULL));
		if (w)
			w->mapped[page] = map;
	}
	return bad;
}

/*
 * A shared table full of smallest pages, or of what there was in it but one: joined by one thread.
 */
static uintptr_t join_all(unsigned int round)
{
	size_t n = table_entries(variant), joined = 0, less = round & 2 ? 1 : 0;
	bool block = iop->cfg.pgsize_bitmap & table_span(variant);
	uintptr_t bad = 0;

	for (size_t i = 0; i < SHARED; i++)
		CHECK(coalesce(i * n, n - less, &joined));
	if (block && !less) {
		CHECK(joined == SHARED);
		__atomic_fetch_add(&blocks, joined, __ATOMIC_RELAXED);
	}
	return bad;
}

static void wait_for_all(void)
{
	pthread_barrier_wait(&barrier);
}

/* Steps of a round that all threads take at the same time. */
static void begin(unsigned int round)
{
	chunk = round & 1 ? 32 : 8;
	in_parts = !(round & 4);
	__atomic_store_n(&at_work, WORKERS, __ATOMIC_RELAXED);
}

static void *worker(void *arg)
{
	struct work w = { .me = (unsigned int)(uintptr_t)arg };
	uintptr_t bad = 0;

	w.seed = w.me + 17;
	iommu_iotlb_gather_init(&w.gather);
	io_pgtable_cursor_init(&w.cursor, iop);
	for (unsigned int r = 0; r < rounds; r++) {
		if (!w.me)
			begin(r);
		wait_for_all();
		bad += all_of(w.me, true, &w);
		wait_for_all();
		if (in_parts && r % WORKERS == w.me)
			bad += join_all(r);
		else
			bad += alone(w.me, &w.seed);
		wait_for_all();
		for (unsigned int i = 0; i < TURNS; i++)
			bad += i % 2 ? turn(&w) : passing_by(&w);
		bad += alone(w.me, &w.seed);
		__atomic_fetch_sub(&at_work, 1, __ATOMIC_RELEASE);
		wait_for_all();
		io_pgtable_sync(iop, &w.gather);
		for (size_t page = 0; page < shared_pages(); page++)
			CHECK(owner_of(page) != w.me || !w.mapped[page] || is_there(page, false));
		wait_for_all();
		/*
		 * Nobody else is in an operation, but a trim may have left a mark to the next
		 * round.
		 */
		if (!w.me)
			CHECK(!io_pgtable_validate(iop));
		wait_for_all();
		bad += all_of(w.me, false, &w);
		wait_for_all();
	}
	return (void *)bad;
}

/*
 * Looks at its own pages, and at nobody's, for as long as the others work; and trims where that is
 * the mode.
 */
static uintptr_t look(uint64_t *seed)
{
	bool trims = iop->cfg.reclaim == IO_PGTABLE_RECLAIM_ON_TRIM;
	uintptr_t bad = 0;
	uint64_t iova[2];
	phys_addr_t pa[2];

	for (unsigned int i = 0; !i || __atomic_load_n(&at_work, __ATOMIC_ACQUIRE); i++) {
		size_t page = next_random(seed) % (shared_pages() / chunk / OWNERS);

		page = (page * OWNERS + LOOKER) * chunk + i % chunk;
		iova[0] = iova_of(page);
		iova[1] = iova_of(own_table(LOOKER));
		io_pgtable_iova_to_phys_batch(iop, iova, pa, 2);
		CHECK(pa[0] == pa_of(page) || (in_parts && !pa[0]));
		CHECK(pa[1] == pa_of(own_table(LOOKER)));
		CHECK(is_there(page, in_parts));
		if (trims && i % 64 == 0)
			io_pgtable_trim(iop);
	}
	return bad;
}

static void *looker(void *arg)
{
	uint64_t seed = 99;
	uintptr_t bad = 0;

	for (unsigned int r = 0; r < rounds; r++) {
		wait_for_all();
		bad += all_of(LOOKER, true, NULL);
		wait_for_all();
		wait_for_all();
		bad += look(&seed);
		wait_for_all();
		for (size_t page = 0; page < shared_pages(); page++)
			CHECK(owner_of(page) != LOOKER || is_there(page, false));
		wait_for_all();
		wait_for_all();
		bad += all_of(LOOKER, false, NULL);
		wait_for_all();
	}
	return (void *)bad;
}

static void run(const char *name, bool coherent, enum io_pgtable_reclaim reclaim)
{
	struct io_pgtable_reclaim_stats s;
	struct io_pgtable_cfg cfg;
	pthread_t thread[OWNERS];

	variant = find_variant(name);
	cfg = config(variant);
	cfg.tlb = &kept_driver;
	cfg.coherent_walk = coherent;
	cfg.reclaim = reclaim;
	cfg.mem = variant->traits & NARROW ? NULL : &kept_mem;
	iop = alloc_io_pgtable(variant->fmt, &cfg, NULL);
	assert_non_null(iop);
	blocks = groups = 0;
	lost = false;
	assert_true(map_smallest(own_table(LOOKER), 1));
	pthread_barrier_init(&barrier, NULL, OWNERS);
	for (uintptr_t i = 0; i < OWNERS; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, i == LOOKER ? looker : worker, (void *)i),
			0);
	for (size_t i = 0; i < OWNERS; i++) {
		void *bad;

		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	pthread_barrier_destroy(&barrier);
	io_pgtable_read_reclaim_stats(iop, &s);
	print_message("%s: %zu blocks, %zu groups; %zu tables reclaimed, %zu kept\n", name, blocks,
		      groups, (size_t)s.unlinked, (size_t)s.kept);
	assert_true(!reclaim || s.unlinked);
	assert_true(!(cfg.pgsize_bitmap & table_span(variant)) || blocks);
	assert_true(!(cfg.pgsize_bitmap & SZ_64K) || groups);
	assert_true(unmap(own_table(LOOKER), 1, NULL));
	io_pgtable_trim(iop);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	kept_end();
}

static const char *const names[] = { "arm_64_lpae_s1/4K", "arm_64_lpae_s1/4K+cont",
				     "amd_iommu_v1/4",	  "amd_iommu_v2/5",
				     "riscv_sv39+napot",  "arm_v7s" };

static void run_all(bool coherent, enum io_pgtable_reclaim reclaim)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!reclaim || !(find_variant(names[i])->traits & NO_RECLAIM))
			run(names[i], coherent, reclaim);
}

static void test_never(void **state)
{
	run_all(true, IO_PGTABLE_RECLAIM_NEVER);
}

static void test_never_clean(void **state)
{
	run_all(false, IO_PGTABLE_RECLAIM_NEVER);
}

/* Modes that the environment has no fence for are refused, and left out. */
static bool can_reclaim(void)
{
	struct io_pgtable_cfg cfg = config(find_variant(names[0]));

	cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
	return io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) != -ENOSYS;
}

static void reclaims(bool coherent, enum io_pgtable_reclaim reclaim)
{
	if (!can_reclaim())
		skip();
	run_all(coherent, reclaim);
}

static void test_on_sync(void **state)
{
	reclaims(true, IO_PGTABLE_RECLAIM_ON_SYNC);
}

static void test_on_sync_clean(void **state)
{
	reclaims(false, IO_PGTABLE_RECLAIM_ON_SYNC);
}

static void test_on_trim(void **state)
{
	reclaims(true, IO_PGTABLE_RECLAIM_ON_TRIM);
}

static void test_on_trim_clean(void **state)
{
	reclaims(false, IO_PGTABLE_RECLAIM_ON_TRIM);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never),	cmocka_unit_test(test_never_clean),
		cmocka_unit_test(test_on_sync), cmocka_unit_test(test_on_sync_clean),
		cmocka_unit_test(test_on_trim), cmocka_unit_test(test_on_trim_clean),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
