// SPDX-License-Identifier: GPL-2.0-only
/*
 * live-map: which ranges of an address space are mapped, see live-map.h.
 *
 * Invariants: in-order by start, heap-ordered by priority, no two spans overlap. Priorities come
 * from a fixed seed, so that a plan is the same every time. The recursion is as deep as the treap,
 * a few dozen levels for millions of spans.
 */
#include "live-map.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_NODES 64u

void live_map_init(struct live_map *map)
{
	*map = (struct live_map){ .root = LIVE_NONE, .free = LIVE_NONE, .seed = 2463534242u };
}

void live_map_free(struct live_map *map)
{
	free(map->nodes);
	live_map_init(map);
}

static uint32_t next_priority(struct live_map *map)
{
	map->seed ^= map->seed << 13;
	map->seed ^= map->seed >> 17;
	map->seed ^= map->seed << 5;
	return map->seed;
}

static uint32_t new_node(struct live_map *map)
{
	uint32_t room = map->room ? 2 * map->room : FIRST_NODES;
	uint32_t pos = map->free;
	struct live_node *nodes;

	if (pos != LIVE_NONE) {
		map->free = map->nodes[pos].left;
		return pos;
	}
	if (map->nr_nodes == map->room) {
		if (room <= map->room)
			return LIVE_NONE;
		nodes = realloc(map->nodes, room * sizeof(*nodes));
		if (!nodes)
			return LIVE_NONE;
		map->nodes = nodes;
		map->room = room;
	}
	return map->nr_nodes++;
}

/* Everything below @start goes to @left, the rest to @right. */
static void split(struct live_map *map, uint32_t pos, uint64_t start, uint32_t *left,
		  uint32_t *right)
{
	struct live_node *node;

	if (pos == LIVE_NONE) {
		*left = *right = LIVE_NONE;
		return;
	}
	node = &map->nodes[pos];
	if (node->span.start < start) {
		*left = pos;
		split(map, node->right, start, &node->right, right);
	} else {
		*right = pos;
		split(map, node->left, start, left, &node->left);
	}
}

/* All of @left is below all of @right. */
static uint32_t merge(struct live_map *map, uint32_t left, uint32_t right)
{
	if (left == LIVE_NONE)
		return right;
	if (right == LIVE_NONE)
		return left;
	if (map->nodes[left].priority >= map->nodes[right].priority) {
		map->nodes[left].right = merge(map, map->nodes[left].right, right);
		return left;
	}
	map->nodes[right].left = merge(map, left, map->nodes[right].left);
	return right;
}

uint32_t live_map_find(const struct live_map *map, uint64_t start, uint64_t last)
{
	uint32_t pos = map->root, found = LIVE_NONE;

	/* The spans do not overlap, so they are ordered by their ends as well. */
	while (pos != LIVE_NONE) {
		if (map->nodes[pos].span.last >= start) {
			found = pos;
			pos = map->nodes[pos].left;
		} else {
			pos = map->nodes[pos].right;
		}
	}
	if (found != LIVE_NONE && map->nodes[found].span.start > last)
		return LIVE_NONE;
	return found;
}

struct live_span *live_map_at(const struct live_map *map, uint32_t pos)
{
	return &map->nodes[pos].span;
}

int live_map_add(struct live_map *map, const struct live_span *span)
{
	uint32_t pos = new_node(map);
	uint32_t left, right;

	if (pos == LIVE_NONE)
		return -ENOMEM;
	map->nodes[pos] = (struct live_node){
		.span = *span,
		.left = LIVE_NONE,
		.right = LIVE_NONE,
		.priority = next_priority(map),
	};
	split(map, map->root, span->start, &left, &right);
	map->root = merge(map, merge(map, left, pos), right);
	return 0;
}

void live_map_remove(struct live_map *map, uint64_t start)
{
	uint32_t *link = &map->root;
	uint32_t pos;

	while (*link != LIVE_NONE && map->nodes[*link].span.start != start)
		link = start < map->nodes[*link].span.start ? &map->nodes[*link].left
							    : &map->nodes[*link].right;
	pos = *link;
	if (pos == LIVE_NONE)
		return;
	*link = merge(map, map->nodes[pos].left, map->nodes[pos].right);
	map->nodes[pos].left = map->free;
	map->free = pos;
}
