// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-a64: the decoder of tools/icount against opcodes as the GNU assembler encodes them.
 *
 * Every row of the decoder's table is reached by at least one opcode, and what must not be counted
 * (branches, arithmetic, prefetches, cache maintenance, other hints) stands at the end.
 */
#include <stdio.h>
#include <string.h>

#include "../../tools/icount/a64.h"

struct sample {
	uint32_t opcode;
	unsigned int kinds;
	const char *text;
};

static const struct sample samples[] = {
	{ 0xc85f7c20, A64_EXCLUSIVE, "ldxr x0, [x1]" },
	{ 0xc8027c20, A64_EXCLUSIVE, "stxr w2, x0, [x1]" },
	{ 0x885ffc20, A64_EXCLUSIVE | A64_ACQ_REL, "ldaxr w0, [x1]" },
	{ 0x8802fc20, A64_EXCLUSIVE | A64_ACQ_REL, "stlxr w2, w0, [x1]" },
	{ 0xc87f0c20, A64_EXCLUSIVE, "ldxp x0, x3, [x1]" },
	{ 0xc8220c20, A64_EXCLUSIVE, "stxp w2, x0, x3, [x1]" },
	{ 0xc87f8c20, A64_EXCLUSIVE | A64_ACQ_REL, "ldaxp x0, x3, [x1]" },
	{ 0xc8228c20, A64_EXCLUSIVE | A64_ACQ_REL, "stlxp w2, x0, x3, [x1]" },
	{ 0x48207c82, A64_LSE, "casp x0, x1, x2, x3, [x4]" },
	{ 0x4860fc82, A64_LSE | A64_ACQ_REL, "caspal x0, x1, x2, x3, [x4]" },
	{ 0x48607c82, A64_LSE | A64_ACQ_REL, "caspa x0, x1, x2, x3, [x4]" },
	{ 0x4820fc82, A64_LSE | A64_ACQ_REL, "caspl x0, x1, x2, x3, [x4]" },
	{ 0xc8a07c41, A64_LSE, "cas x0, x1, [x2]" },
	{ 0xc8e0fc41, A64_LSE | A64_ACQ_REL, "casal x0, x1, [x2]" },
	{ 0x88e07c41, A64_LSE | A64_ACQ_REL, "casa w0, w1, [x2]" },
	{ 0xc8a0fc41, A64_LSE | A64_ACQ_REL, "casl x0, x1, [x2]" },
	{ 0xc8dffc20, A64_LOAD | A64_ACQ_REL, "ldar x0, [x1]" },
	{ 0x08dffc20, A64_LOAD | A64_ACQ_REL, "ldarb w0, [x1]" },
	{ 0xc89ffc20, A64_STORE | A64_ACQ_REL, "stlr x0, [x1]" },
	{ 0xf8bfc020, A64_LOAD | A64_ACQ_REL, "ldapr x0, [x1]" },
	{ 0xf8200041, A64_LSE, "ldadd x0, x1, [x2]" },
	{ 0xf8e00041, A64_LSE | A64_ACQ_REL, "ldaddal x0, x1, [x2]" },
	{ 0xf820005f, A64_LSE, "stadd x0, [x2]" },
	{ 0xf860005f, A64_LSE | A64_ACQ_REL, "staddl x0, [x2]" },
	{ 0xf8203041, A64_LSE, "ldset x0, x1, [x2]" },
	{ 0xf8a01041, A64_LSE | A64_ACQ_REL, "ldclra x0, x1, [x2]" },
	{ 0xb8208041, A64_LSE, "swp w0, w1, [x2]" },
	{ 0xb8a08041, A64_LSE | A64_ACQ_REL, "swpa w0, w1, [x2]" },
	{ 0xf8608041, A64_LSE | A64_ACQ_REL, "swpl x0, x1, [x2]" },
	{ 0xd9008020, A64_STORE | A64_ACQ_REL, "stlur x0, [x1, #8]" },
	{ 0xd9408020, A64_LOAD | A64_ACQ_REL, "ldapur x0, [x1, #8]" },
	{ 0x58000760, A64_LOAD, "ldr x0, ." },
	{ 0xd8000000, 0, "prfm pldl1keep, ." },
	{ 0xa9400440, A64_LOAD, "ldp x0, x1, [x2]" },
	{ 0xacc10440, A64_LOAD, "ldp q0, q1, [x2], #32" },
	{ 0xa9bf0440, A64_STORE, "stp x0, x1, [x2, #-16]!" },
	{ 0xad000440, A64_STORE, "stp q0, q1, [x2]" },
	{ 0xac000440, A64_STORE, "stnp q0, q1, [x2]" },
	{ 0x69400440, A64_LOAD, "ldpsw x0, x1, [x2]" },
	{ 0xf9400020, A64_LOAD, "ldr x0, [x1]" },
	{ 0xf8627820, A64_LOAD, "ldr x0, [x1, x2, lsl #3]" },
	{ 0xf8408420, A64_LOAD, "ldr x0, [x1], #8" },
	{ 0xf85f8020, A64_LOAD, "ldur x0, [x1, #-8]" },
	{ 0x39400020, A64_LOAD, "ldrb w0, [x1]" },
	{ 0xb9800020, A64_LOAD, "ldrsw x0, [x1]" },
	{ 0x39c00020, A64_LOAD, "ldrsb w0, [x1]" },
	{ 0x79400420, A64_LOAD, "ldrh w0, [x1, #2]" },
	{ 0xf9000020, A64_STORE, "str x0, [x1]" },
	{ 0xf8226820, A64_STORE, "str x0, [x1, x2]" },
	{ 0xf8008c20, A64_STORE, "str x0, [x1, #8]!" },
	{ 0xb81fc020, A64_STORE, "stur w0, [x1, #-4]" },
	{ 0x39000020, A64_STORE, "strb w0, [x1]" },
	{ 0x79000020, A64_STORE, "strh w0, [x1]" },
	{ 0x3dc00020, A64_LOAD, "ldr q0, [x1]" },
	{ 0x3d800020, A64_STORE, "str q0, [x1]" },
	{ 0x3ca26820, A64_STORE, "str q0, [x1, x2]" },
	{ 0x3c9f8020, A64_STORE, "stur q0, [x1, #-8]" },
	{ 0xfd400020, A64_LOAD, "ldr d0, [x1]" },
	{ 0xfc008420, A64_STORE, "str d0, [x1], #8" },
	{ 0x3d000020, A64_STORE, "str b0, [x1]" },
	{ 0x3d400020, A64_LOAD, "ldr b0, [x1]" },
	{ 0xf9800000, 0, "prfm pldl1keep, [x0]" },
	{ 0xf8a16800, 0, "prfm pldl1keep, [x0, x1]" },
	{ 0xf89f8000, 0, "prfum pldl1keep, [x0, #-8]" },
	{ 0x4c407c00, A64_LOAD, "ld1 {v0.2d}, [x0]" },
	{ 0x4cdfac00, A64_LOAD, "ld1 {v0.2d, v1.2d}, [x0], #32" },
	{ 0x4c002000, A64_STORE, "st1 {v0.16b-v3.16b}, [x0]" },
	{ 0x4d40cc00, A64_LOAD, "ld1r {v0.2d}, [x0]" },
	{ 0x4d008400, A64_STORE, "st1 {v0.d}[1], [x0]" },
	{ 0xd5033e9f, A64_DSB, "dsb st" },
	{ 0xd5033f9f, A64_DSB, "dsb sy" },
	{ 0xd50332bf, A64_DMB, "dmb oshst" },
	{ 0xd5033bbf, A64_DMB, "dmb ish" },
	{ 0xd5033fdf, 0, "isb" },
	{ 0xd503201f, 0, "nop" },
	{ 0xd5032e1f, 0, "hint #0x70" },
	{ 0xd5032e3f, 0, "hint #0x71" },
	{ 0x8b020020, 0, "add x0, x1, x2" },
	{ 0xd65f03c0, 0, "ret" },
	{ 0x14000000, 0, "b ." },
	{ 0xb4000000, 0, "cbz x0, ." },
	{ 0x6f00e400, 0, "movi v0.2d, #0x0" },
	{ 0x4ee28420, 0, "add v0.2d, v1.2d, v2.2d" },
	{ 0x4e183c00, 0, "mov x0, v0.d[1]" },
	{ 0xd53b0020, 0, "mrs x0, ctr_el0" },
	{ 0xd50b7a20, 0, "dc cvac, x0" },
	{ 0xb37d0c20, 0, "bfi x0, x1, #3, #4" },
	{ 0x90000000, 0, "adrp x0, ." },
	{ 0xd5033f5f, 0, "clrex" },
	{ 0xd50323bf, 0, "autiasp" },
	{ 0xf8200420, A64_LOAD, "ldraa x0, [x1]" },
};

#define NR_SAMPLES  (sizeof(samples) / sizeof(samples[0]))
#define NR_PATTERNS (sizeof(a64_patterns) / sizeof(a64_patterns[0]))

/* The row that decides an opcode, NR_PATTERNS if none does. */
static size_t deciding_row(uint32_t opcode)
{
	size_t i = 0;

	while (i < NR_PATTERNS && (opcode & a64_patterns[i].mask) != a64_patterns[i].value)
		i++;
	return i;
}

int main(void)
{
	char reached[NR_PATTERNS + 1];
	int bad = 0;

	memset(reached, 0, sizeof(reached));
	for (size_t i = 0; i < NR_SAMPLES; i++) {
		unsigned int kinds = a64_kinds(samples[i].opcode);

		reached[deciding_row(samples[i].opcode)] = 1;
		if (kinds == samples[i].kinds)
			continue;
		printf("test-a64: %s (%#x): kinds %#x, not %#x\n", samples[i].text,
		       (unsigned int)samples[i].opcode, kinds, samples[i].kinds);
		bad++;
	}
	for (size_t i = 0; i < NR_PATTERNS; i++) {
		if (reached[i])
			continue;
		printf("test-a64: no sample reaches row %zu (%#x)\n", i,
		       (unsigned int)a64_patterns[i].value);
		bad++;
	}
	printf("test-a64: %zu opcodes, %d wrong\n", NR_SAMPLES, bad);
	return bad ? 1 : 0;
}
