/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-plan: from the events of a trace to the operations of a replay.
 *
 * Planning happens before anything is timed: it finds out which domain (page table) each event
 * belongs to, which thread does it, what it must wait for, and what it must return. After it a
 * replay needs no search and no lock: a thread does its operations in order, and before some of
 * them waits until another thread has come so far.
 *
 * Domains. The events do not name them, so they are inferred. Maps of one CPU that continue each
 * other's addresses, with no unmap of that CPU between them, are one scatter list and stay
 * together. A map goes into the first domain unless something of its list is live there; that is a
 * conflict, and the list goes to the first domain that has room for all of it, or opens one. An
 * unmap goes to the domain where most of its range is live, preferably with mappings that begin and
 * end where it does; of several, the one whose mapping is oldest. Nothing live: an orphan (older
 * than the trace), not replayed. Partly live: only that part is replayed, and it is counted.
 *
 * Threads. Thread = CPU number modulo the number of threads.
 */
#ifndef BENCH_REPLAY_PLAN_H
#define BENCH_REPLAY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

#define PLAN_MAX_THREADS	 256
#define PLAN_MAX_DOMAINS	 1024
#define PLAN_MAX_DOMAINS_DEFAULT 64

enum plan_conflict {
	PLAN_CONFLICT_SPLIT, /* the map goes to another domain */
	PLAN_CONFLICT_SKIP,  /* the map is left out; its unmap then finds nothing, or the other map
			      */
	PLAN_CONFLICT_FAIL,  /* the trace is refused */
};

/**
 * struct plan_opts - how to plan
 * @nr_threads: 1 to PLAN_MAX_THREADS
 * @max_domains: more than these are an error; at most PLAN_MAX_DOMAINS
 * @on_conflict: what to do with a map over a live mapping
 * @granule_bytes: the smallest page; every event must be a multiple of it
 * @ias: input address bits that the table has
 * @oas: output address bits
 */
struct plan_opts {
	unsigned int nr_threads;
	unsigned int max_domains;
	enum plan_conflict on_conflict;
	uint64_t granule_bytes;
	unsigned int ias;
	unsigned int oas;
};

/**
 * struct replay_dep - what an operation waits for
 * @thread: until this thread
 * @seq: has done this many of its operations
 */
struct replay_dep {
	uint32_t thread;
	uint32_t seq;
};

/**
 * struct replay_op - one call of the library
 * @iova: first address
 * @paddr: for a map, where to
 * @size_bytes: length; all of it must succeed
 * @event: index of its event in the trace
 * @dep_first: its dependencies, in replay_thread.deps
 * @nr_deps: how many
 * @domain: in which table
 * @kind: map or unmap
 * @signals: some other thread waits for this one
 */
struct replay_op {
	uint64_t iova;
	uint64_t paddr;
	uint64_t size_bytes;
	uint32_t event;
	uint32_t dep_first;
	uint16_t nr_deps;
	uint16_t domain;
	uint8_t kind;
	bool signals;
};

/**
 * struct replay_thread - what one thread does, in this order
 * @ops: the operations
 * @nr_ops: how many
 * @deps: the dependencies of all of them
 * @nr_deps: how many
 */
struct replay_thread {
	struct replay_op *ops;
	uint32_t nr_ops;
	struct replay_dep *deps;
	uint32_t nr_deps;
};

/**
 * struct replay_live - a mapping that is there when the replay is over
 * @iova: first address
 * @paddr: where it is mapped to
 * @size_bytes: length
 * @domain: in which table
 */
struct replay_live {
	uint64_t iova;
	uint64_t paddr;
	uint64_t size_bytes;
	uint16_t domain;
};

/**
 * struct replay_plan - everything a replay does
 * @threads: per thread
 * @nr_threads: how many
 * @nr_domains: tables that are needed
 * @nr_ops: operations, maps and unmaps
 * @bytes: what they map and unmap
 * @nr_conflicts: maps that found something live where they, or the rest of their list, should go
 * @nr_skipped: maps left out for that
 * @nr_orphans: unmaps of which nothing was live
 * @nr_partial: unmaps of which only a part was live
 * @nr_multi: unmaps that covered what several maps had put there
 * @nr_cross_cpu: unmaps on another CPU than their (first) map
 * @live: the mappings that remain
 * @nr_live: how many
 */
struct replay_plan {
	struct replay_thread *threads;
	unsigned int nr_threads;
	unsigned int nr_domains;
	uint64_t nr_ops[TRACE_NR_KINDS];
	uint64_t bytes[TRACE_NR_KINDS];
	uint64_t nr_conflicts;
	uint64_t nr_skipped;
	uint64_t nr_orphans;
	uint64_t nr_partial;
	uint64_t nr_multi;
	uint64_t nr_cross_cpu;
	struct replay_live *live;
	size_t nr_live;
};

/**
 * replay_plan_make() - plan
 * @trace: the trace
 * @opts: how
 * @plan: out; needs replay_plan_free() when 0 is returned
 * @msg: out, what is wrong, TRACE_MSG_BYTES long, with the line
 *
 * Return: 0; -EINVAL (options out of bounds, an event that is not a multiple of the granule),
 * -ERANGE (an address that does not fit), -EEXIST (a conflict, with PLAN_CONFLICT_FAIL), -E2BIG
 * (too many domains or operations), -ENOMEM.
 */
int replay_plan_make(const struct trace *trace, const struct plan_opts *opts,
		     struct replay_plan *plan, char *msg);

/**
 * replay_plan_free() - give the memory of a plan back
 * @plan: a plan that replay_plan_make() filled in, or one that is all zero
 */
void replay_plan_free(struct replay_plan *plan);

#endif /* BENCH_REPLAY_PLAN_H */
