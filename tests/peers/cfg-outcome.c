// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfg-outcome.h, compiled twice: over the shim with the kernel's header and code (KERNEL), and with
 * io-pgtable-linux.h and the library. That one text does for both shows that the header has the
 * kernel's names.
 */
#ifdef KERNEL
#include <linux/io-pgtable.h>
#include <linux/msi.h>
#include <linux/slab.h>

#include "amd_iommu.h"
#include "amd_iommu_types.h"
#define OUTCOME kernel_outcome
#else
#include "io-pgtable-linux.h"
#define OUTCOME library_outcome
#endif

#include <string.h>

#include "cfg-outcome.h"

/* Where AMD's code finds itself around the cfg that it is given. */
struct around {
#ifdef KERNEL
	struct protection_domain domain;
#else
	struct io_pgtable_cfg cfg;
#endif
};

#ifdef KERNEL
static struct device device;
#define DEVICE &device
#else
#define DEVICE NULL
#endif

static struct io_pgtable_cfg *cfg_in(struct around *a)
{
#ifdef KERNEL
	spin_lock_init(&a->domain.lock);
	return &a->domain.iop.pgtbl.cfg;
#else
	return &a->cfg;
#endif
}

#define WALKS(r) (r).tg, (r).sh, (r).orgn, (r).irgn, (r).tsz

/*
 * The registers of a format, in any order that is the same for both sides. Of MAIR the four indices
 * that leaves use: the kernel's others have ones, since it shifts an int into the sign.
 */
static void note_registers(const struct io_pgtable_cfg *cfg, enum io_pgtable_fmt fmt,
			   uint64_t out[CFG_REGISTERS])
{
	/* With MediaTek's extension the lowest are bits of the address. */
	uint64_t ttbr_attributes = cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT ? 0x78 : 0x7f;
	const uint64_t s1[CFG_REGISTERS] = { WALKS(cfg->arm_lpae_s1_cfg.tcr),
					     cfg->arm_lpae_s1_cfg.tcr.ips,
					     cfg->arm_lpae_s1_cfg.mair & 0xffffffff };
	const uint64_t s2[CFG_REGISTERS] = { WALKS(cfg->arm_lpae_s2_cfg.vtcr),
					     cfg->arm_lpae_s2_cfg.vtcr.ps,
					     cfg->arm_lpae_s2_cfg.vtcr.sl };
	const uint64_t v7s[CFG_REGISTERS] = { cfg->arm_v7s_cfg.tcr, cfg->arm_v7s_cfg.nmrr,
					      cfg->arm_v7s_cfg.prrr,
					      cfg->arm_v7s_cfg.ttbr & ttbr_attributes };
	const uint64_t mali[CFG_REGISTERS] = { cfg->arm_mali_lpae_cfg.memattr,
					       cfg->arm_mali_lpae_cfg.transtab & 0xfff };
	const uint64_t dart[CFG_REGISTERS] = { cfg->apple_dart_cfg.n_ttbrs };
	static const uint64_t amd[CFG_REGISTERS];
	const uint64_t *const of[IO_PGTABLE_NUM_FMTS] = {
		[ARM_32_LPAE_S1] = s1, [ARM_32_LPAE_S2] = s2, [ARM_64_LPAE_S1] = s1,
		[ARM_64_LPAE_S2] = s2, [ARM_V7S] = v7s,	      [ARM_MALI_LPAE] = mali,
		[AMD_IOMMU_V1] = amd,  [AMD_IOMMU_V2] = amd,  [APPLE_DART] = dart,
		[APPLE_DART2] = dart,
	};

	memcpy(out, of[fmt], sizeof(s1));
}

bool OUTCOME(struct cfg_outcome *o)
{
	static struct around around;
	struct io_pgtable_cfg *cfg = cfg_in(&around);
	struct io_pgtable_ops *ops;

	*cfg = (struct io_pgtable_cfg){ .quirks = o->quirks,
					.pgsize_bitmap = o->sizes,
					.ias = o->ias,
					.oas = o->oas,
					.coherent_walk = o->snoops,
					.iommu_dev = DEVICE };
	ops = alloc_io_pgtable_ops((enum io_pgtable_fmt)o->fmt, cfg, NULL);
	if (!ops)
		return false;
	o->sizes = cfg->pgsize_bitmap;
	o->ias = cfg->ias;
	o->oas = cfg->oas;
	note_registers(cfg, (enum io_pgtable_fmt)o->fmt, o->reg);
	free_io_pgtable_ops(ops);
	return true;
}
