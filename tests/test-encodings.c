// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors and registers of the formats outside the LPAE family, and of its 52-bit forms and
 * contiguous groups, bit by bit: every descriptor on the way to a leaf against values that were put
 * together by hand from the bit numbers in the document that each names, and what the library's own
 * software bits add (bit 9 in x86-64 tables; 9 and 10 in VT-d second-stage tables, 10 in its
 * leaves). What differs is printed with its source.
 */
#include "window.h"

struct step {
	uint64_t table;
	size_t index;
	uint64_t desc;
};

struct encoding {
	const char *source;
	enum io_pgtable_fmt fmt;
	uint64_t granule;
	unsigned int ias;
	unsigned long quirks;
	uint64_t iova, pa, size;
	int prot;
	struct step step[5]; /* from the root */
};

/* Neither Mali nor DART has a public document. */
#define MALI                                                                     \
	"Linux, drivers/iommu/io-pgtable-arm.c: arm_mali_lpae_alloc_pgtable(), " \
	"arm_lpae_prot_to_pte()"
#define DART	 "Linux, drivers/iommu/io-pgtable-dart.c: dart_init_pte(), dart_prot_to_pte()"
#define LPAE	 ARM_ARM "D8.3.1 VMSAv8-64 descriptor formats"
#define AMD_V1	 "AMD 48882, 2.2.3 I/O Page Tables for Host Translations"
#define X86	 "AMD 24593, 5.3 Long-Mode Page Translation, 5.4 Page-Translation-Table Entry Fields"
#define VTD_FS	 "Intel D51397-018 (rev. 5.10), 9.7 First-Stage Paging Entries"
#define VTD_SS	 "Intel D51397-018 (rev. 5.10), 9.8 Second-Stage Paging Entries"
#define RISCV_FS "RISC-V Privileged Architecture, Supervisor-Level ISA: Sv39, Sv48, Sv57"
#define RISCV_SS \
	"RISC-V Privileged Architecture, Hypervisor Extension: Two-Stage Address Translation"

/* Indices 3, 5, 7, 9 of four levels, and 6 of a fifth. */
#define AT   (3ull << 39 | 5ull << 30 | 7ull << 21 | 9ull << 12)
#define AT3  (5ull << 30 | 7ull << 21 | 9ull << 12)
#define AT5  (6ull << 48 | AT)
/* Indices 6, 3, 5, 7 of levels of 16K. */
#define AT16 (6ull << 47 | 3ull << 36 | 5ull << 25 | 7ull << 14)
#define PA   0x123456789000

#define X86_TABLES                                                    \
	{ 0x80000000, 3, 0x80001227 }, { 0x80001000, 5, 0x80002227 }, \
	{                                                             \
		0x80002000, 7, 0x80003227                             \
	}
#define VTD_TABLES                                                                \
	{ 0x80000000, 3, 0x80000080001503 }, { 0x80001000, 5, 0x80000080002503 }, \
	{                                                                         \
		0x80002000, 7, 0x80000080003503                                   \
	}
#define LPA2_16K_TABLES                                               \
	{ 0x80000000, 6, 0x80004003 }, { 0x80004000, 3, 0x80008003 }, \
	{                                                             \
		0x80008000, 5, 0x8000c003                             \
	}
/* PR 0x1, A 0x20, IR and IW 0x6..., NextLevel from bit 9 on; leaves FC 0x1... and bit 1. */
#define AMD_V1_TABLES                                                                 \
	{ 0x80000000, 3, 0x6000000080001621 }, { 0x80001000, 5, 0x6000000080002421 }, \
	{                                                                             \
		0x80002000, 7, 0x6000000080003221                                     \
	}
#define SV48_TABLES                                                   \
	{ 0x80000000, 3, 0x20000401 }, { 0x80001000, 5, 0x20000801 }, \
	{                                                             \
		0x80002000, 7, 0x20000c01                             \
	}

static const struct encoding encodings[] = {
	/* Type 1 for pages too, read 0x40, write 0x80, SH 0x200, AttrIndx 0x1c, no AF. */
	{ MALI, ARM_MALI_LPAE, SZ_4K, 48, 0, AT, 0x1234567000, SZ_4K, RW | IOMMU_CACHE,
	  .step = { { 0x80000000, 3, 0x80001003 },
		    { 0x80001000, 5, 0x80002003 },
		    { 0x80002000, 7, 0x80003003 },
		    { 0x80003000, 9, 0x12345672c5 } } },
	{ MALI, ARM_MALI_LPAE, SZ_4K, 40, 0, SZ_1G, SZ_1G, SZ_1G,
	  IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO,
	  .step = { { 0x80000000, 0, 0x80001003 }, { 0x80001000, 1, 0x60000040000289 } } },
	/* Valid 0x1, 0x2, no-write 0x80, no-read 0x100, sub-page end in 51:40. */
	{ DART, APPLE_DART, SZ_16K, 36, 0, 5ull << 25 | 9ull << 14, 0xfedcb8000, SZ_16K, IOMMU_READ,
	  .step = { { 0x80000000, 5, 0x80004001 }, { 0x80004000, 9, 0xfff0fedcb8083 } } },
	{ DART, APPLE_DART, SZ_4K, 32, 0, 3ull << 30 | 9ull << 12, 0xfedcb9000, SZ_4K, IOMMU_WRITE,
	  .step = { { 0x80000000, 1536, 0x80004001 }, { 0x80004000, 9, 0xfff0fedcb9103 } } },
	/* Valid 0x1, no-cache 0x2, no-write 0x4, no-read 0x8, address from bit 10 on. */
	{ DART, APPLE_DART2, SZ_16K, 36, 0, 5ull << 25 | 9ull << 14, 0x3fedcb98000, SZ_16K, RW,
	  .step = { { 0x80000000, 5, 0x8000401 }, { 0x80004000, 9, 0xfff3fedcb9803 } } },
	{ DART, APPLE_DART2, SZ_16K, 38, 0, 3ull << 36 | 9ull << 14, SZ_16K, SZ_16K,
	  IOMMU_READ | IOMMU_CACHE,
	  .step = { { 0x80000000, 6144, 0x8001001 }, { 0x80010000, 9, 0xfff0000000405 } } },
	/*
	 * LPA2, 4K, D8.3.1: address bits 51:50 in 9:8, no shareability; level -1, or 16 tables at
	 * level 0.
	 */
	{ LPAE, ARM_64_LPAE_S1, SZ_4K, 52, 0, AT5, 0x7123456789000, SZ_4K, RW | IOMMU_CACHE,
	  .step = { { 0x80000000, 6, 0x80001003 },
		    { 0x80001000, 3, 0x80002003 },
		    { 0x80002000, 5, 0x80003003 },
		    { 0x80003000, 7, 0x80004003 },
		    { 0x80004000, 9, 0x3123456789d47 } } },
	{ LPAE, ARM_64_LPAE_S2, SZ_4K, 52, 0, AT5, 0x7123456789000, SZ_4K, IOMMU_READ | IOMMU_CACHE,
	  .step = { { 0x80000000, 3075, 0x80010003 },
		    { 0x80010000, 5, 0x80011003 },
		    { 0x80011000, 7, 0x80012003 },
		    { 0x80012000, 9, 0x312345678957f } } },
	/*
	 * 64K, D8.3.1.2: bits 47:16 where they are, 51:48 in 15:12. Page 0x3, AttrIndx 1 0x4, AP[1]
	 * 0x40, SH 0x300, AF 0x400, nG 0x800.
	 */
	{ LPAE, ARM_64_LPAE_S1, SZ_64K, 52, 0, 6ull << 42 | 3ull << 29 | 5ull << 16,
	  0x7123456780000, SZ_64K, RW | IOMMU_CACHE,
	  .step = { { 0x80000000, 6, 0x80010003 },
		    { 0x80010000, 3, 0x80020003 },
		    { 0x80020000, 5, 0x123456787f47 } } },
	/*
	 * LPA2, 16K, D8.3.1: level 0 has 32 entries. Bits 49:14 where they are, 51:50 (01) in 9:8,
	 * 0x100: page 0x3, AttrIndx 1 0x4, AP[1] 0x40, AF 0x400, nG 0x800.
	 */
	{ LPAE, ARM_64_LPAE_S1, SZ_16K, 52, 0, AT16, 0x7123456788000, SZ_16K, RW | IOMMU_CACHE,
	  .step = { LPA2_16K_TABLES, { 0x8000c000, 7, 0x3123456788d47 } } },
	/*
	 * A block, 51:50 are 10, 0x200: block 0x1, AttrIndx 0, AP[2:1] 0xc0, AF 0x400, nG 0x800,
	 * UXN and PXN 54:53.
	 */
	{ LPAE, ARM_64_LPAE_S1, SZ_16K, 52, 0, 6ull << 47 | 3ull << 36 | 5ull << 25,
	  0xa00000a000000, SZ_32M, IOMMU_READ | IOMMU_NOEXEC,
	  .step = { { 0x80000000, 6, 0x80004003 },
		    { 0x80004000, 3, 0x80008003 },
		    { 0x80008000, 5, 0x6200000a000ec1 } } },
	/* Stage 2: page 0x3, MemAttr 0xf 0x3c, S2AP[0] 0x40, 51:50 0x100, AF 0x400. */
	{ LPAE, ARM_64_LPAE_S2, SZ_16K, 52, 0, AT16, 0x7123456788000, SZ_16K,
	  IOMMU_READ | IOMMU_CACHE,
	  .step = { LPA2_16K_TABLES, { 0x8000c000, 7, 0x312345678857f } } },
	/* Write only, device: block 0x1, MemAttr 1 0x4, S2AP[1] 0x80, 51:50 0x200, AF 0x400. */
	{ LPAE, ARM_64_LPAE_S2, SZ_16K, 52, 0, 6ull << 47 | 3ull << 36 | 5ull << 25,
	  0xa00000a000000, SZ_32M, IOMMU_WRITE | IOMMU_MMIO,
	  .step = { { 0x80000000, 6, 0x80004003 },
		    { 0x80004000, 3, 0x80008003 },
		    { 0x80008000, 5, 0x200000a000685 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 48, 0, AT, PA, SZ_4K, RW,
	  .step = { AMD_V1_TABLES, { 0x80003000, 9, PA | 0x7000000000000023 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 48, 0, AT, PA, SZ_4K,
	  IOMMU_READ | IOMMU_CACHE | IOMMU_NOEXEC,
	  .step = { AMD_V1_TABLES, { 0x80003000, 9, PA | 0x3000000000000023 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_WRITE,
	  .step = { AMD_V1_TABLES, { 0x80003000, 9, PA | 0x5000000000000023 } } },
	/*
	 * NextLevel 7: 8K is a zero in bit 12, 64K three ones and a zero; all copies are the same.
	 */
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 48, 0, AT - SZ_4K, 0x12345678a000, 2 * SZ_4K, RW,
	  .step = { AMD_V1_TABLES, { 0x80003000, 9, 0x700012345678ae23 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 48, 0, AT - 9 * SZ_4K + SZ_64K, 0x123456780000, SZ_64K, RW,
	  .step = { AMD_V1_TABLES, { 0x80003000, 31, 0x7000123456787e23 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 39, 0, 5ull << 30 | 7ull << 21, 0x123456600000, SZ_2M, RW,
	  .step = { { 0x80000000, 5, 0x6000000080001421 },
		    { 0x80001000, 7, 0x7000123456600023 } } },
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 39, 0, 5ull << 30 | 16ull << 21, 0x123456000000, SZ_32M, RW,
	  .step = { { 0x80000000, 5, 0x6000000080001421 },
		    { 0x80001000, 20, 0x7000123456fffe23 } } },
	/* Six levels, of which the highest is more than half empty. */
	{ AMD_V1, AMD_IOMMU_V1, SZ_4K, 63, IO_PGTABLE_QUIRK_NO_SPLIT, 63ull << 57 | 4ull << 48,
	  1ull << 50, 1ull << 50, RW,
	  .step = { { 0x80000000, 63, 0x6000000080001a21 },
		    { 0x80001000, 7, 0x7005fffffffffe23 } } },
	/* P 0x1, RW 0x2, US 0x4, A 0x20, D 0x40, PS 0x80, NX bit 63; tables also bit 9. */
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, AT, PA, SZ_4K, RW,
	  .step = { X86_TABLES, { 0x80003000, 9, PA | 0x67 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_READ,
	  .step = { X86_TABLES, { 0x80003000, 9, PA | 0x25 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, AT, PA, SZ_4K, RW | IOMMU_PRIV,
	  .step = { X86_TABLES, { 0x80003000, 9, PA | 0x63 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, AT, PA, SZ_4K,
	  RW | IOMMU_NOEXEC | IOMMU_CACHE | IOMMU_MMIO,
	  .step = { X86_TABLES, { 0x80003000, 9, PA | 0x8000000000000067 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, 3ull << 39 | 5ull << 30 | 7ull << 21, 0xfffffffe00000,
	  SZ_2M, RW,
	  .step = { { 0x80000000, 3, 0x80001227 },
		    { 0x80001000, 5, 0x80002227 },
		    { 0x80002000, 7, 0xfffffffe000e7 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, 3ull << 39 | 5ull << 30, 5 * SZ_1G, SZ_1G, IOMMU_READ,
	  .step = { { 0x80000000, 3, 0x80001227 }, { 0x80001000, 5, 0x1400000a5 } } },
	{ X86, AMD_IOMMU_V2, SZ_4K, 57, 0, AT5, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 6, 0x80001227 },
		    { 0x80001000, 3, 0x80002227 },
		    { 0x80002000, 5, 0x80003227 },
		    { 0x80003000, 7, 0x80004227 },
		    { 0x80004000, 9, PA | 0x67 } } },
	/* The lowest and the highest negative address: the root's entries 256 and 511. */
	{ X86, AMD_IOMMU_V2, SZ_4K, 48, 0, 0xffff800000000000, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 256, 0x80001227 },
		    { 0x80001000, 0, 0x80002227 },
		    { 0x80002000, 0, 0x80003227 },
		    { 0x80003000, 0, PA | 0x67 } } },
	{ VTD_FS, INTEL_VTD_FS, SZ_4K, 57, 0, -SZ_4K, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 511, 0x80001227 },
		    { 0x80001000, 511, 0x80002227 },
		    { 0x80002000, 511, 0x80003227 },
		    { 0x80003000, 511, 0x80004227 },
		    { 0x80004000, 511, PA | 0x67 } } },
	{ VTD_FS, INTEL_VTD_FS, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_READ | IOMMU_NOEXEC,
	  .step = { X86_TABLES, { 0x80003000, 9, PA | 0x8000000000000025 } } },
	/* R 0x1, W 0x2, PS 0x80, A 0x100, SNP 0x800; all of them 0x400, tables also bit 55. */
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 48, 0, AT, PA, SZ_4K, RW,
	  .step = { VTD_TABLES, { 0x80003000, 9, PA | 0x503 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_READ | IOMMU_NOEXEC,
	  .step = { VTD_TABLES, { 0x80003000, 9, PA | 0x501 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_WRITE | IOMMU_PRIV,
	  .step = { VTD_TABLES, { 0x80003000, 9, PA | 0x502 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 48, IO_PGTABLE_QUIRK_VTD_SNOOP, AT, PA, SZ_4K, RW,
	  .step = { VTD_TABLES, { 0x80003000, 9, PA | 0xd03 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 39, IO_PGTABLE_QUIRK_VTD_SNOOP, 5ull << 30 | 7ull << 21,
	  SZ_2M, SZ_2M, RW,
	  .step = { { 0x80000000, 5, 0x80000080001503 }, { 0x80001000, 7, 0x200d83 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 39, 0, 5ull << 30, SZ_1G, SZ_1G, IOMMU_WRITE,
	  .step = { { 0x80000000, 5, 0x40000582 } } },
	{ VTD_SS, INTEL_VTD_SS, SZ_4K, 57, 0, AT5, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 6, 0x80000080001503 },
		    { 0x80001000, 3, 0x80000080002503 },
		    { 0x80002000, 5, 0x80000080003503 },
		    { 0x80003000, 7, 0x80000080004503 },
		    { 0x80004000, 9, PA | 0x503 } } },
	/* V 0x1, R 0x2, W 0x4, X 0x8, U 0x10, A 0x40, D 0x80; page number from bit 10 on. */
	{ RISCV_FS, RISCV_SV48, SZ_4K, 48, 0, AT, PA, SZ_4K, RW,
	  .step = { SV48_TABLES, { 0x80003000, 9, 0x48d159e2400 | 0xdf } } },
	{ RISCV_FS, RISCV_SV48, SZ_4K, 48, 0, AT, PA, SZ_4K, RW | IOMMU_NOEXEC | IOMMU_MMIO,
	  .step = { SV48_TABLES, { 0x80003000, 9, 0x48d159e2400 | 0xd7 } } },
	{ RISCV_FS, RISCV_SV48, SZ_4K, 48, 0, AT, PA, SZ_4K, IOMMU_READ | IOMMU_NOEXEC,
	  .step = { SV48_TABLES, { 0x80003000, 9, 0x48d159e2400 | 0x53 } } },
	{ RISCV_FS, RISCV_SV48, SZ_4K, 48, 0, AT, PA, SZ_4K, RW | IOMMU_PRIV,
	  .step = { SV48_TABLES, { 0x80003000, 9, 0x48d159e2400 | 0xcf } } },
	{ RISCV_FS, RISCV_SV48, SZ_4K, 48, 0, 3ull << 39, SZ_512G, SZ_512G, RW,
	  .step = { { 0x80000000, 3, 0x20000000df } } },
	{ RISCV_FS, RISCV_SV39, SZ_4K, 39, 0, AT3, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 5, 0x20000401 },
		    { 0x80001000, 7, 0x20000801 },
		    { 0x80002000, 9, 0x48d159e24df } } },
	{ RISCV_FS, RISCV_SV39, SZ_4K, 39, 0, 0xffffffc000000000, SZ_1G, SZ_1G, RW,
	  .step = { { 0x80000000, 256, 0x100000df } } },
	/* The highest page of 56 bits, and the highest block of 256T. */
	{ RISCV_FS, RISCV_SV57, SZ_4K, 57, 0, AT5, 0xfffffffffff000, SZ_4K, RW,
	  .step = { { 0x80000000, 6, 0x20000401 },
		    { 0x80001000, 3, 0x20000801 },
		    { 0x80002000, 5, 0x20000c01 },
		    { 0x80003000, 7, 0x20001001 },
		    { 0x80004000, 9, 0x3ffffffffffcdf } } },
	{ RISCV_FS, RISCV_SV57, SZ_4K, 57, 0, SZ_256T, 0xff000000000000, SZ_256T, RW,
	  .step = { { 0x80000000, 1, 0x3fc000000000df } } },
	/* Roots of 2048 entries; U whatever is asked for. */
	{ RISCV_SS, RISCV_SV39X4, SZ_4K, 41, 0, 1ull << 40 | AT3, PA, SZ_4K, RW | IOMMU_PRIV,
	  .step = { { 0x80000000, 1029, 0x20001001 },
		    { 0x80004000, 7, 0x20001401 },
		    { 0x80005000, 9, 0x48d159e24df } } },
	{ RISCV_SS, RISCV_SV48X4, SZ_4K, 50, 0, 3ull << 48 | AT, PA, SZ_4K, RW,
	  .step = { { 0x80000000, 1539, 0x20001001 },
		    { 0x80004000, 5, 0x20001401 },
		    { 0x80005000, 7, 0x20001801 },
		    { 0x80006000, 9, 0x48d159e24df } } },
	{ RISCV_SS, RISCV_SV57X4, SZ_4K, 59, 0, 2047ull << 48, 0, SZ_256T, RW,
	  .step = { { 0x80000000, 2047, 0xdf } } },
};

static unsigned int output_bits(enum io_pgtable_fmt fmt)
{
	switch (fmt) {
	case ARM_MALI_LPAE:
		return 40;
	case APPLE_DART:
		return 36;
	case APPLE_DART2:
		return 42;
	case AMD_IOMMU_V1:
		return 52;
	default:
		return fmt >= RISCV_SV39 ? 56 : 52;
	}
}

static void test_descriptors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		const struct encoding *e = &encodings[i];
		struct io_pgtable_cfg cfg = {
			.quirks = e->quirks,
			.pgsize_bitmap = e->granule | e->size,
			.ias = e->ias,
			.oas = output_bits(e->fmt),
			.coherent_walk = true,
		};
		struct io_pgtable *iop = window_make(e->fmt, &cfg);

		assert_int_equal(io_pgtable_map(iop, e->iova, e->pa, e->size, e->prot), 0);
		for (int s = 0; s < 5 && e->step[s].table; s++)
			expect_desc(e->step[s].table, e->step[s].index, e->step[s].desc, e->source);
		assert_int_equal(io_pgtable_iova_to_phys(iop, e->iova + e->size - 1),
				 e->pa + e->size - 1);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/*
 * A group of entries with the contiguous hint, bit 52: how many there are by granule and level is
 * Table "Permitted properties of caching a translation in a TLB when Effective value of Contiguous
 * bit is 1". Of all of them: stage 1 is AttrIndx 1 0x4, AP[1] 0x40, SH 0x300, AF 0x400, nG 0x800;
 * stage 2 MemAttr 0xf 0x3c, S2AP 0xc0, SH 0x300, AF 0x400; a page is 0x3, a block 0x1.
 */
struct group {
	enum io_pgtable_fmt fmt;
	uint64_t granule;
	unsigned int ias, oas;
	uint64_t iova, pa, size;
	uint64_t table; /* that has the entries, from index on */
	size_t index, entries;
	uint64_t first; /* the descriptor, and by how much the next ones differ */
	uint64_t step;
};

#define CONTIGUOUS	  (1ull << 52)
#define CONTIGUOUS_SOURCE ARM_ARM "D8.7.1 The Contiguous bit, D8.3.1 VMSAv8-64 descriptor formats"

/*
 * Indices 3, 5, 7 of the levels above the one of an entry, of 4K, 16K and 64K; of 52 bits 6 above
 * them.
 */
#define ABOVE_4K(i)  (3ull << 39 | 5ull << 30 | 7ull << 21 | (uint64_t)(i) << 12)
#define ABOVE_16K(i) (3ull << 36 | 5ull << 25 | (uint64_t)(i) << 14)
#define ABOVE_64K(i) (3ull << 42 | 5ull << 29 | (uint64_t)(i) << 16)

static const struct group groups[] = {
	/* 4K: 16 pages, 16 blocks of level 2, 16 of level 1. */
	{ ARM_64_LPAE_S1, SZ_4K, 48, 48, ABOVE_4K(16), 0x123456780000, SZ_64K, 0x80003000, 16, 16,
	  0x10123456780f47, SZ_4K },
	{ ARM_64_LPAE_S1, SZ_4K, 48, 48, 3ull << 39 | 5ull << 30 | 16ull << 21, 0x123456000000,
	  SZ_32M, 0x80002000, 16, 16, 0x10123456000f45, SZ_2M },
	{ ARM_64_LPAE_S1, SZ_4K, 48, 48, 3ull << 39 | 16ull << 30, 0x124000000000, SZ_16G,
	  0x80001000, 16, 16, 0x10124000000f45, SZ_1G },
	{ ARM_64_LPAE_S2, SZ_4K, 48, 48, ABOVE_4K(16), 0x123456780000, SZ_64K, 0x80003000, 16, 16,
	  0x101234567807ff, SZ_4K },
	{ ARM_64_LPAE_S2, SZ_4K, 48, 48, 3ull << 39 | 5ull << 30 | 16ull << 21, 0x123456000000,
	  SZ_32M, 0x80002000, 16, 16, 0x101234560007fd, SZ_2M },
	{ ARM_64_LPAE_S2, SZ_4K, 48, 48, 3ull << 39 | 16ull << 30, 0x124000000000, SZ_16G,
	  0x80001000, 16, 16, 0x101240000007fd, SZ_1G },
	/* 16K: 128 pages, 32 blocks of level 2. The root, of 47 bits, is level 1. */
	{ ARM_64_LPAE_S1, SZ_16K, 47, 48, ABOVE_16K(128), 0x123456600000, SZ_2M, 0x80008000, 128,
	  128, 0x10123456600f47, SZ_16K },
	{ ARM_64_LPAE_S1, SZ_16K, 47, 48, 3ull << 36 | 32ull << 25, 0x123440000000, SZ_1G,
	  0x80004000, 32, 32, 0x10123440000f45, SZ_32M },
	{ ARM_64_LPAE_S2, SZ_16K, 47, 48, ABOVE_16K(128), 0x123456600000, SZ_2M, 0x80008000, 128,
	  128, 0x101234566007ff, SZ_16K },
	{ ARM_64_LPAE_S2, SZ_16K, 47, 48, 3ull << 36 | 32ull << 25, 0x123440000000, SZ_1G,
	  0x80004000, 32, 32, 0x101234400007fd, SZ_32M },
	/* 64K: 32 pages, 32 blocks of level 2. */
	{ ARM_64_LPAE_S1, SZ_64K, 48, 48, ABOVE_64K(32), 0x123456600000, SZ_2M, 0x80020000, 32, 32,
	  0x10123456600f47, SZ_64K },
	{ ARM_64_LPAE_S1, SZ_64K, 48, 48, 3ull << 42 | 32ull << 29, 0x124000000000, SZ_16G,
	  0x80010000, 32, 32, 0x10124000000f45, SZ_512M },
	{ ARM_64_LPAE_S2, SZ_64K, 48, 48, ABOVE_64K(32), 0x123456600000, SZ_2M, 0x80020000, 32, 32,
	  0x101234566007ff, SZ_64K },
	{ ARM_64_LPAE_S2, SZ_64K, 48, 48, 3ull << 42 | 32ull << 29, 0x124000000000, SZ_16G,
	  0x80010000, 32, 32, 0x101240000007fd, SZ_512M },
	/* LPA2: address bits 51:50 (01) are in 9:8, 0x100, in the place of SH. */
	{ ARM_64_LPAE_S1, SZ_4K, 52, 52, 6ull << 48 | ABOVE_4K(16), 0x7123456780000, SZ_64K,
	  0x80004000, 16, 16, 0x13123456780d47, SZ_4K },
	{ ARM_64_LPAE_S1, SZ_16K, 52, 52, 6ull << 47 | ABOVE_16K(128), 0x7123456600000, SZ_2M,
	  0x8000c000, 128, 128, 0x13123456600d47, SZ_16K },
	{ ARM_64_LPAE_S2, SZ_16K, 52, 52, 6ull << 47 | 3ull << 36 | 32ull << 25, 0x7123440000000,
	  SZ_1G, 0x80008000, 32, 32, 0x131234400005fd, SZ_32M },
	/* LPA: 51:48 (7) are in 15:12. */
	{ ARM_64_LPAE_S1, SZ_64K, 52, 52, 3ull << 48 | ABOVE_64K(32), 0x7123456600000, SZ_2M,
	  0x80020000, 32, 32, 0x10123456607f47, SZ_64K },
};

/* All of it, and nothing beside it; one entry less, and none of the others has the hint. */
static void test_contiguous(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		const struct group *g = &groups[i];
		struct io_pgtable_cfg cfg = {
			.pgsize_bitmap = g->granule | g->size,
			.ias = g->ias,
			.oas = g->oas,
			.coherent_walk = true,
		};
		struct io_pgtable *iop = window_make(g->fmt, &cfg);
		size_t gone = g->entries / 2 - 1;

		assert_int_equal(g->step * g->entries, g->size);
		assert_int_equal(io_pgtable_map(iop, g->iova, g->pa, g->size, RW | IOMMU_CACHE), 0);
		for (size_t e = 0; e < g->entries; e++)
			expect_desc(g->table, g->index + e, g->first + e * g->step,
				    CONTIGUOUS_SOURCE);
		expect_desc(g->table, g->index - 1, 0, CONTIGUOUS_SOURCE);
		expect_desc(g->table, g->index + g->entries, 0, CONTIGUOUS_SOURCE);
		assert_int_equal(io_pgtable_iova_to_phys(iop, g->iova + g->size - 1),
				 g->pa + g->size - 1);
		assert_int_equal(io_pgtable_unmap(iop, g->iova + gone * g->step, g->step, NULL),
				 g->step);
		for (size_t e = 0; e < g->entries; e++)
			expect_desc(g->table, g->index + e,
				    e == gone ? 0 : g->first + e * g->step - CONTIGUOUS,
				    CONTIGUOUS_SOURCE);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/* Consecutive leaves of a run, in a table of its own and in one that is there. */
static void test_runs(void **state)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SZ_4K,
		.ias = 39,
		.oas = 56,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = window_make(RISCV_SV39, &cfg);

	for (int again = 0; again < 2; again++) {
		assert_int_equal(io_pgtable_map(iop, 0, SZ_1G, 3 * SZ_4K, RW), 0);
		assert_int_equal(desc_at(0x80002000, 0), 0x100000df);
		assert_int_equal(desc_at(0x80002000, 1), 0x100004df);
		assert_int_equal(desc_at(0x80002000, 2), 0x100008df);
		assert_int_equal(desc_at(0x80002000, 3), 0);
		assert_int_equal(io_pgtable_unmap(iop, 0, 3 * SZ_4K, NULL), 3 * SZ_4K);
	}
	free_io_pgtable(iop);
}

static struct io_pgtable_cfg filled(enum io_pgtable_fmt fmt, unsigned int ias, size_t root_bytes)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SZ_4K,
		.ias = ias,
		.oas = 48,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = window_make(fmt, &cfg);

	assert_int_equal(io_pgtable_table_bytes(iop), root_bytes);
	free_io_pgtable(iop);
	return cfg;
}

static void test_registers(void **state)
{
	static const struct {
		unsigned int ias, aw;
	} ss[] = { { 30, 1 }, { 39, 1 }, { 40, 2 }, { 48, 2 }, { 49, 3 }, { 57, 3 } };
	static const struct {
		enum io_pgtable_fmt fmt;
		unsigned int ias;
		uint64_t atp;
	} riscv[] = {
		{ RISCV_SV39, 39, 0x8000000000080000 },	  { RISCV_SV48, 48, 0x9000000000080000 },
		{ RISCV_SV57, 57, 0xa000000000080000 },	  { RISCV_SV39X4, 41, 0x8000000000080000 },
		{ RISCV_SV48X4, 50, 0x9000000000080000 }, { RISCV_SV57X4, 59, 0xa000000000080000 },
		{ RISCV_SV57X4, 32, 0xa000000000080000 },
	};
	static const struct {
		unsigned int ias, mode;
	} v1[] = { { 21, 2 }, { 22, 2 }, { 39, 3 }, { 40, 4 }, { 57, 5 }, { 58, 6 }, { 63, 6 } };
	struct io_pgtable_cfg cfg;

	for (size_t i = 0; i < ARRAY_SIZE(v1); i++) {
		cfg = filled(AMD_IOMMU_V1, v1[i].ias, SZ_4K);
		assert_int_equal(cfg.amd_iommu_v1_cfg.host_pt_root, PA_BASE);
		assert_int_equal(cfg.amd_iommu_v1_cfg.mode, v1[i].mode);
	}
	for (unsigned int five = 0; five < 2; five++) {
		cfg = filled(AMD_IOMMU_V2, five ? 57 : 48, SZ_4K);
		assert_int_equal(cfg.amd_iommu_v2_cfg.gcr3, PA_BASE);
		assert_int_equal(cfg.amd_iommu_v2_cfg.guest_paging_mode, five);
		cfg = filled(INTEL_VTD_FS, five ? 57 : 48, SZ_4K);
		assert_int_equal(cfg.intel_vtd_fs_cfg.fsptptr, PA_BASE);
		assert_int_equal(cfg.intel_vtd_fs_cfg.fspm, five);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ss); i++) {
		cfg = filled(INTEL_VTD_SS, ss[i].ias, SZ_4K);
		assert_int_equal(cfg.intel_vtd_ss_cfg.ssptptr, PA_BASE);
		assert_int_equal(cfg.intel_vtd_ss_cfg.aw, ss[i].aw);
	}
	for (size_t i = 0; i < ARRAY_SIZE(riscv); i++) {
		bool second = riscv[i].fmt >= RISCV_SV39X4;

		cfg = filled(riscv[i].fmt, riscv[i].ias, second ? SZ_16K : SZ_4K);
		assert_int_equal(second ? cfg.riscv_ss_cfg.iohgatp : cfg.riscv_fs_cfg.fsc,
				 riscv[i].atp);
	}
}

static void test_dart_and_mali_registers(void **state)
{
	static const struct {
		unsigned int ias, roots;
	} cases[] = { { 15, 1 }, { 36, 1 }, { 37, 2 }, { 38, 4 } };
	struct io_pgtable_cfg cfg = { .pgsize_bitmap = SZ_4K, .ias = 48, .oas = 40 };

	free_io_pgtable(window_make(ARM_MALI_LPAE, &cfg));
	assert_int_equal(cfg.arm_mali_lpae_cfg.transtab, PA_BASE | 0x7);
	cfg.coherent_walk = true;
	free_io_pgtable(window_make(ARM_MALI_LPAE, &cfg));
	assert_int_equal(cfg.arm_mali_lpae_cfg.transtab, PA_BASE | 0x17);
	assert_int_equal(cfg.arm_mali_lpae_cfg.memattr, 0x888d88);
	cfg.pgsize_bitmap = SZ_16K;
	cfg.oas = 42;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cfg.ias = cases[i].ias;
		free_io_pgtable(window_make(APPLE_DART2, &cfg));
		assert_int_equal(cfg.apple_dart_cfg.n_ttbrs, cases[i].roots);
		for (unsigned int r = 0; r < 4; r++)
			assert_int_equal(cfg.apple_dart_cfg.ttbr[r],
					 r < cases[i].roots ? PA_BASE + r * SZ_16K : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_contiguous),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_dart_and_mali_registers),
	};

	return cmocka_run_group_tests(tests, window_setup, window_teardown);
}
