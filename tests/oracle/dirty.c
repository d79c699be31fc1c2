// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library says was written to (io-pgtable-update.h) against an IOMMU that somebody else
 * wrote.
 *
 * Two kinds of model. One records writes in the leaf, as hardware does: exactly the pages that DMA
 * wrote to have to be read back, and once cleared they have to be recorded again, but not through
 * what the IOTLB still holds of the time before the invalidation: that has to be seen, so that the
 * test is known to notice. The other records nothing, and refuses a write to what is not recorded
 * as written: a clean leaf has to be refused, and let through once it was marked by
 * io_pgtable_set_dirty(), which has to mark it as the model expects it. There too what was cleared
 * is written to through the IOTLB until the sync, and refused afterwards. What the test itself has
 * to invalidate it does page by page: more would hide an invalidation that the library has
 * forgotten.
 */
#include <stdio.h>

#include "edu.h"
#include "io-pgtable-update.h"
#include "oracle.h"

#define PAGES  100
#define ROUNDS 6
#define WORDS  ((PAGES + 63) / 64)

enum doing { NOTHING, READS, WRITES };

struct dirty_run {
	const struct oracle *oracle;
	struct io_pgtable *iop;
	uint64_t iova, pa, granule;
	uint64_t *seed;
	unsigned int failures, written, clean, refused, stale;
	enum doing doing[PAGES];
};

static void expect(struct dirty_run *r, bool good, const char *what, unsigned int page)
{
	if (!good && r->failures++ < 10)
		printf("  FAILED: %s, page %u\n", what, page);
}

static bool lands(struct dirty_run *r, unsigned int page)
{
	uint64_t offset = page * r->granule;

	return edu_lands(r->iova + offset, qemu_ptr(r->pa + offset));
}

/* To be waited for with forgotten(). */
static void forget_page(struct dirty_run *r, unsigned int page)
{
	r->oracle->tlb->tlb_add_range(r->iova + page * r->granule, r->granule,
				      (unsigned int)__builtin_ctzll(r->granule), true,
				      r->oracle->cookie);
}

static void forgotten(struct dirty_run *r)
{
	r->oracle->tlb->tlb_sync(r->oracle->cookie);
}

static void expect_refused(struct dirty_run *r, unsigned int page, const char *what)
{
	uint64_t iova = r->iova + page * r->granule;

	expect(r, !lands(r, page), what, page);
	expect(r, r->oracle->fault(iova) == r->oracle->refused_code,
	       "it is not reported as refused", page);
}

/* A model that records nothing: what is clean cannot be written to, what was marked can. */
static void write_by_hand(struct dirty_run *r, unsigned int page)
{
	uint64_t iova = r->iova + page * r->granule;

	expect_refused(r, page, "a write to a clean page lands");
	expect(r, !io_pgtable_set_dirty(r->iop, iova, r->granule), "cannot be marked", page);
	forget_page(r, page);
	forgotten(r);
	r->refused++;
}

static void do_page(struct dirty_run *r, unsigned int page)
{
	uint64_t offset = page * r->granule;

	r->doing[page] = (enum doing)(next_random(r->seed) % 3);
	if (r->doing[page] == WRITES) {
		if (!r->oracle->records_writes)
			write_by_hand(r, page);
		expect(r, lands(r, page), "a write does not land", page);
	} else if (r->doing[page] == READS) {
		edu_read(r->iova + offset);
		expect(r, !r->oracle->fault(r->iova + offset), "a read faults", page);
	}
}

static void read_back(struct dirty_run *r)
{
	uint64_t bitmap[WORDS] = { 0 };

	assert_int_equal(io_pgtable_read_and_clear_dirty(r->iop, r->iova, PAGES * r->granule, 0,
							 bitmap, NULL),
			 0);
	for (unsigned int page = 0; page < PAGES; page++) {
		bool dirty = bitmap[page / 64] >> page % 64 & 1;

		expect(r, dirty == (r->doing[page] == WRITES),
		       dirty ? "written, says the library" : "not written, says the library", page);
		r->written += dirty;
		r->clean += !dirty;
	}
}

static bool page_is_dirty(struct dirty_run *r, unsigned int page, unsigned int flags,
			  struct iommu_iotlb_gather *gather)
{
	uint64_t bitmap = 0;

	assert_int_equal(io_pgtable_read_and_clear_dirty(r->iop, r->iova + page * r->granule,
							 r->granule, flags, &bitmap, gather),
			 0);
	return bitmap & 1;
}

static void write_recorded(struct dirty_run *r, unsigned int page)
{
	if (r->oracle->make_recordable)
		r->oracle->make_recordable(r->iova + page * r->granule);
	expect(r, lands(r, page), "a write does not land", page);
}

/*
 * One page, so that the gather holds its range until the sync: in between the model writes through
 * what it remembers, and records nothing; afterwards it records.
 */
static void write_untraced(struct dirty_run *r, unsigned int page)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	write_recorded(r, page);
	expect(r, page_is_dirty(r, page, 0, &gather), "not written, says the library", page);
	write_recorded(r, page);
	expect(r, !page_is_dirty(r, page, IO_PGTABLE_DIRTY_NO_CLEAR, &gather),
	       "nothing is remembered before the sync", page);
	io_pgtable_sync(r->iop, &gather);
	write_recorded(r, page);
	expect(r, page_is_dirty(r, page, 0, NULL), "nothing is recorded after the sync", page);
	r->stale++;
}

/*
 * The same with a model that records nothing: until the sync the write lands in a page that is
 * clean.
 */
static void write_stale(struct dirty_run *r, unsigned int page)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	write_by_hand(r, page);
	expect(r, lands(r, page), "a write does not land", page);
	expect(r, page_is_dirty(r, page, 0, &gather), "not written, says the library", page);
	expect(r, lands(r, page), "nothing is remembered before the sync", page);
	io_pgtable_sync(r->iop, &gather);
	expect_refused(r, page, "a write to a clean page lands after the sync");
	r->stale++;
}

/*
 * QEMU 10's VT-d keeps a page that was read as one that may be written to, and records nothing if
 * it then is. What was written is left to the library's own invalidation.
 */
static void forget_reads(struct dirty_run *r)
{
	for (unsigned int page = 0; page < PAGES; page++)
		if (r->doing[page] == READS)
			forget_page(r, page);
	forgotten(r);
}

static void one_round(struct dirty_run *r)
{
	for (unsigned int page = 0; page < PAGES; page++) {
		if (r->oracle->make_recordable)
			r->oracle->make_recordable(r->iova + page * r->granule);
		do_page(r, page);
	}
	read_back(r);
	forget_reads(r);
	for (unsigned int page = 0; page < PAGES; page += 9)
		(r->oracle->records_writes ? write_untraced : write_stale)(r, page);
}

unsigned int dirty_check(const struct oracle *oracle, const struct oracle_case *c,
			 struct io_pgtable *iop, uint64_t iova, uint64_t pa, uint64_t *seed)
{
	uint64_t sizes = iop->cfg.pgsize_bitmap;
	struct dirty_run r = { .oracle = oracle, .iop = iop, .iova = iova, .pa = pa, .seed = seed };
	uint64_t ignored[WORDS] = { 0 };

	r.granule = sizes & -sizes;
	for (unsigned int page = 0; page < PAGES; page++)
		assert_int_equal(io_pgtable_map(iop, iova + page * r.granule, pa + page * r.granule,
						r.granule, RW),
				 0);
	/* Some formats begin as written to. */
	assert_int_equal(
		io_pgtable_read_and_clear_dirty(iop, iova, PAGES * r.granule, 0, ignored, NULL), 0);
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_round(&r);
	expect(&r, r.written && r.clean && r.stale && (oracle->records_writes || r.refused),
	       "nothing was tried", 0);
	printf("%s: %s ias %u, dirty state%s: %u pages written, %u not, %u refused while clean, %u "
	       "written to through what is stale until the sync, %u failures\n",
	       oracle->name, c->variant, c->ias,
	       oracle->records_writes ? " recorded by the model" : "", r.written, r.clean,
	       r.refused, r.stale, r.failures);
	return r.failures;
}
