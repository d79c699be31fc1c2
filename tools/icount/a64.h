/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * a64: which kind of instruction an A64 opcode is, as far as icount tells them apart.
 *
 * One table of masks, the first match decides. Source: Arm ARM DDI0487, C4.1 "A64 instruction set
 * encoding", "Loads and Stores" and "Barriers". An instruction that accesses memory is exactly one
 * of load, store, exclusive and LSE atomic; acquire/release is said in addition. A pair is one
 * instruction, a prefetch none of them. Later extensions (SVE, MTE, MOPS) are not decoded: the
 * compiler does not emit them for the processors that we build for.
 */
#ifndef ICOUNT_A64_H
#define ICOUNT_A64_H

#include <stddef.h>
#include <stdint.h>

enum a64_kind {
	A64_LOAD = 1 << 0,
	A64_STORE = 1 << 1,
	A64_EXCLUSIVE = 1 << 2, /* LDXR, STXR and their kin, each counted for itself */
	A64_LSE = 1 << 3,	/* CAS, SWP, LDADD ...: read, modify and write in one instruction */
	A64_ACQ_REL = 1 << 4,
	A64_DMB = 1 << 5,
	A64_DSB = 1 << 6,
};

#define A64_KINDS 7

/* Hints that no processor gives a meaning to, around what is to be counted. */
#define A64_HINT(n)	(0xd503201fu | (n) << 5)
#define A64_COUNT_BEGIN A64_HINT(0x70u)
#define A64_COUNT_END	A64_HINT(0x71u)

struct a64_pattern {
	uint32_t mask;
	uint32_t value;
	unsigned int kinds;
};

static const struct a64_pattern a64_patterns[] = {
	/* Exclusive and ordered: o2 is bit 23, L 22, o1 21, o0 15. */
	{ 0x3fa08000, 0x08000000, A64_EXCLUSIVE },		 /* LDXR STXR */
	{ 0x3fa08000, 0x08008000, A64_EXCLUSIVE | A64_ACQ_REL }, /* LDAXR STLXR */
	{ 0xbfa08000, 0x88200000, A64_EXCLUSIVE },		 /* LDXP STXP */
	{ 0xbfa08000, 0x88208000, A64_EXCLUSIVE | A64_ACQ_REL }, /* LDAXP STLXP */
	{ 0xbfe08000, 0x08200000, A64_LSE },			 /* CASP */
	{ 0xbfa00000, 0x08200000, A64_LSE | A64_ACQ_REL },	 /* CASPA CASPL CASPAL */
	{ 0x3fe00000, 0x08c00000, A64_LOAD | A64_ACQ_REL },	 /* LDAR LDLAR */
	{ 0x3fe00000, 0x08800000, A64_STORE | A64_ACQ_REL },	 /* STLR STLLR */
	{ 0x3fe08000, 0x08a00000, A64_LSE },			 /* CAS */
	{ 0x3fa00000, 0x08a00000, A64_LSE | A64_ACQ_REL },	 /* CASA CASL CASAL */
	/* Atomic memory operations: A is bit 23, R 22. */
	{ 0x3fe0fc00, 0x38a0c000, A64_LOAD | A64_ACQ_REL },  /* LDAPR */
	{ 0x3fe00c00, 0x38200000, A64_LSE },		     /* SWP LDADD LDSET ... */
	{ 0x3f200c00, 0x38200000, A64_LSE | A64_ACQ_REL },   /* with A, L or AL */
	{ 0x3fe00c00, 0x19000000, A64_STORE | A64_ACQ_REL }, /* STLUR */
	{ 0x3f200c00, 0x19000000, A64_LOAD | A64_ACQ_REL },  /* LDAPUR */
	/* PC-relative; pairs. */
	{ 0xff000000, 0xd8000000, 0 }, /* PRFM */
	{ 0x3b000000, 0x18000000, A64_LOAD },
	{ 0x3a400000, 0x28400000, A64_LOAD },
	{ 0x3a400000, 0x28000000, A64_STORE },
	/* One register, every addressing mode. */
	{ 0xff200400, 0xf8200400, A64_LOAD },  /* LDRAA LDRAB */
	{ 0xfec00000, 0xf8800000, 0 },	       /* PRFM PRFUM */
	{ 0xfec00000, 0x3c800000, A64_STORE }, /* STR of a whole vector register */
	{ 0x3ac00000, 0x38000000, A64_STORE },
	{ 0x3a000000, 0x38000000, A64_LOAD },
	/* LD1 to LD4, ST1 to ST4. */
	{ 0xbe400000, 0x0c400000, A64_LOAD },
	{ 0xbe400000, 0x0c000000, A64_STORE },
	{ 0xfffff0ff, 0xd503309f, A64_DSB },
	{ 0xfffff0ff, 0xd50330bf, A64_DMB },
};

/* A64_* of an opcode, 0 for whatever is none of them. */
static inline unsigned int a64_kinds(uint32_t opcode)
{
	for (size_t i = 0; i < sizeof(a64_patterns) / sizeof(a64_patterns[0]); i++)
		if ((opcode & a64_patterns[i].mask) == a64_patterns[i].value)
			return a64_patterns[i].kinds;
	return 0;
}

#endif /* ICOUNT_A64_H */
