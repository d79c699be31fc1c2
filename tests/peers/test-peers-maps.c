// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same random maps and unmaps in a table of Linux and in one of the library's (AMD v1 and v2,
 * ARMv7's short descriptors): both must say the same of every address and of what was unmapped; of
 * short descriptors, which have no software bits, each descriptor and TTBR0's attributes must be
 * the same too. Over what is mapped only the library is asked, which has to refuse: AMD's code
 * takes down what is there, and maps (free_clear_pte(), v2_alloc_pte()), and v7s warns. Maps are of
 * one size each, any of the format's, and an unmap takes what a map made: of parts of large pages
 * the two differ by design.
 *
 *	test-peers-maps VARIANT [OPERATIONS [QUIRKS]]
 */
#include "support.h"

#include <stdio.h>

#include "linux-peer.h"
#include "peer-runtime.h"

#define MAPPINGS 24

struct mapping {
	uint64_t iova, pa, pgsize, count; /* count 0: none */
};

/* What differs by format. Of addresses there is a small space, so that they meet. */
static const struct peer_format {
	enum io_pgtable_fmt fmt;
	enum linux_fmt linux_fmt;
	unsigned int space_lg2;
	bool same_descriptors;
} peer_formats[] = {
	{ AMD_IOMMU_V1, LINUX_AMD_IOMMU_V1, 33, false },
	{ AMD_IOMMU_V2, LINUX_AMD_IOMMU_V2, 33, false },
	{ ARM_V7S, LINUX_ARM_V7S, 30, true },
};

static const struct variant *variant;
static const struct peer_format *peer;
static unsigned long quirks;
static struct io_pgtable *core;
static struct linux_table *kernel;
static struct mapping mapping[MAPPINGS];
static uint64_t seed = 7, maps, refused, large;

static uint64_t random_below(uint64_t n)
{
	return next_random(&seed) % n;
}

static uint64_t random_size(void)
{
	uint64_t sizes = variant->sizes & (SZ_1G - 1);

	for (int skip = (int)random_below((uint64_t)__builtin_popcountll(sizes)); skip; skip--)
		sizes &= sizes - 1;
	return sizes & -sizes;
}

static uint64_t space(void)
{
	return 1ull << peer->space_lg2;
}

/* AMD's code knows these two only, of those that matter. */
static int random_prot(void)
{
	static const int prots[] = { RW,
				     IOMMU_READ | IOMMU_NOEXEC,
				     RW | IOMMU_CACHE,
				     IOMMU_READ | IOMMU_MMIO,
				     RW | IOMMU_PRIV | IOMMU_CACHE,
				     IOMMU_WRITE };

	return peer->same_descriptors ? prots[random_below(ARRAY_SIZE(prots))] : RW;
}

/*
 * In all of the output range that the library and the iovas leave, for formats whose descriptors
 * have it in pieces.
 */
static uint64_t random_pa(uint64_t pgsize)
{
	uint64_t most = (1ull << variant->oas) - 8 * SZ_16M;

	if (!peer->same_descriptors)
		return (space() + random_below(space())) & ~(pgsize - 1);
	return random_below(most) & ~(pgsize - 1);
}

static bool is_free(uint64_t iova, uint64_t bytes)
{
	for (size_t i = 0; i < MAPPINGS; i++)
		if (mapping[i].count &&
		    iova < mapping[i].iova + mapping[i].pgsize * mapping[i].count &&
		    mapping[i].iova < iova + bytes)
			return false;
	return true;
}

static void do_map(struct mapping *m)
{
	uint64_t pgsize = random_size(), count = 1 + random_below(8);
	uint64_t iova = random_below(space()) & ~(pgsize - 1), pa = random_pa(pgsize);
	size_t by_core = 0, by_kernel = 0;
	int prot = random_prot();

	if (!is_free(iova, pgsize * count)) {
		/* On the first page: then nothing is done. */
		if (!is_free(iova, SZ_4K)) {
			assert_int_equal(
				core->ops->map_pages(core, iova, pa, SZ_4K, 1, RW, &by_core),
				-EEXIST);
			assert_int_equal(by_core, 0);
			refused++;
		}
		return;
	}
	assert_int_equal(core->ops->map_pages(core, iova, pa, pgsize, count, prot, &by_core), 0);
	while (by_kernel < pgsize * count)
		assert_int_equal(kernel->ops->map_pages(kernel->ops, iova + by_kernel,
							pa + by_kernel, pgsize,
							count - by_kernel / pgsize, prot,
							LINUX_GFP_ATOMIC, &by_kernel),
				 0);
	assert_int_equal(by_core, by_kernel);
	*m = (struct mapping){ iova, pa, pgsize, count };
	maps++;
	large += pgsize != SZ_4K;
}

static void do_unmap(struct mapping *m)
{
	struct linux_gather g;
	size_t bytes = m->pgsize * m->count, by_kernel;

	linux_gather_init(&g);
	by_kernel = kernel->ops->unmap_pages(kernel->ops, m->iova, m->pgsize, m->count, &g);
	linux_sync(kernel, &g);
	assert_int_equal(by_kernel, bytes);
	assert_int_equal(core->ops->unmap_pages(core, m->iova, m->pgsize, m->count, NULL), bytes);
	m->count = 0;
}

static void probe(uint64_t iova)
{
	assert_int_equal(core->ops->iova_to_phys(core, iova),
			 kernel->ops->iova_to_phys(kernel->ops, iova));
}

static void probe_around(const struct mapping *m)
{
	uint64_t bytes = m->pgsize * m->count;

	probe(m->iova);
	probe(m->iova + bytes - 1);
	probe(m->iova + random_below(bytes));
	probe(m->iova + bytes);
	if (m->iova)
		probe(m->iova - 1);
}

/*
 * Physical addresses are virtual ones on both sides; a table without anything in it is as good as
 * none.
 */
static const uint32_t *child_of(uint32_t desc)
{
	return (desc & 3) == 1 ? (const uint32_t *)(uintptr_t)(desc & ~0x3ffu) : NULL;
}

static void compare_descriptors(void)
{
	const uint32_t *ours = (const uint32_t *)(uintptr_t)(core->cfg.arm_v7s_cfg.ttbr & ~0x3fffu);
	const uint32_t *theirs = (const uint32_t *)(uintptr_t)(kernel->root & ~0x3fffull);

	for (size_t i = 0; i < 1ull << (variant->ias - 20); i++) {
		const uint32_t *a = child_of(ours[i]), *b = child_of(theirs[i]);

		if (!a && !b)
			assert_int_equal(ours[i], theirs[i]);
		for (size_t k = 0; (a || b) && k < 256; k++)
			assert_int_equal(a ? a[k] : 0, b ? b[k] : 0);
		if (a && b)
			assert_int_equal(ours[i] & 0x3ff, theirs[i] & 0x3ff);
	}
}

static void test(void **state)
{
	uint64_t operations = *(uint64_t *)*state;
	struct io_pgtable_cfg cfg = config(variant);
	const struct linux_config c = {
		peer->linux_fmt,
		variant->sizes,
		variant->ias,
		variant->oas,
		quirks | (cfg.quirks & ~IO_PGTABLE_QUIRK_NO_WARN),
		true,
	};

	cfg.quirks |= quirks | IO_PGTABLE_QUIRK_NO_WARN;
	core = alloc_io_pgtable(variant->fmt, &cfg, NULL);
	kernel = linux_peer.alloc(&c);
	assert_non_null(core);
	assert_non_null(kernel);
	if (peer->same_descriptors)
		assert_int_equal((core->cfg.arm_v7s_cfg.ttbr ^ kernel->root) & 0x3fff, 0);
	for (uint64_t i = 0; i < operations; i++) {
		struct mapping *m = &mapping[random_below(MAPPINGS)];
		struct mapping was = *m;

		if (m->count)
			do_unmap(m);
		else
			do_map(m);
		probe(random_below(space()));
		if (was.count || m->count)
			probe_around(m->count ? m : &was);
		if (peer->same_descriptors && i % 4 == 0)
			compare_descriptors();
	}
	assert_int_equal(io_pgtable_validate(core), 0);
	printf("%llu maps, %llu of them not of 4K, %llu refused by the library\n",
	       (unsigned long long)maps, (unsigned long long)large, (unsigned long long)refused);
	assert_true(maps > operations / 4 && large > maps / 4 && refused);
	free_io_pgtable(core);
	linux_peer.free(kernel);
}

int main(int argc, char **argv)
{
	static uint64_t operations = 20000;
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test, &operations) };

	if (argc > 1)
		variant = find_variant(argv[1]);
	if (argc > 2)
		operations = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		quirks = strtoul(argv[3], NULL, 0);
	for (size_t i = 0; variant && i < ARRAY_SIZE(peer_formats); i++)
		if (peer_formats[i].fmt == variant->fmt)
			peer = &peer_formats[i];
	if (!peer || !operations) {
		fprintf(stderr, "usage: test-peers-maps amd_iommu_v1/N|amd_iommu_v2/N|arm_v7s[/X] "
				"[OPERATIONS [QUIRKS]]\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
