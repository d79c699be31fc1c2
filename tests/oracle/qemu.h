/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QEMU whose devices are driven from here over the qtest protocol, and whose memory is ours too:
 * what this process writes there an emulated IOMMU reads, so tables of the native library are
 * walked in place.
 *
 * One machine, one thread. A machine that dies or answers nonsense ends the test with its message.
 * The first QEMU_LOW_BYTES of memory belong to the machine; above come what qemu_alloc() hands out
 * and, in the upper half, the data that DMA is aimed at.
 */
#ifndef TESTS_ORACLE_QEMU_H
#define TESTS_ORACLE_QEMU_H

#include <stddef.h>
#include <stdint.h>

#include "io-pgtable.h"

#define QEMU_RAM_BYTES (1ull << 30)
#define QEMU_LOW_BYTES (64ull << 20)

/* What a machine is started with. */
struct qemu_machine {
	const char *program;	 /* qemu-system-... */
	const char *const *args; /* up to NULL; the memory is memory-backend=ram */
	uint64_t ram_base;	 /* physical */
	const uint32_t *code;	 /* what its CPU does, */
	size_t code_offset;	 /* here in memory; with bios, at the reset vector */
	size_t code_words;
	const char *cpu_start; /* an argument for -device, or NULL */
	size_t bios_bytes;     /* 0: none */
};

void qemu_start(const struct qemu_machine *machine);
void qemu_stop(void);

/* "QEMU emulator version ..." of a program, or NULL if it does not start. */
const char *qemu_version(const char *program);

uint32_t qemu_read32(uint64_t pa);
uint64_t qemu_read64(uint64_t pa);
void qemu_write32(uint64_t pa, uint32_t value);
void qemu_write64(uint64_t pa, uint64_t value);

/* x86 ports. */
void qemu_out32(unsigned int port, uint32_t value);
uint32_t qemu_in32(unsigned int port);

/* Memory of the machine: zeroed, aligned to its size; never given back. */
void *qemu_alloc(size_t bytes);
uint64_t qemu_pa(const void *ptr);
void *qemu_ptr(uint64_t pa);
uint64_t qemu_data_pa(void); /* where the upper half begins */

/* Tables in that memory. */
extern const struct io_pgtable_mem qemu_mem;

#endif /* TESTS_ORACLE_QEMU_H */
