/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes by name, for tests of either public header.
 */
#ifndef TESTS_SIZES_H
#define TESTS_SIZES_H

#define SZ_1K	(1ull << 10)
#define SZ_4K	(1ull << 12)
#define SZ_16K	(1ull << 14)
#define SZ_64K	(1ull << 16)
#define SZ_1M	(1ull << 20)
#define SZ_2M	(1ull << 21)
#define SZ_16M	(1ull << 24)
#define SZ_32M	(1ull << 25)
#define SZ_512M (1ull << 29)
#define SZ_1G	(1ull << 30)
#define SZ_4G	(1ull << 32)
#define SZ_16G	(1ull << 34)
#define SZ_64G	(1ull << 36)
#define SZ_512G (1ull << 39)
#define SZ_1T	(1ull << 40)
#define SZ_4T	(1ull << 42)
#define SZ_256T (1ull << 48)

#endif /* TESTS_SIZES_H */
