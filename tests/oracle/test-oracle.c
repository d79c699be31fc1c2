// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's tables before an IOMMU that nobody here wrote:
 *
 *   test-oracle NAME PROGRAM [MAPS [SEED [mute]]]
 *
 * For each case of the oracle, MAPS random mappings of every size through the public API. Each is
 * asked for by DMA at its first, last and middle bytes where the machine has memory there: before
 * it is mapped it faults, and the fault is reported with the code and the page that it should have;
 * then writes and reads land where they should and nowhere else; read-only refuses writes; after
 * the unmap and before the sync the stale entry is *seen*, so that the test is known to notice a
 * missing invalidation; after the sync it is gone. With "mute" the IOMMU is told nothing: then it
 * is a failure if every mapping is gone all the same. Then the tables that record writes, for each
 * of the oracle's dirty cases (dirty.c; not with "mute"). Exit status 77: skipped, with the reason.
 */
#include <stdio.h>

#include "edu.h"
#include "oracle.h"

#define SKIPPED	   77
#define DATA_BYTES (256ull << 20)
#define MAX_PLACES 4

static const struct oracle *const oracles[] = {
	&oracle_smmuv3_s1, &oracle_smmuv3_s2, &oracle_vtd_ss,
	&oracle_vtd_fs,	   &oracle_riscv,     &oracle_amd,
};

struct counts {
	unsigned int maps, probes, reads, refused, stale, gone;
};

static const struct oracle *oracle;
static struct io_pgtable *iop;
static uint64_t seed = 1;
static unsigned int maps = 100, failures;
static struct counts counts;
static bool mute;
static uint64_t scratch_iova, *scratch;

static uint64_t below(uint64_t n)
{
	return next_random(&seed) % n;
}

static void expect(bool good, const char *what, uint64_t iova, uint64_t pa)
{
	if (good)
		return;
	if (failures++ < 10 && !mute)
		printf("  FAILED: %s at iova 0x%llx, pa 0x%llx\n", what, (unsigned long long)iova,
		       (unsigned long long)pa);
}

static bool lands(uint64_t iova, uint64_t pa)
{
	return edu_lands(iova, qemu_ptr(pa));
}

/* A write does not land, and is reported, for this page and with this code. */
static void expect_fault(const char *what, uint64_t iova, uint64_t pa, unsigned int code)
{
	bool landed = lands(iova, pa);
	unsigned int reported = oracle->fault(iova);

	expect(!landed, what, iova, pa);
	if (oracle->faults_are_silent)
		return;
	expect(reported, "no fault was reported", iova, pa);
	expect(!reported || reported == code, "a fault of another kind was reported", iova, pa);
}

/* A mapping, and places in it at which the machine has memory. */
struct mapping {
	uint64_t iova, pa, size;
	uint64_t place[MAX_PLACES];
	unsigned int nr_places;
};

static bool in_data(uint64_t pa)
{
	return pa - qemu_data_pa() < DATA_BYTES;
}

static void add_place(struct mapping *m, uint64_t offset)
{
	offset &= ~7ull;
	/* The data's first granule is the scratch page. */
	if (in_data(m->pa + offset) && m->pa + offset - qemu_data_pa() >= SZ_64K)
		m->place[m->nr_places++] = offset;
}

static bool overlaps_hole(uint64_t iova, uint64_t size)
{
	bool hole = oracle->hole_last && iova <= oracle->hole_last &&
		    iova + (size - 1) >= oracle->hole_first;

	return hole || (iova <= scratch_iova && scratch_iova - iova < size);
}

static void choose(struct mapping *m, const struct variant *v, unsigned int ias, uint64_t base)
{
	uint64_t sizes = iop->cfg.pgsize_bitmap,
		 left = below((uint64_t)__builtin_popcountll(sizes));
	uint64_t target = qemu_data_pa() + SZ_64K + (below(DATA_BYTES - SZ_64K) & ~7ull);

	while (left--)
		sizes &= sizes - 1;
	m->size = sizes & -sizes;
	m->pa = target & ~(m->size - 1);
	do {
		uint64_t ia = next_random(&seed) & ((1ull << ias) - 1) & ~(m->size - 1);

		m->iova = (v->traits & SIGNS ? canonical(v, ia) : ia) + base;
	} while (overlaps_hole(m->iova, m->size));
	m->nr_places = 0;
	add_place(m, target - m->pa);
	add_place(m, 0);
	add_place(m, m->size / 2);
	add_place(m, m->size - 8);
}

static void check_mapped(const struct mapping *m)
{
	for (unsigned int i = 0; i < m->nr_places; i++) {
		uint64_t at = m->place[i], value = next_random(&seed);
		volatile uint64_t *ptr = qemu_ptr(m->pa + at);

		expect(lands(m->iova + at, m->pa + at), "a write does not land", m->iova + at,
		       m->pa + at);
		*ptr = value;
		edu_read(m->iova + at);
		expect(edu_fetched(scratch_iova, scratch) == value, "a read gets something else",
		       m->iova + at, m->pa + at);
		counts.probes++;
		counts.reads++;
	}
	expect(!oracle->fault(m->iova), "a fault for what is mapped", m->iova, m->pa);
}

static void check_read_only(const struct mapping *m)
{
	uint64_t at = m->place[0];

	assert_int_equal(io_pgtable_map(iop, m->iova, m->pa, m->size, IOMMU_READ), 0);
	expect_fault("a write to what is read-only lands", m->iova + at, m->pa + at,
		     oracle->refused_code);
	*(volatile uint64_t *)qemu_ptr(m->pa + at) = seed;
	edu_read(m->iova + at);
	expect(edu_fetched(scratch_iova, scratch) == seed, "read-only cannot be read", m->iova + at,
	       m->pa + at);
	assert_int_equal(io_pgtable_unmap(iop, m->iova, m->size, NULL), m->size);
	counts.refused++;
}

/* Unmapped, and not synced: the entry has to be seen for the rest to mean anything. */
static void check_unmapped(const struct mapping *m)
{
	struct iommu_iotlb_gather gather;
	uint64_t at = m->place[0];

	iommu_iotlb_gather_init(&gather);
	assert_int_equal(io_pgtable_unmap(iop, m->iova, m->size, &gather), m->size);
	expect(lands(m->iova + at, m->pa + at), "nothing stale before the sync", m->iova + at,
	       m->pa + at);
	counts.stale++;
	oracle->fault(m->iova);
	io_pgtable_sync(iop, &gather);
	for (unsigned int i = 0; i < m->nr_places; i++)
		expect_fault("stale after the sync", m->iova + m->place[i], m->pa + m->place[i],
			     oracle->unmapped_code);
	counts.gone++;
}

static void one(const struct variant *v, unsigned int ias, uint64_t base)
{
	struct mapping m;

	choose(&m, v, ias, base);
	expect_fault("something is mapped already", m.iova + m.place[0], m.pa + m.place[0],
		     oracle->unmapped_code);
	assert_int_equal(io_pgtable_map(iop, m.iova, m.pa, m.size, RW), 0);
	check_mapped(&m);
	check_unmapped(&m);
	if (counts.maps++ % 4 == 0)
		check_read_only(&m);
}

/*
 * A table that is attached, with the scratch page through which the device is asked what it holds.
 */
static const struct variant *open_case(const struct oracle_case *c, uint64_t base)
{
	const struct variant *v = find_variant(c->variant);
	struct io_pgtable_cfg cfg = config(v);

	cfg.ias = c->ias;
	cfg.oas = c->oas;
	cfg.quirks = c->quirks;
	if (c->oas <= 48)
		cfg.pgsize_bitmap &= ~SZ_4T; /* a block of 52-bit addresses */
	cfg.tlb = mute ? NULL : oracle->tlb;
	cfg.mem = &qemu_mem;
	iop = alloc_io_pgtable(v->fmt, &cfg, oracle->cookie);
	assert_non_null(iop);
	oracle->attach(v, &cfg);
	scratch_iova = base + 16 * v->granule;
	scratch = qemu_ptr(qemu_data_pa());
	assert_int_equal(io_pgtable_map(iop, scratch_iova, qemu_data_pa(), v->granule, RW), 0);
	edu_load_token(scratch_iova, scratch);
	oracle->fault(scratch_iova);
	return v;
}

static void run_case(const struct oracle_case *c)
{
	uint64_t base = c->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1 ? ~0ull << c->ias : 0;
	const struct variant *v = open_case(c, base);

	counts = (struct counts){ 0 };
	for (unsigned int i = 0; i < maps; i++)
		one(v, c->ias, base);
	free_io_pgtable(iop);
	printf("%s: %s ias %u oas %u%s: %u maps, %u places written and read, %u refused, %u seen "
	       "stale and gone after the sync, %u failures\n",
	       oracle->name, c->variant, c->ias, c->oas, base ? " upper half" : "", counts.maps,
	       counts.probes, counts.refused, counts.gone, failures);
}

/* Far from the scratch page, at memory behind its own. */
static void run_dirty_case(const struct oracle_case *c)
{
	const struct variant *v = open_case(c, 0);

	failures += dirty_check(oracle, c, iop, SZ_1G, qemu_data_pa() + 16 * v->granule, &seed);
	free_io_pgtable(iop);
}

static int skip_unless_usable(const char *program)
{
	const char *version = qemu_version(program);
	unsigned int major = 0;

	if (!version) {
		printf("SKIPPED %s: %s does not start (tools/qemu.sh fetches it)\n", oracle->name,
		       program);
		return SKIPPED;
	}
	sscanf(version, "QEMU emulator version %u", &major);
	if (major < oracle->min_version) {
		printf("SKIPPED %s: needs QEMU %u, and %s is \"%s\"\n", oracle->name,
		       oracle->min_version, program, version);
		return SKIPPED;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct qemu_machine machine;

	for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(oracles); i++)
		if (!strcmp(argv[1], oracles[i]->name))
			oracle = oracles[i];
	if (!oracle) {
		fprintf(stderr, "usage: test-oracle NAME PROGRAM [MAPS [SEED [mute]]]\n");
		return 2;
	}
	if (argc > 3)
		maps = (unsigned int)strtoul(argv[3], NULL, 0);
	if (argc > 4)
		seed = strtoull(argv[4], NULL, 0) | 1;
	mute = argc > 5 && !strcmp(argv[5], "mute");
	if (skip_unless_usable(argv[2]))
		return SKIPPED;
	machine = oracle->machine;
	machine.program = argv[2];
	qemu_start(&machine);
	if (!edu_init(oracle->start())) {
		fprintf(stderr, "oracle: the machine has no edu device\n");
		return 2;
	}
	for (size_t i = 0; i < oracle->nr_cases; i++)
		run_case(&oracle->cases[i]);
	for (size_t i = 0; i < oracle->nr_dirty_cases && !mute; i++)
		run_dirty_case(&oracle->dirty_cases[i]);
	qemu_stop();
	if (mute) {
		printf("told nothing: %u of the checks failed, as they have to\n", failures);
		return failures ? 0 : 1;
	}
	return failures ? 1 : 0;
}
