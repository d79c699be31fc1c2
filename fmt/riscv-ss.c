// SPDX-License-Identifier: GPL-2.0-only
/*
 * RISC-V, second stage: Sv39x4, Sv48x4 and Sv57x4, one walker for each, in riscv.h's descriptors.
 * The root is four tables side by side, 16K and aligned to that; input addresses are not
 * sign-extended.
 */
#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"
#include "fmt/riscv-cfg.h"
#include "fmt/riscv.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(RISCV_SS_ATTR);
static const uint64_t attr_clean[PT_PROT_COUNT] = PT_BY_PROT(RISCV_SS_CLEAN_ATTR);
static const uint64_t attr_typed[PT_PROT_COUNT] = PT_BY_PROT(RISCV_SS_TYPE_ATTR);
static const uint64_t attr_clean_typed[PT_PROT_COUNT] = PT_BY_PROT(RISCV_SS_CLEAN_TYPE_ATTR);

static const struct pt_attr_set sets[] = RISCV_SETS(attr, attr_clean, attr_typed, attr_clean_typed);

static const struct pt_format format_39 = RISCV_FORMAT(2, 0);
static const struct pt_format format_48 = RISCV_FORMAT(3, 0);
static const struct pt_format format_57 = RISCV_FORMAT(4, 0);

PT_STAMP(sv39x4, format_39);
PT_STAMP(sv48x4, format_48);
PT_STAMP(sv57x4, format_57);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->riscv_ss_cfg.iohgatp = RISCV_ATP(pt_to_phys(d, d->root), d->top);
}

static const struct plain_kind kind_39 =
	RISCV_KIND(RISCV_SV39X4, format_39, sv39x4_ops, 2, 2, 32, sets, fill);
static const struct plain_kind kind_48 =
	RISCV_KIND(RISCV_SV48X4, format_48, sv48x4_ops, 3, 2, 32, sets, fill);
static const struct plain_kind kind_57 =
	RISCV_KIND(RISCV_SV57X4, format_57, sv57x4_ops, 4, 2, 32, sets, fill);

PLAIN_INIT_FNS(riscv_sv39x4, kind_39);
PLAIN_INIT_FNS(riscv_sv48x4, kind_48);
PLAIN_INIT_FNS(riscv_sv57x4, kind_57);
