// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-l1d: the cache model of tools/icount against sequences whose misses are known: a line is
 * missed once, a set holds four lines, and the one that was used longest ago goes first.
 */
#include <stddef.h>
#include <stdio.h>

#include "../../tools/icount/l1d.h"

enum { LINE = 1 << L1D_LINE_LG2, WAY = LINE * L1D_SETS };

struct step {
	uint64_t address;
	bool miss;
};

static const struct step steps[] = {
	{ 0, true },	     /* an empty cache */
	{ LINE - 1, false }, /* the same line */
	{ LINE, true },	     /* the next one */
	{ WAY, true },	     /* other lines of the first set */
	{ 2 * WAY, true },
	{ 3 * WAY, true },
	{ 0, false },	   /* all four are there; the first is now the newest */
	{ 4 * WAY, true }, /* takes the place of the one at WAY */
	{ 0, false },
	{ 2 * WAY, false },
	{ 3 * WAY + LINE - 1, false },
	{ WAY, true }, /* takes the place of the one at 4 * WAY */
	{ 4 * WAY, true },
	{ LINE, false }, /* another set: none of this concerned it */
};

int main(void)
{
	static struct l1d cache;
	int bad = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool miss = l1d_access(&cache, steps[i].address);

		if (miss == steps[i].miss)
			continue;
		printf("test-l1d: step %zu (%#llx): a %s\n", i,
		       (unsigned long long)steps[i].address, miss ? "miss" : "hit");
		bad++;
	}
	printf("test-l1d: %zu accesses, %d wrong\n", sizeof(steps) / sizeof(steps[0]), bad);
	return bad ? 1 : 0;
}
