// SPDX-License-Identifier: GPL-2.0-only
/*
 * RISC-V, first stage: Sv39, Sv48 and Sv57, one walker for each, in riscv.h's descriptors. Input
 * addresses are sign-extended from the highest index bit.
 */
#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"
#include "fmt/riscv-cfg.h"
#include "fmt/riscv.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(RISCV_FS_ATTR);
static const uint64_t attr_clean[PT_PROT_COUNT] = PT_BY_PROT(RISCV_FS_CLEAN_ATTR);
static const uint64_t attr_typed[PT_PROT_COUNT] = PT_BY_PROT(RISCV_FS_TYPE_ATTR);
static const uint64_t attr_clean_typed[PT_PROT_COUNT] = PT_BY_PROT(RISCV_FS_CLEAN_TYPE_ATTR);

static const struct pt_attr_set sets[] = RISCV_SETS(attr, attr_clean, attr_typed, attr_clean_typed);

static const struct pt_format format_39 = RISCV_FORMAT(2, 256);
static const struct pt_format format_48 = RISCV_FORMAT(3, 256);
static const struct pt_format format_57 = RISCV_FORMAT(4, 256);

PT_STAMP(sv39, format_39);
PT_STAMP(sv48, format_48);
PT_STAMP(sv57, format_57);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->riscv_fs_cfg.fsc = RISCV_ATP(pt_to_phys(d, d->root), d->top);
}

static const struct plain_kind kind_39 =
	RISCV_KIND(RISCV_SV39, format_39, sv39_ops, 2, 0, 39, sets, fill);
static const struct plain_kind kind_48 =
	RISCV_KIND(RISCV_SV48, format_48, sv48_ops, 3, 0, 48, sets, fill);
static const struct plain_kind kind_57 =
	RISCV_KIND(RISCV_SV57, format_57, sv57_ops, 4, 0, 57, sets, fill);

PLAIN_INIT_FNS(riscv_sv39, kind_39);
PLAIN_INIT_FNS(riscv_sv48, kind_48);
PLAIN_INIT_FNS(riscv_sv57, kind_57);
