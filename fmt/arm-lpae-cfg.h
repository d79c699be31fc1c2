/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the four LPAE formats share at allocation: sizes, start levels and registers
 * (arm-lpae-cfg.c), told apart by a struct lpae_kind. And the init functions that the registry
 * lists.
 */
#ifndef FMT_ARM_LPAE_CFG_H
#define FMT_ARM_LPAE_CFG_H

#include "io-pgtable.h"

struct io_pgtable_init_fns;
struct pt_format;

/**
 * struct lpae_kind - one of the LPAE formats
 * @fmt: its name in the API
 * @stage: 1 or 2
 * @is_32: AArch32 register layouts
 * @ias_min, @ias_max, @oas_min, @oas_max: address sizes, in bits, where the granule allows them
 * @granules: bitmap of 4K, 16K, 64K
 * @sets, @nr_sets: attributes of leaves
 * @lpa2_sets: as many for LPA2's layout, where bits 9:8 are address
 * @quirks: the quirks it has
 */
struct lpae_kind {
	enum io_pgtable_fmt fmt;
	unsigned int stage;
	bool is_32;
	uint8_t ias_min, ias_max, oas_min, oas_max;
	uint64_t granules;
	const struct pt_attr_set *sets;
	const struct pt_attr_set *lpa2_sets;
	unsigned int nr_sets;
	unsigned long quirks;
};

/* One granule and layout of a kind: the operations stamped for it. */
struct lpae_variant {
	const struct pt_format *format;
	const struct io_pgtable_ops *ops; /* by level of the root: PT_STAMP() */
};

int lpae_check(const struct lpae_kind *kind, const struct io_pgtable_cfg *cfg);

/*
 * Allocates with the variant whose granule and layout cfg asks for; cfg was accepted by
 * lpae_check().
 */
struct io_pgtable *lpae_alloc(const struct lpae_kind *kind, const struct lpae_variant *variants,
			      struct io_pgtable_cfg *cfg, void *cookie);

/* The init functions of one format, from its kind and variants. */
#define LPAE_INIT_FNS(name, kind, variants)                                              \
	static int name##_check(const struct io_pgtable_cfg *cfg)                        \
	{                                                                                \
		return lpae_check(&(kind), cfg);                                         \
	}                                                                                \
	static struct io_pgtable *name##_alloc(struct io_pgtable_cfg *cfg, void *cookie) \
	{                                                                                \
		return lpae_alloc(&(kind), variants, cfg, cookie);                       \
	}                                                                                \
	const struct io_pgtable_init_fns io_pgtable_##name##_init_fns = {                \
		.check = name##_check,                                                   \
		.alloc = name##_alloc,                                                   \
		.free = pt_domain_destroy,                                               \
	}

extern const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s1_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s2_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s1_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s2_init_fns;

#endif /* FMT_ARM_LPAE_CFG_H */
