// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pool holds and has done, of one moment, and whether it adds up (core/pool.h).
 *
 * What the arenas handed out is live, or in a box of a magazine, of a depot, or on its way home.
 */
#include <errno.h>

#include "core/pool.h"

/* Blocks that a set keeps, by kind. False if something is broken; look: also at their content. */
static bool census(const struct magazine_set *set, bool look, size_t bytes[2])
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		for (int zero = 0; zero < 2; zero++) {
			const struct box *box[] = { set->mag[i].loaded[zero],
						    set->mag[i].spare[zero] };

			for (int b = 0; b < 2; b++) {
				if (!box[b])
					continue;
				if (look && !pt_box_is_good(box[b], i + POOL_MIN_LG2, zero))
					return false;
				bytes[zero] += (size_t)box[b]->n << (i + POOL_MIN_LG2);
			}
		}
	}
	if (set->away.box)
		bytes[set->away.zero] += (size_t)set->away.box->n << set->away.lg2;
	return !look || !set->away.box ||
	       pt_box_is_good(set->away.box, set->away.lg2, set->away.zero);
}

static void add_set(struct table_pool_stats *stats, const struct magazine_set *set)
{
	uint64_t allocs[2] = { 0, 0 };

	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		const struct magazine *m = &set->mag[i];

		allocs[0] += m->allocs[0];
		allocs[1] += m->allocs[1];
		stats->frees += m->frees;
		stats->live_bytes += pool_live_bytes(set, i);
	}
	stats->allocs += allocs[0] + allocs[1];
	stats->zero_skipped += allocs[1] - set->zeroed;
	stats->failures += set->failures;
	stats->zeroed += set->zeroed;
	stats->cross_node_frees += set->cross_node_frees;
	stats->quarantined_bytes += set->quarantined_bytes;
}

/* What the depots keep; returns what they gave out. */
static size_t add_depots(struct table_pool_stats *stats, const struct table_pool *pool,
			 size_t cached[2])
{
	size_t out = 0, peak = 0;

	for (unsigned int node = 0; node < pool->nodes; node++) {
		const struct depot *d = &pool->depot[node];

		out += d->out_bytes;
		peak += d->out_peak_bytes;
		stats->huge_arenas += d->arenas_by_pages[PORT_PAGES_TRANSPARENT];
		stats->explicit_arenas += d->arenas_by_pages[PORT_PAGES_EXPLICIT];
		for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
			for (int zero = 0; zero < 2; zero++)
				cached[zero] += d->size[i].blocks[zero] << (i + POOL_MIN_LG2);
	}
	stats->live_peak_bytes = pool_is_plain(pool) ? pool->live_peak_bytes : peak;
	return out;
}

/* With every lock held. */
static bool sum_up(struct table_pool *pool, struct magazine_set *sets,
		   struct table_pool_stats *stats, bool look)
{
	size_t kept[2] = { 0, 0 }, cached[2] = { 0, 0 }, out;
	struct magazine_set *set;
	bool good = true;

	*stats = (struct table_pool_stats){
		.arena_bytes = __atomic_load_n(&pool->arena_bytes, __ATOMIC_RELAXED),
		.arena_peak_bytes = __atomic_load_n(&pool->arena_peak_bytes, __ATOMIC_RELAXED),
		.nodes = pool->nodes,
	};
	for (unsigned int n = 0; (set = pt_pool_nth_set(pool, sets, n)); n++) {
		add_set(stats, set);
		good = good && census(set, look, kept);
	}
	out = add_depots(stats, pool, cached);
	stats->cached_dirty_bytes = kept[0] + cached[0];
	stats->cached_zero_bytes = kept[1] + cached[1];
	return good && out == stats->live_bytes + kept[0] + kept[1];
}

void table_pool_get_stats(struct table_pool *pool, struct table_pool_stats *stats)
{
	struct magazine_set *sets = pt_pool_lock_all(pool);

	sum_up(pool, sets, stats, false);
	pt_pool_unlock_all(pool, sets);
}

int table_pool_validate(struct table_pool *pool)
{
	struct magazine_set *sets = pt_pool_lock_all(pool);
	struct table_pool_stats stats;
	size_t handed_out_bytes = 0;
	bool good = sum_up(pool, sets, &stats, true);

	for (unsigned int node = 0; node < pool->nodes; node++)
		good = good && pt_depot_is_good(pool, node, &handed_out_bytes);
	good = good && handed_out_bytes == stats.live_bytes + stats.cached_zero_bytes +
						   stats.cached_dirty_bytes;
	pt_pool_unlock_all(pool, sets);
	return good ? 0 : -EUCLEAN;
}
