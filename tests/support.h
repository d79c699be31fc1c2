/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share: the list of formats and granules, a driver that records what it is told to
 * invalidate, and memory hooks that count, fail on request, poison, and translate addresses.
 *
 * Both recorders are for one thread; tests with threads bring their own.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io-pgtable.h"
#include "sizes.h"
#include "table-pool.h"

#define RW (IOMMU_READ | IOMMU_WRITE)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Input addresses are sign-extended; there is no write-only: write alone is refused; the walker
 * always snoops; nothing is reclaimed; descriptors, and addresses of tables, have 32 bits;
 * MediaTek's extension.
 */
enum { SIGNS = 1, NO_WRITE_ONLY = 2, SNOOPS = 4, NO_RECLAIM = 8, NARROW = 16, MTK = 32 };
#define BARE (SNOOPS | NO_RECLAIM)

/* A format at one granule, with the address sizes that a typical test uses. */
struct variant {
	const char *name;
	enum io_pgtable_fmt fmt;
	uint64_t granule;
	uint64_t sizes;
	unsigned int ias, oas;
	unsigned int traits;
};

#define NR_VARIANTS	 40
#define NR_LPAE_VARIANTS 8 /* the first ones: Arm's four formats */
extern const struct variant variants[NR_VARIANTS];

/* Entries of a table below the root, and what it maps when they are smallest pages. */
static inline uint64_t table_entries(const struct variant *v)
{
	return v->traits & NARROW ? 256 : v->granule / 8;
}

static inline uint64_t table_span(const struct variant *v)
{
	return table_entries(v) * v->granule;
}

/*
 * From the architectures' documents, apart from the code: may walkers find a leaf, or a block, and
 * what takes its place at the same time?
 */
bool changes_in_place(enum io_pgtable_fmt fmt);

/*
 * What a walk says at most of a leaf that was mapped with prot: without permissions it says both.
 */
static inline int shown_prot(const struct variant *v, int prot)
{
	return v->traits & MTK ? prot | RW : prot;
}

static inline uint64_t table_size(const struct variant *v)
{
	return v->traits & NARROW ? SZ_1K : v->granule;
}

const struct variant *find_variant(const char *name);
uint64_t largest_size(uint64_t sizes);

/* The iova of an address of ias bits: itself, or with its highest bit copied upwards. */
uint64_t canonical(const struct variant *v, uint64_t address);

enum event_kind { EVENT_RANGE, EVENT_FLUSH, EVENT_SYNC, EVENT_ALL, EVENT_CLEAN, EVENT_FREE };

struct event {
	enum event_kind kind;
	uint64_t iova;
	uint64_t size;
	unsigned int stride_lg2;
	bool leaf;
	void *ptr;
};

#define MAX_EVENTS 20000

/* The first MAX_EVENTS calls, and how many there were of each kind. */
struct recorder {
	struct event event[MAX_EVENTS];
	size_t nr_events;
	size_t count[EVENT_FREE + 1];
	size_t unsynced; /* invalidations since the last sync */
};

extern struct recorder recorder;
extern const struct iommu_gather_ops range_driver;    /* with tlb_add_range */
extern const struct iommu_gather_ops per_leaf_driver; /* without */

void recorder_reset(void);
const struct event *recorded(size_t index, enum event_kind kind);

/* The number of tables handed out and not returned; which allocation fails (1: the next). */
struct test_memory {
	size_t live;
	size_t allocs;
	size_t fail_at;
	bool fail_forever;
	bool check_sync;	/* a table must not be freed with invalidations outstanding */
	uint64_t pa_offset;	/* physical = virtual + this */
	void (*on_alloc)(void); /* called once, from inside the next allocation */
};

extern struct test_memory test_memory;
extern const struct io_pgtable_mem identity_mem; /* test_memory, physical = virtual */
extern const struct io_pgtable_mem offset_mem;	 /* test_memory, translated */

void test_memory_reset(void);

/* A configuration of a variant, with range_driver and the library's own memory. */
struct io_pgtable_cfg config(const struct variant *v);
struct io_pgtable *make_table(const struct variant *v);

/* A small deterministic generator: xorshift64*. */
uint64_t next_random(uint64_t *state);

/*
 * How many of @wanted steps to do: that many times fewer as the environment's TEST_DIVISOR says,
 * for where each is slow (the preset arm64-asan, tests/guest), but not fewer than 250.
 */
uint64_t test_fewer(uint64_t wanted);

#endif /* TESTS_SUPPORT_H */
