/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live-map: which ranges of an address space are mapped, and who touched each of them last.
 *
 * A treap of spans that never overlap, ordered by address. A span is live (mapped, by one event) or
 * dead (was mapped; kept so that the next map there knows which operation to wait for). Positions
 * are indexes into one array and stay valid until that span is removed.
 */
#ifndef BENCH_LIVE_MAP_H
#define BENCH_LIVE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIVE_NONE UINT32_MAX

/**
 * struct live_span - a range
 * @start: first address
 * @last: last address (a range may end at the top of the address space)
 * @paddr: where @start is mapped to, if live
 * @event: index of the event that mapped it
 * @thread: the thread of the operation that touched it last
 * @seq: and that operation's number in its thread, from 1; 0: nothing to wait for
 * @live: mapped
 */
struct live_span {
	uint64_t start;
	uint64_t last;
	uint64_t paddr;
	uint32_t event;
	uint32_t thread;
	uint32_t seq;
	bool live;
};

struct live_node {
	struct live_span span;
	uint32_t left, right, priority;
};

/**
 * struct live_map - the spans of one address space; all zero is not a valid map, see
 * live_map_init()
 * @nodes: private
 * @nr_nodes: private, nodes ever used
 * @room: private
 * @root: private
 * @free: private, list of removed nodes through @left
 * @seed: private
 */
struct live_map {
	struct live_node *nodes;
	uint32_t nr_nodes;
	uint32_t room;
	uint32_t root;
	uint32_t free;
	uint32_t seed;
};

/**
 * live_map_init() - make an empty map
 * @map: the map
 */
void live_map_init(struct live_map *map);

/**
 * live_map_free() - give its memory back
 * @map: the map
 */
void live_map_free(struct live_map *map);

/**
 * live_map_find() - the first span that has an address of a range
 * @map: the map
 * @start: first address of the range
 * @last: last address of the range
 *
 * Return: its position, or LIVE_NONE.
 */
uint32_t live_map_find(const struct live_map *map, uint64_t start, uint64_t last);

/**
 * live_map_at() - the span at a position
 * @map: the map
 * @pos: what live_map_find() returned
 *
 * Its addresses must not be changed. Valid until the next live_map_add().
 */
struct live_span *live_map_at(const struct live_map *map, uint32_t pos);

/**
 * live_map_add() - add a span where there is none
 * @map: the map
 * @span: the span; must not overlap another
 *
 * Return: 0 or -ENOMEM.
 */
int live_map_add(struct live_map *map, const struct live_span *span);

/**
 * live_map_remove() - take a span out
 * @map: the map
 * @start: its first address
 */
void live_map_remove(struct live_map *map, uint64_t start);

#endif /* BENCH_LIVE_MAP_H */
