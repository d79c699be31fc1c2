// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the strategy "adaptive" decides by: a model of what a round costs, measured as it goes.
 *
 * A round of n leaves takes sync + n * leaf; a flush of everything takes sync + leaf, and what
 * devices pay to fill the IOTLB again. Now and then, when no other round is under way, one is
 * waited for and timed: short rounds correct the first number, long ones the second; range commands
 * show as cheaper leaves. How many leaves a round has is guessed from how fast they come. The mean
 * exposure of a page is half of the age at which a round is begun, and the round itself; so the age
 * is twice what the budget leaves for it. Integer arithmetic only. Invariant: what is learnt from
 * one round changes an average by an eighth, and is bounded by four times the average, so one
 * preempted measurement does no harm.
 */
#include "core/strategy.h"

#define UNIT_LG2      4
#define WEIGHT_LG2    3
#define RATE_LG2      20
#define FIRST_SYNC_NS 300
#define FIRST_LEAF_NS 70
#define MEASURE_EVERY 64
#define COUNT_EVERY   16
#define LONG_ROUND    8 /* leaves: from here on a round says what a leaf takes */

static void average(uint64_t *avg, uint64_t sample_ns)
{
	uint64_t sample = sample_ns << UNIT_LG2, most = 4 * *avg;

	if (sample > most)
		sample = most;
	*avg = *avg - (*avg >> WEIGHT_LG2) + (sample >> WEIGHT_LG2);
	if (!*avg)
		*avg = 1;
}

void pt_adaptive_init(struct pt_adaptive *a, const struct iommu_strategy_opts *opts)
{
	uint64_t now = opts->now_ns(opts->ctx);

	*a = (struct pt_adaptive){
		.sync_ns = FIRST_SYNC_NS << UNIT_LG2,
		.leaf_ns = FIRST_LEAF_NS << UNIT_LG2,
		.counted_ns = now,
		.last_begun_ns = now,
	};
	pt_adaptive_begin(a, opts, now);
}

bool pt_adaptive_is_due(const struct pt_adaptive *a, uint64_t now_ns)
{
	uint64_t last = __atomic_load_n(&a->last_begun_ns, __ATOMIC_RELAXED);

	/* A clock read before another thread's may lie behind what that one stored. */
	return now_ns > last && now_ns - last >= __atomic_load_n(&a->age_ns, __ATOMIC_RELAXED);
}

bool pt_adaptive_counts(const struct pt_adaptive *a)
{
	return a->rounds % COUNT_EVERY == 0;
}

void pt_adaptive_count(struct pt_adaptive *a, uint64_t leaves, uint64_t now_ns)
{
	uint64_t ns = now_ns - a->counted_ns;

	if (ns)
		a->rate = ((leaves - a->counted) << RATE_LG2) / ns;
	a->counted = leaves;
	a->counted_ns = now_ns;
}

uint64_t pt_adaptive_limit(const struct pt_adaptive *a, const struct iommu_strategy_opts *opts)
{
	return 1 + (opts->refill_ns << UNIT_LG2) / a->leaf_ns;
}

/* One that had to stop at the limit says so too: the next one will be of everything. */
void pt_adaptive_saw(struct pt_adaptive *a, uint64_t leaves)
{
	if (a->age_of_round_ns)
		a->rate = (leaves << RATE_LG2) / a->age_of_round_ns;
}

/* What two rounds are apart is what comes in between. */
bool pt_adaptive_begin(struct pt_adaptive *a, const struct iommu_strategy_opts *opts,
		       uint64_t now_ns)
{
	uint64_t last = __atomic_load_n(&a->last_begun_ns, __ATOMIC_RELAXED);
	uint64_t age = now_ns > last ? now_ns - last : 0, leaves = (a->rate * age) >> RATE_LG2;
	bool whole = leaves > pt_adaptive_limit(a, opts);
	uint64_t round = a->sync_ns + (whole || !leaves ? 1 : leaves) * a->leaf_ns;
	uint64_t round_ns = round >> UNIT_LG2;
	uint64_t left = opts->budget_page_ns > round_ns ? opts->budget_page_ns - round_ns : 0;

	a->rounds++;
	a->age_of_round_ns = age;
	__atomic_store_n(&a->age_ns, 2 * left, __ATOMIC_RELAXED);
	__atomic_store_n(&a->last_begun_ns, now_ns, __ATOMIC_RELAXED);
	return whole;
}

bool pt_adaptive_measures(const struct pt_adaptive *a)
{
	return a->rounds % MEASURE_EVERY == 1;
}

void pt_adaptive_learn(struct pt_adaptive *a, uint64_t leaves, uint64_t took_ns)
{
	uint64_t took = took_ns << UNIT_LG2, others = leaves * a->leaf_ns;

	if (leaves < LONG_ROUND)
		average(&a->sync_ns, (took > others ? took - others : 0) >> UNIT_LG2);
	else
		average(&a->leaf_ns,
			(took > a->sync_ns ? (took - a->sync_ns) / leaves : 0) >> UNIT_LG2);
}
