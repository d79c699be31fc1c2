/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the image share: the machine (QEMU's virt with an SMMUv3), registers, results.
 * One CPU, nothing runs at the same time.
 */
#ifndef TESTS_BAREMETAL_IMAGE_H
#define TESTS_BAREMETAL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM_BASE      0x40000000ull
#define RAM_BYTES     (512ull << 20)
#define DEVICES_BYTES RAM_BASE /* UART, SMMU, PCI */
#define ARENAS_BASE   (RAM_BASE + (64ull << 20))
#define SMMU_BASE     0x09050000ull
#define PCI_CONFIG    0x3f000000ull
#define EDU_BAR	      0x10000000ull
#define EDU_STREAM    0x20u /* slot 4, function 0 */

static inline uint32_t read32(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static inline uint64_t read64(uint64_t at)
{
	return *(volatile uint64_t *)at;
}

static inline void write32(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static inline void write64(uint64_t at, uint64_t value)
{
	*(volatile uint64_t *)at = value;
}

static inline void full_barrier(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* boot.S */
_Noreturn void image_exit(uint64_t status);
void image_print(const char *text);

/* main.c: prints what holds and what does not. */
void image_check(bool good, const char *what);
void image_print_hex(const char *name, uint64_t value);

/* What an image does: each has one such function. */
void image_run(void);

/* mmu.c: the CPU's own translation. */
void image_check_mmu(void);

/* dma.c: a device behind the SMMU. */
void image_check_dma(void);

#endif /* TESTS_BAREMETAL_IMAGE_H */
