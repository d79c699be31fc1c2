// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random configurations, and random mixtures of what drivers ask for, given to Linux's allocation
 * functions and to io-pgtable-linux.h: who takes them, and what comes back (sizes, ias, oas,
 * registers) must be the same.
 *
 *	test-peers-cfg [CONFIGURATIONS [SEED]]
 *
 * Where the two differ, it is by one of the reasons that the header lists at
 * alloc_io_pgtable_ops(): each has a function here, and each has to occur. A difference without a
 * reason is a failure, and so is a reason where there is no difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg-outcome.h"
#include "peer-runtime.h"

enum { S1_32, S2_32, S1_64, S2_64, V7S, MALI, AMD_V1, AMD_V2, DART, DART2, FORMATS };

#define BIT(n)	 (1ull << (n))
#define K4	 BIT(12)
#define K64	 BIT(16)
#define HD	 BIT(7)
#define MTK	 BIT(3)
#define MTK_TTBR BIT(4)
#define TTBR1	 BIT(5)
#define S2FWB	 BIT(8)

static uint64_t seed = 1, lower_starts;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static bool is_s1(unsigned int fmt)
{
	return fmt == S1_32 || fmt == S1_64;
}

static bool is_s2(unsigned int fmt)
{
	return fmt == S2_32 || fmt == S2_64;
}

static bool is_32(unsigned int fmt)
{
	return fmt == S1_32 || fmt == S2_32;
}

/* ---- why the library refuses what the kernel takes; k is what the kernel made of it ---- */

static bool small_ias(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	static const unsigned int least[FORMATS] = { 25, 25, 32, 32, 0, 32, 0, 0, 0, 0 };

	if (asked->fmt == DART || asked->fmt == DART2)
		return k->ias <= (k->sizes == K4 ? 12 : 14);
	return k->ias < least[asked->fmt];
}

static bool small_oas(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return (asked->fmt == V7S || asked->fmt == MALI) && k->oas < 32;
}

/*
 * DDI0487, D8.2: with so much input and so little output stage 2 has no such start level. Then up
 * to 16 tables of the next are put side by side. Linux does that only to save the highest of four
 * levels.
 */
static bool start_is_lower(const struct cfg_outcome *asked, const struct cfg_outcome *k,
			   unsigned int *root_bits)
{
	unsigned int page = k->sizes & K4 ? 12 : k->sizes & BIT(14) ? 14 : 16, bits = page - 3;
	unsigned int top = (k->ias - page - 1) / bits, most = page == 12 ? 3 : 2;

	*root_bits = k->ias - page - top * bits;
	return is_s2(asked->fmt) && !(top == 3 && *root_bits <= 4) &&
	       (top > most || (top == most && k->oas < (page == 14 ? 42u : 44u)));
}

static bool no_start_level(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	unsigned int root_bits;

	return start_is_lower(asked, k, &root_bits) && root_bits > 4;
}

static bool no_size_left(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return !(k->sizes & (BIT(k->ias) - 1));
}

static bool dirty_state(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return (asked->quirks & HD) && is_s1(asked->fmt) && (!asked->snoops || is_32(asked->fmt));
}

static bool upper_half_of_32(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return asked->fmt == S1_32 && (asked->quirks & TTBR1) && k->ias == 32;
}

static bool unread_quirks(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return asked->quirks && asked->fmt >= AMD_V1;
}

static bool no_room(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	return (asked->fmt == DART && k->oas == 42) || (asked->fmt == DART2 && k->sizes == K4);
}

static struct reason {
	const char *name;
	bool (*holds)(const struct cfg_outcome *asked, const struct cfg_outcome *k);
	uint64_t times;
} reasons[] = {
	{ "small ias", small_ias, 0 },
	{ "small oas", small_oas, 0 },
	{ "no start level", no_start_level, 0 },
	{ "no size left", no_size_left, 0 },
	{ "no dirty state", dirty_state, 0 },
	{ "the upper half of 32 bits", upper_half_of_32, 0 },
	{ "quirks of a format that has none", unread_quirks, 0 },
	{ "no room in a descriptor", no_room, 0 },
};

#define NR_REASONS (sizeof(reasons) / sizeof(reasons[0]))

static bool has_reason(const struct cfg_outcome *asked, const struct cfg_outcome *k)
{
	bool any = false;

	for (size_t i = 0; i < NR_REASONS; i++) {
		bool holds = reasons[i].holds(asked, k);

		reasons[i].times += holds;
		any |= holds;
	}
	return any;
}

/* ---- configurations ---- */

static uint64_t random_sizes(void)
{
	static const uint64_t of_drivers[] = {
		K4 | BIT(21) | BIT(30),
		BIT(14) | BIT(25),
		K64 | BIT(29),
		K64 | BIT(29) | BIT(42),
		K4 | K64 | BIT(20) | BIT(24),
		K4 | BIT(21),
	};
	uint64_t sizes = of_drivers[random_below(6)];

	if (random_below(2))
		sizes |= of_drivers[random_below(6)];
	if (random_below(4) == 0)
		sizes &= BIT(12) << random_below(20) | BIT(12) << random_below(5);
	if (random_below(8) == 0)
		sizes |= BIT(random_below(52));
	return sizes;
}

/* Not below what a root of the kernel's is at least, nor what the shim has memory for. */
static unsigned int random_bits(void)
{
	static const unsigned int of_registers[] = { 32, 36, 40, 42, 44, 48, 52 };

	return random_below(4) ? of_registers[random_below(7)]
			       : (unsigned int)(24 + random_below(38));
}

static struct cfg_outcome random_cfg(void)
{
	struct cfg_outcome o = { .fmt = (unsigned int)random_below(FORMATS),
				 .snoops = random_below(2),
				 .sizes = random_sizes(),
				 .ias = random_bits(),
				 .oas = random_bits() };

	if (random_below(4) == 0)
		o.quirks = random_below(512) & random_below(512);
	if (o.fmt == V7S && random_below(2)) {
		o.quirks = random_below(16) | MTK | (random_below(2) ? MTK_TTBR : 0);
		o.ias = 30 + (unsigned int)random_below(6);
		o.oas = 30 + (unsigned int)random_below(8);
	}
	/* The shim's memory is not below 4 GiB then, and has to be below oas. */
	if (o.fmt == V7S && (o.quirks & MTK_TTBR) && o.oas < 35)
		o.oas = 35;
	if ((o.fmt == S1_32 || o.fmt == MALI) && random_below(2))
		o.ias = 32;
	if ((o.fmt == DART || o.fmt == DART2) && random_below(2)) {
		o.sizes = random_below(2) ? BIT(14) : K4;
		o.oas = random_below(2) ? 36 : 42;
		o.ias = random_below(2) ? o.ias : 12 + (unsigned int)random_below(32);
	}
	/*
	 * There it is not the configuration that says how many levels there are; at stage 2 Linux
	 * has no quirk.
	 */
	if (o.fmt == AMD_V2 && o.ias == 57)
		o.ias = 48;
	if (o.fmt == S2_64)
		o.quirks &= ~(HD | S2FWB);
	/* A quirk at a time is what mostly is taken. */
	if (is_s1(o.fmt) && random_below(4) == 0)
		o.quirks = 1 << random_below(8);
	return o;
}

/* ---- comparing ---- */

static void show(const char *what, bool taken, const struct cfg_outcome *o)
{
	printf("%-8s %-7s fmt %u quirks %#lx%s sizes %#llx ias %u oas %u", what,
	       taken ? "" : "refused", o->fmt, o->quirks, o->snoops ? " snoops" : "",
	       (unsigned long long)o->sizes, o->ias, o->oas);
	for (int i = 0; taken && i < CFG_REGISTERS; i++)
		printf(" %llx", (unsigned long long)o->reg[i]);
	printf("\n");
}

/* Of stage 2 the seventh is SL0. */
static bool same_registers(const struct cfg_outcome *asked, const struct cfg_outcome *k,
			   const struct cfg_outcome *l)
{
	struct cfg_outcome expected = *k;
	unsigned int root_bits;

	if (start_is_lower(asked, k, &root_bits)) {
		expected.reg[6]--;
		lower_starts++;
	}
	return !memcmp(expected.reg, l->reg, sizeof(l->reg));
}

/* Whether what came back is the same, but for sizes that no level has. */
static bool same(const struct cfg_outcome *asked, const struct cfg_outcome *k,
		 const struct cfg_outcome *l)
{
	uint64_t gone = k->sizes & ~l->sizes;

	return !(l->sizes & ~k->sizes) && !(gone & (BIT(k->ias) - 1)) && k->ias == l->ias &&
	       k->oas == l->oas && same_registers(asked, k, l);
}

static bool compare(const struct cfg_outcome *asked, uint64_t *taken)
{
	struct cfg_outcome k = *asked, l = *asked;
	bool by_kernel = kernel_outcome(&k), by_library = library_outcome(&l);
	bool good;

	if (!by_kernel)
		good = !by_library;
	else if (!by_library)
		good = has_reason(asked, &k);
	else
		good = same(asked, &k, &l) && !has_reason(asked, &k);
	*taken += by_kernel && by_library;
	if (good)
		return true;
	show("asked", true, asked);
	show("Linux", by_kernel, &k);
	show("library", by_library, &l);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 200000, taken[FORMATS] = { 0 };
	unsigned int failures = 0;

	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	if (!n || !seed) {
		fprintf(stderr,
			"usage: test-peers-cfg [CONFIGURATIONS [SEED]], neither of them 0\n");
		return 2;
	}
	peer_expect_warnings(true);
	for (uint64_t i = 0; i < n && failures < 10; i++) {
		struct cfg_outcome asked = random_cfg();

		failures += !compare(&asked, &taken[asked.fmt]);
	}
	for (int fmt = 0; fmt < FORMATS; fmt++) {
		printf("format %d: %llu taken by both\n", fmt, (unsigned long long)taken[fmt]);
		failures += !taken[fmt];
	}
	for (size_t i = 0; i < NR_REASONS; i++) {
		printf("%s: %llu\n", reasons[i].name, (unsigned long long)reasons[i].times);
		failures += !reasons[i].times;
	}
	printf("a lower start level: %llu\n", (unsigned long long)lower_starts);
	return failures || !lower_starts;
}
