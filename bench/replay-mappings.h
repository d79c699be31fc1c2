/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-mappings: a plan without its addresses: what is mapped and unmapped, by whom and in which
 * order, for strategies that give the addresses out themselves.
 *
 * A trace that was recorded with strict invalidation uses an address again at once, which a
 * strategy that holds it back cannot do. So the addresses are forgotten, and with them the domains,
 * which are known by nothing else: all mappings live in one address space. A mapping is what one
 * unmap removes: of several maps (a scatter list), mapped with the last of them; or a part of one.
 * What is never unmapped stays.
 *
 * Invariants: a thread's steps are in the order of the trace; the first step of a mapping is its
 * map; a mapping is mapped by one thread and unmapped by one, perhaps another.
 */
#ifndef BENCH_REPLAY_MAPPINGS_H
#define BENCH_REPLAY_MAPPINGS_H

#include "replay-plan.h"

/**
 * struct replay_mapping - something that is mapped, and removed by one unmap
 * @size_bytes: how much
 * @paddr: where (what was mapped last) goes to
 * @thread: who maps it
 * @stays: it is never unmapped
 * @blocks: by blocks as far as they go: in the trace its addresses, and those that it goes to,
 *	are multiples of a block (a leaf table's worth of the smallest pages), also of each map that
 *	it consists of
 */
struct replay_mapping {
	uint64_t size_bytes;
	uint64_t paddr;
	uint16_t thread;
	bool stays;
	bool blocks;
};

/**
 * struct replay_step - a map or an unmap
 * @time_ns: since the first step, by the trace's clock
 * @mapping: of what
 * @place: in the order of all threads' steps
 * @kind: TRACE_MAP or TRACE_UNMAP
 */
struct replay_step {
	uint64_t time_ns;
	uint32_t mapping;
	uint32_t place;
	uint8_t kind;
};

/**
 * struct replay_mappings - all of them
 * @mappings: the mappings
 * @nr: how many
 * @nr_unmaps: how many do not stay
 * @unmapped_bytes: of those
 * @peak_bytes: most that is mapped at a time, each rounded up to a power of two of granules
 * @peak: most mappings at a time
 * @span_ns: from the first step to the last, by the trace's clock
 * @steps: each thread's
 * @nr_steps: how many each has
 * @nr_threads: threads
 */
struct replay_mappings {
	struct replay_mapping *mappings;
	uint32_t nr;
	uint32_t nr_unmaps;
	uint64_t unmapped_bytes;
	uint64_t peak_bytes;
	uint32_t peak;
	uint64_t span_ns;
	struct replay_step **steps;
	uint32_t *nr_steps;
	unsigned int nr_threads;
};

/**
 * replay_mappings_make() - forget the addresses
 * @trace: what the plan was made of
 * @plan: a plan for one thread
 * @opts: how it was made; @nr_threads: for how many threads this is
 * @m: out; needs replay_mappings_free() when 0 is returned
 *
 * Return: 0, -ENODATA (nothing is unmapped), or -ENOMEM.
 */
int replay_mappings_make(const struct trace *trace, const struct replay_plan *plan,
			 const struct plan_opts *opts, struct replay_mappings *m);

/**
 * replay_mappings_free() - give the memory back
 * @m: what replay_mappings_make() filled in, or all zero
 */
void replay_mappings_free(struct replay_mappings *m);

#endif /* BENCH_REPLAY_MAPPINGS_H */
