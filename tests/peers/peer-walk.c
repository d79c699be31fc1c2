// SPDX-License-Identifier: GPL-2.0-only
/*
 * See peer-walk.h. Written from the descriptor formats (DDI0487, D8.3), not from either
 * implementation.
 */
#include "peer-walk.h"

static uint64_t table_address(uint64_t descriptor, unsigned int granule_lg2)
{
	uint64_t address = descriptor & 0xfffffffff000ull & ~0ull << granule_lg2;

	/* With 64K pages, bits 15:12 are address bits 51:48. */
	if (granule_lg2 == 16)
		address |= (descriptor & 0xf000) << 36;
	return address;
}

uint64_t peer_walk_leaf(const struct peer_walk *walk, uint64_t iova, unsigned int *level)
{
	unsigned int bits = walk->granule_lg2 - 3;
	uint64_t table = walk->root;

	for (unsigned int l = walk->start_level; l <= 3; l++) {
		unsigned int shift = walk->granule_lg2 + (3 - l) * bits;
		uint64_t index = iova >> shift, descriptor;

		/* A concatenated root has more entries than a table; nothing is above it. */
		if (l != walk->start_level)
			index &= (1ull << bits) - 1;
		descriptor = ((const uint64_t *)(uintptr_t)table)[index];
		*level = l;
		if (!(descriptor & 1))
			return 0;
		if (l == 3 || !(descriptor & 2))
			return descriptor;
		table = table_address(descriptor, walk->granule_lg2);
	}
	return 0;
}
