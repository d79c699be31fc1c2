/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Around a self-test of the kernel that is compiled against io-pgtable-linux.h: what the kernel has
 * elsewhere, and the private types that the self-test prints when it fails. The self-test's file is
 * this header and the kernel's own text, nothing else. A warning is a failure.
 */
#ifndef TESTS_PEERS_LINUX_API_ENV_H
#define TESTS_PEERS_LINUX_API_ENV_H

#include <errno.h>
#include <stdio.h>

#include "io-pgtable-linux.h"

#define __init
#define __initdata
#define __initconst
#define __noipa
#define BITS_PER_LONG 64
#define NUMA_NO_NODE  (-1)

#define SZ_4K	0x1000ul
#define SZ_16K	0x4000ul
#define SZ_64K	0x10000ul
#define SZ_1M	0x100000ul
#define SZ_2M	0x200000ul
#define SZ_16M	0x1000000ul
#define SZ_32M	0x2000000ul
#define SZ_512M 0x20000000ul
#define SZ_1G	0x40000000ul
#define SZ_2G	0x80000000ul

#define ARRAY_SIZE(a)	     ((int)(sizeof(a) / sizeof((a)[0])))
#define __ffs(word)	     ((unsigned int)__builtin_ctzl(word))
#define ilog2(n)	     (63 - __builtin_clzl(n))
#define pr_err(fmt, ...)     printf(fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)    printf(fmt, ##__VA_ARGS__)
#define set_dev_node(dev, n) ((dev)->node = (n))

#define for_each_set_bit(bit, word, size)        \
	for ((bit) = 0; (bit) < (size); (bit)++) \
		if (*(word) >> (bit)&1)

static unsigned int warnings;

#define WARN(condition, fmt, ...) ((condition) ? (warnings++, printf(fmt, ##__VA_ARGS__), 1) : 0)
#define WARN_ON(condition)	  WARN(condition, "%s:%d: warning\n", __FILE__, __LINE__)

struct device {
	int node;
};

static bool selftest_running;

/* What arm_lpae_dump_ops() prints; of the library's tables only cfg is there to be looked at. */
struct arm_lpae_io_pgtable {
	struct io_pgtable iop;
	int start_level;
	int bits_per_level;
	void *pgd;
};

static struct arm_lpae_io_pgtable dumped;

static inline struct arm_lpae_io_pgtable *io_pgtable_ops_to_data(struct io_pgtable_ops *ops)
{
	dumped.iop = *io_pgtable_ops_to_pgtable(ops);
	return &dumped;
}

#define ARM_LPAE_MAX_LEVELS  4
#define ARM_LPAE_PGD_SIZE(d) ((size_t)0 * (size_t)(d)->start_level)
#define ARM_LPAE_GRANULE(d)  (1ul << __ffs((d)->iop.cfg.pgsize_bitmap))

#ifdef API_MUTANT
static inline phys_addr_t wrong(struct io_pgtable_ops *ops, unsigned long iova)
{
	phys_addr_t pa = ops->iova_to_phys(ops, iova);

	return pa ? pa + 4096 : 0;
}
#define iova_to_phys(ops, iova) iova_to_phys == NULL ? 0 : wrong(ops, iova)
#endif

#define subsys_initcall(fn)                                                                  \
	int main(void)                                                                       \
	{                                                                                    \
		int err = fn();                                                              \
                                                                                             \
		printf("self-test: %d, %u warnings, %d\n", err, warnings, selftest_running); \
		return err || warnings;                                                      \
	}

#endif /* TESTS_PEERS_LINUX_API_ENV_H */
