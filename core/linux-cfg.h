/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a configuration as kernel drivers write it to one that the library takes (linux-cfg.c).
 */
#ifndef CORE_LINUX_CFG_H
#define CORE_LINUX_CFG_H

#include "io-pgtable-linux.h"

/**
 * struct linux_plan - what the library is asked for, where that is not what the caller is told
 * @sizes: pages and blocks
 * @ias: input address bits
 * @snoops: the walker does
 */
struct linux_plan {
	uint64_t sizes;
	unsigned int ias;
	bool snoops;
};

/**
 * pt_linux_settle() - choose, mask, clamp and fill in what the kernel does
 * @fmt: one of the kernel's formats
 * @cfg: in and out: as the kernel's allocation leaves it
 * @page_bytes: the host's page, which decides between granules
 * @plan: out
 *
 * Return: false: the kernel refuses it. What it accepts the library may still refuse.
 */
bool pt_linux_settle(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg, size_t page_bytes,
		     struct linux_plan *plan);

#endif /* CORE_LINUX_CFG_H */
