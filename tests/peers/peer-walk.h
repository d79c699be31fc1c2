/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads LPAE tables as hardware would, for either implementation, to compare what they wrote.
 */
#ifndef TESTS_PEER_WALK_H
#define TESTS_PEER_WALK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct peer_walk - a table tree; physical addresses are virtual ones
 * @root: address of the root
 * @start_level: its level
 * @granule_lg2: log2 of the page size
 */
struct peer_walk {
	uint64_t root;
	unsigned int start_level;
	unsigned int granule_lg2;
};

/**
 * peer_walk_leaf() - the descriptor that translates an address
 * @walk: the tree
 * @iova: the address
 * @level: out, where it was found
 *
 * Return: a block or page descriptor, or 0.
 */
uint64_t peer_walk_leaf(const struct peer_walk *walk, uint64_t iova, unsigned int *level);

#endif /* TESTS_PEER_WALK_H */
