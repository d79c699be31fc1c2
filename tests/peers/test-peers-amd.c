// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same random maps and unmaps in a table of AMD's in Linux and in one of the library's (v1, v2): both must say
 * the same of every address and of what was unmapped. Over what is mapped only the library is asked, which has to
 * refuse: Linux's code takes down what is there, and maps (free_clear_pte(), v2_alloc_pte()). Maps are of one size
 * each, any of the format's, and an unmap takes what a map made: of parts of large pages the two differ by design.
 *
 *	test-peers-amd VARIANT [OPERATIONS]
 */
#include "support.h"

#include <stdio.h>

#include "linux-peer.h"
#include "peer-runtime.h"

#define MAPPINGS 24
#define SPACE	 (1ull << 33) /* of addresses, so that they meet */

struct mapping {
	uint64_t iova, pa, pgsize, count; /* count 0: none */
};

static const struct variant *variant;
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

	for (uint64_t skip = random_below(20); skip && (sizes & (sizes - 1)); skip--)
		sizes &= sizes - 1;
	return sizes & -sizes;
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
	uint64_t iova = random_below(SPACE) & ~(pgsize - 1);
	uint64_t pa = (SPACE + random_below(SPACE)) & ~(pgsize - 1);
	size_t by_core = 0, by_kernel = 0;

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
	assert_int_equal(core->ops->map_pages(core, iova, pa, pgsize, count, RW, &by_core), 0);
	while (by_kernel < pgsize * count)
		assert_int_equal(kernel->ops->map_pages(kernel->ops, iova + by_kernel,
							pa + by_kernel, pgsize,
							count - by_kernel / pgsize, RW,
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

static void test(void **state)
{
	uint64_t operations = *(uint64_t *)*state;
	struct io_pgtable_cfg cfg = config(variant);
	const struct linux_config c = {
		variant->fmt == AMD_IOMMU_V1 ? LINUX_AMD_IOMMU_V1 : LINUX_AMD_IOMMU_V2,
		variant->sizes,
		variant->ias,
		variant->oas,
		0,
		true,
	};

	cfg.quirks |= IO_PGTABLE_QUIRK_NO_WARN;
	core = alloc_io_pgtable(variant->fmt, &cfg, NULL);
	kernel = linux_peer.alloc(&c);
	assert_non_null(core);
	assert_non_null(kernel);
	for (uint64_t i = 0; i < operations; i++) {
		struct mapping *m = &mapping[random_below(MAPPINGS)];
		struct mapping was = *m;

		if (m->count)
			do_unmap(m);
		else
			do_map(m);
		probe(random_below(SPACE));
		if (was.count || m->count)
			probe_around(m->count ? m : &was);
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
	if (!variant || !operations ||
	    (variant->fmt != AMD_IOMMU_V1 && variant->fmt != AMD_IOMMU_V2)) {
		fprintf(stderr,
			"usage: test-peers-amd amd_iommu_v1/N|amd_iommu_v2/N [OPERATIONS]\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
