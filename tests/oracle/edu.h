/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's educational PCI device (docs/specs/edu.rst there), which does DMA where it is told: the
 * device behind the IOMMU. A transfer is of 8 bytes: a faulting one logs an event for every 4.
 */
#ifndef TESTS_ORACLE_EDU_H
#define TESTS_ORACLE_EDU_H

#include <stdbool.h>
#include <stdint.h>

/* Its registers are at bar; false: it is not there. */
bool edu_init(uint64_t bar);

/* What the device holds: 8 bytes, all that it sends. */
uint64_t edu_token(void);

/* The device's token goes to iova; 8 bytes of iova come into it, and edu_fetched() reads them. */
void edu_write(uint64_t iova);
void edu_read(uint64_t iova);

/* Does a write through iova land in memory at ptr? Whatever happens, it is 0 afterwards. */
bool edu_lands(uint64_t iova, volatile uint64_t *ptr);

/* What was read last, by way of a page that iova maps to memory at ptr. */
uint64_t edu_fetched(uint64_t iova, const volatile uint64_t *ptr);

/* Fills the token from memory at ptr, which iova maps. */
void edu_load_token(uint64_t iova, volatile uint64_t *ptr);

#endif /* TESTS_ORACLE_EDU_H */
