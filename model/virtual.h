/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual clock: up to 128 simulated CPUs and a few devices that run real code,
 * deterministically, in one thread.
 *
 * Each CPU is a coroutine with a clock of its own; whoever is earliest runs. Code that is compiled
 * with virtual-atomics.h in front tells of each atomic access before it makes it. An access waits
 * until its CPU is the earliest, then for the line, then for as long as the line takes to come: so
 * the order of all accesses is that of the simulated time, a compare-and-swap fails because another
 * CPU's came in between, and a lock is handed over at the price of its line. Plain accesses cost
 * nothing but what virtual_spend() says.
 *
 * A line has an owner or sharers. A load that does not have it waits for its turn and takes the
 * time of the way from the owner; a read-modify-write also takes it away from all others, and the
 * next one's turn is when it is there. A store is not waited for, until a fence. A CPU that pauses
 * is parked until one of the lines that it has read since its last pause is written.
 *
 * Invariants: no use of the host's clock or of addresses but for which accesses share a line: the
 * same program and seed give the same result; what shares lines is allocated by virtual_alloc(), so
 * that it does not depend on the host's allocator.
 */
#ifndef MODEL_VIRTUAL_H
#define MODEL_VIRTUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VIRTUAL_CPUS	128
#define VIRTUAL_DEVICES 4
#define VIRTUAL_PS	1000ull /* a nanosecond in the clock's units */

/**
 * struct virtual_costs - what the machine takes, in ns
 * @near_ns: a line from a CPU of the same cluster
 * @die_ns: of the same die
 * @far_ns: from further away
 * @read_ns: how long a line is busy with a load that misses: more of them overlap than writes do
 * @rmw_ns: a read-modify-write of a line that is there
 * @keep: of a hundred read-modify-writes that had to fetch their line, after how many the CPU
 *	still has it for another one, though others wait: why a failed compare-and-swap's second try
 *	may succeed
 * @fence_ns: a full fence, when all stores have arrived
 * @cluster: CPUs in a cluster
 * @die: on a die
 */
struct virtual_costs {
	double near_ns, die_ns, far_ns;
	double read_ns;
	double rmw_ns;
	double fence_ns;
	unsigned int keep;
	unsigned int cluster;
	unsigned int die;
};

/**
 * struct virtual_stats - what happened
 * @accesses: atomic accesses
 * @misses: of these, those that had to wait for a line
 * @switches: from one CPU to another
 */
struct virtual_stats {
	uint64_t accesses, misses, switches;
};

/* A machine: begin, spawn, run, end. One at a time. */
void virtual_begin(const struct virtual_costs *costs);
void virtual_spawn(unsigned int cpu, void (*body)(void *arg), void *arg);
/*
 * A device: the run does not wait for it, and what it accesses costs it nothing. Returns its
 * number.
 */
unsigned int virtual_spawn_device(void (*body)(void *arg), void *arg);
void virtual_run(void);
struct virtual_stats virtual_end(void);

/* Zeroed, aligned to 4096, freed by virtual_end(). */
void *virtual_alloc(size_t bytes);

/* By the code that is simulated; outside virtual_run() accesses cost nothing. */
unsigned int virtual_cpu(void);
uint64_t virtual_now_ps(void);
void virtual_spend_ps(uint64_t ps);
void virtual_sleep_until_ps(uint64_t when_ps);
void virtual_load(const volatile void *p);
void virtual_store(const volatile void *p);
void virtual_rmw(const volatile void *p);
void virtual_fence(void);
void virtual_pause(void);
/* Parks until p's line is written; virtual_load(p) and a look at it go before. */
void virtual_park(const volatile void *p);

#ifdef __cplusplus
}
#endif

#endif /* MODEL_VIRTUAL_H */
