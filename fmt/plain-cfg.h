/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the formats outside the LPAE family share at allocation (plain-cfg.c): a format of one
 * granule whose root is at the level that ias asks for, told apart by a struct plain_kind.
 */
#ifndef FMT_PLAIN_CFG_H
#define FMT_PLAIN_CFG_H

#include "io-pgtable.h"

struct io_pgtable_init_fns;
struct pt_domain;
struct pt_format;

/**
 * struct plain_kind - one of these formats, at one granule
 * @fmt: its name in the API
 * @format: its descriptors
 * @ops: the operations stamped for it, PT_STAMP()
 * @sizes: pages and blocks
 * @whole_sizes: more of them, with IO_PGTABLE_QUIRK_NO_SPLIT only: parts of them cannot be mapped
 * @ias_only: bitmap of the input sizes that it has, 0: @ias_min to @ias_max
 * @ias_min, @ias_max, @oas_min, @oas_max: address sizes, in bits
 * @pa_bits: how far the address in a table descriptor reaches, in bits
 * @hook_bits: the same for addresses from hooks, if that is less than oas; 0: it is not
 * @root_extra: log2 of how many times as large as a table the root is, at the level that
 *	@ias_max needs
 * @root_grows: it is that large only where ias asks for it
 * @coherent_only: the walker always snoops
 * @quirks: the quirks it has, beside those of every format
 * @sets, @nr_sets: attributes of leaves
 * @fill: fills in the registers
 */
struct plain_kind {
	enum io_pgtable_fmt fmt;
	const struct pt_format *format;
	const struct io_pgtable_ops *ops;
	uint64_t sizes;
	uint64_t whole_sizes;
	uint64_t ias_only;
	uint8_t ias_min, ias_max, oas_min, oas_max, pa_bits, hook_bits, root_extra;
	bool root_grows;
	bool coherent_only;
	unsigned long quirks;
	const struct pt_attr_set *sets;
	unsigned int nr_sets;
	void (*fill)(const struct pt_domain *d, struct io_pgtable_cfg *cfg);
};

int pt_plain_check(const struct plain_kind *kind, const struct io_pgtable_cfg *cfg);

/* Allocates a table of a configuration that pt_plain_check() accepted. */
struct io_pgtable *pt_plain_alloc(const struct plain_kind *kind, struct io_pgtable_cfg *cfg,
				  void *cookie);

/* The init functions of one format; kind may look at cfg. */
#define PLAIN_INIT_FNS(name, kind)                                                       \
	static int name##_check(const struct io_pgtable_cfg *cfg)                        \
	{                                                                                \
		return pt_plain_check(&(kind), cfg);                                     \
	}                                                                                \
	static struct io_pgtable *name##_alloc(struct io_pgtable_cfg *cfg, void *cookie) \
	{                                                                                \
		return pt_plain_alloc(&(kind), cfg, cookie);                             \
	}                                                                                \
	const struct io_pgtable_init_fns io_pgtable_##name##_init_fns = {                \
		.check = name##_check,                                                   \
		.alloc = name##_alloc,                                                   \
		.free = pt_domain_destroy,                                               \
	}

extern const struct io_pgtable_init_fns io_pgtable_arm_v7s_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_mali_lpae_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_apple_dart_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_apple_dart2_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_amd_iommu_v1_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_amd_iommu_v2_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_intel_vtd_ss_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_intel_vtd_fs_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv39_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv48_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv57_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv39x4_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv48x4_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_riscv_sv57x4_init_fns;

#endif /* FMT_PLAIN_CFG_H */
