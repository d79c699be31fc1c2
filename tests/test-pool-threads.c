// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool that many threads use: blocks that change hands, threads that end with blocks at hand,
 * more threads than slots, trims and statistics in the middle of it, many domains, forks, and NUMA
 * nodes (of a topology that hwloc is told about).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/pool.h"
#include "support.h"

static struct table_pool *pool;

static struct table_pool_stats stats(void)
{
	struct table_pool_stats s;

	table_pool_get_stats(pool, &s);
	return s;
}

static void run(size_t n, void *(*body)(void *), void *arg)
{
	pthread_t thread[200];

	assert_true(n <= ARRAY_SIZE(thread));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, body, arg), 0);
	for (size_t i = 0; i < n; i++) {
		void *bad;

		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
}

/* Blocks in flight between threads; each carries its own address. */
enum { IN_FLIGHT = 64, EXCHANGES = 20000 };
static void *flight[IN_FLIGHT];

static void *exchange(void *arg)
{
	uint64_t seed = (uintptr_t)&seed;
	uintptr_t bad = 0;

	for (int i = 0; i < EXCHANGES; i++) {
		size_t n = next_random(&seed) % IN_FLIGHT;
		bool zero = next_random(&seed) & 1;
		uint64_t *block = table_pool_alloc(pool, SZ_4K, zero ? IO_PGTABLE_MEM_ZERO : 0);
		uint64_t *other;

		bad |= !block || (zero && (block[0] || block[511]));
		block[0] = block[511] = (uintptr_t)block;
		other = __atomic_exchange_n(&flight[n], block, __ATOMIC_ACQ_REL);
		if (!other)
			continue;
		bad |= other[0] != (uintptr_t)other || other[511] != (uintptr_t)other;
		other[0] = other[511] = 0;
		table_pool_free(pool, other, SZ_4K, 0);
	}
	return (void *)bad;
}

static bool stop;

static void *disturb(void *arg)
{
	uintptr_t bad = 0;

	for (int i = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
		if (i % 3 == 0)
			table_pool_trim(pool, 1 << 20);
		else if (i % 3 == 1)
			table_pool_zero(pool, 1 << 20);
		else
			bad |= table_pool_validate(pool) != 0;
		sched_yield();
	}
	return (void *)bad;
}

static void land(void)
{
	for (int i = 0; i < IN_FLIGHT; i++) {
		table_pool_free(pool, flight[i], SZ_4K, 0);
		flight[i] = NULL;
	}
	assert_int_equal(stats().live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

static void test_exchange(void **state)
{
	pthread_t disturber;
	void *bad;

	stop = false;
	assert_int_equal(pthread_create(&disturber, NULL, disturb, NULL), 0);
	run(4, exchange, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(disturber, &bad);
	assert_null(bad);
	land();
	table_pool_trim(pool, 0);
	assert_int_equal(stats().arena_bytes, 0);
}

static void *leave_full(void *arg)
{
	void *block[100];

	for (int i = 0; i < 100; i++)
		block[i] = table_pool_alloc(pool, SZ_4K, 0);
	for (int i = 0; i < 100; i++)
		table_pool_free(pool, block[i], SZ_4K, 0);
	return NULL;
}

/* Threads that end one after the other use one slot: what the first left, the next finds. */
static void test_ends_full(void **state)
{
	struct table_pool_stats s;

	for (int i = 0; i < 300; i++)
		run(1, leave_full, NULL);
	s = stats();
	assert_int_equal(s.live_bytes, 0);
	assert_int_equal(s.arena_bytes, TABLE_POOL_ARENA_BYTES);
	assert_int_equal(table_pool_validate(pool), 0);
}

static pthread_barrier_t together;

static void *one_of_many(void *arg)
{
	uintptr_t bad = 0;

	pthread_barrier_wait(&together);
	for (int i = 0; i < 200; i++) {
		char *block = table_pool_alloc(pool, SZ_16K, IO_PGTABLE_MEM_ZERO);

		bad |= !block || block[i];
		block[i] = 1;
		table_pool_free(pool, block, SZ_16K, 0);
	}
	pthread_barrier_wait(&together);
	return (void *)bad;
}

/* More threads than slots: those without one share. */
static void test_many_threads(void **state)
{
	pthread_barrier_init(&together, NULL, 150);
	run(150, one_of_many, NULL);
	pthread_barrier_destroy(&together);
	assert_int_equal(stats().live_bytes, 0);
	assert_int_equal(stats().allocs, 150 * 200);
	assert_int_equal(table_pool_validate(pool), 0);
}

static struct io_pgtable *make_domain(void)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_mem mem;

	table_pool_mem(pool, &mem);
	cfg.mem = &mem;
	return alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
}

enum { DOMAINS = 40 };
static struct io_pgtable *domain[DOMAINS];

static void *free_domains(void *arg)
{
	for (int i = 0; i < DOMAINS; i++)
		free_io_pgtable(domain[i]);
	return NULL;
}

/* Many domains on one pool, freed by a thread that never allocated. */
static void test_domains(void **state)
{
	for (int i = 0; i < DOMAINS; i++) {
		assert_non_null(domain[i] = make_domain());
		assert_int_equal(io_pgtable_map(domain[i], SZ_1G, 0, 300 * SZ_4K, RW), 0);
	}
	assert_true(stats().live_bytes >= DOMAINS * 4 * SZ_4K);
	run(1, free_domains, NULL);
	assert_int_equal(stats().live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

/* In the child: what was live is there, can be freed, and the pool goes on. */
static int use_in_child(char *block)
{
	char *more;

	if (block[10] != 42 || table_pool_validate(pool))
		return 1;
	table_pool_free(pool, block, SZ_4K, 0);
	for (int i = 0; i < 500; i++) {
		more = table_pool_alloc(pool, SZ_4K, IO_PGTABLE_MEM_ZERO);
		if (!more || more[10])
			return 2;
		more[10] = 1;
		if (i % 2)
			table_pool_free(pool, more, SZ_4K, 0);
	}
	table_pool_trim(pool, 0);
	return table_pool_validate(pool) ? 3 : 0;
}

static void *fork_some(void *arg)
{
	uintptr_t bad = 0;

	for (int i = 0; i < 5; i++) {
		char *block = table_pool_alloc(pool, SZ_4K, 0);
		int status = -1;
		pid_t child;

		block[10] = 42;
		child = fork();
		if (!child)
			_exit(use_in_child(block));
		waitpid(child, &status, 0);
		bad |= (uintptr_t)(status != 0);
		table_pool_free(pool, block, SZ_4K, 0);
	}
	return (void *)bad;
}

/* While other threads are in the middle of something. */
static void test_fork(void **state)
{
	pthread_t forker;
	void *bad;

	assert_int_equal(pthread_create(&forker, NULL, fork_some, NULL), 0);
	run(2, exchange, NULL);
	pthread_join(forker, &bad);
	assert_null(bad);
	land();
}

/* The fork ran into a thread that had said it was busy, and was about to see that it may not be. */
static void test_fork_entry(void **state)
{
	enum { OTHER = POOL_SLOTS - 1 };

	table_pool_free(pool, table_pool_alloc(pool, SZ_4K, 0), SZ_4K, 0);
	if (!pool->sets)
		skip();
	pt_port_before_fork();
	__atomic_store_n(&pool->sets[OTHER].lock.busy, 1, __ATOMIC_RELAXED);
	pt_port_after_fork_in_child();
	alarm(30); /* who waits for that thread waits for ever */
	assert_int_equal(table_pool_validate(pool), 0);
	alarm(0);
}

static bool pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

enum { CROSS = 200 };

static void *allocate_on_0(void *arg)
{
	void **block = arg;

	if (!pin(0))
		return "no CPU 0";
	for (int i = 0; i < CROSS; i++)
		block[i] = table_pool_alloc(pool, SZ_4K, 0);
	return NULL;
}

static void *free_on_1(void *arg)
{
	void **block = arg;

	if (!pin(1))
		return "no CPU 1";
	/* Not at hand, so the thread goes to a depot, and it is known on which node it runs. */
	table_pool_free(pool, table_pool_alloc(pool, SZ_16K, 0), SZ_16K, 0);
	for (int i = 0; i < CROSS; i++)
		table_pool_free(pool, block[i], SZ_4K, 0);
	return NULL;
}

/* Two nodes of one CPU each, in hwloc's eyes: what node 0 gave goes back there. */
static void test_nodes(void **state)
{
	static void *block[CROSS];
	struct table_pool_stats s = stats();

	if (s.nodes != 2 || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	run(1, allocate_on_0, block);
	s = stats();
	assert_int_equal(s.arena_bytes, TABLE_POOL_ARENA_BYTES);
	run(1, free_on_1, block);
	s = stats();
	assert_int_equal(s.live_bytes, 0);
	assert_int_equal(s.cross_node_frees, CROSS);
	/* Node 1 has an arena of its own, for the one block. */
	assert_int_equal(s.arena_bytes, 2 * TABLE_POOL_ARENA_BYTES);
	assert_int_equal(table_pool_validate(pool), 0);
	/* And node 0's blocks are node 0's again. */
	run(1, allocate_on_0, block);
	assert_int_equal(stats().arena_bytes, 2 * TABLE_POOL_ARENA_BYTES);
	for (int i = 0; i < CROSS; i++)
		table_pool_free(pool, block[i], SZ_4K, 0);
	assert_int_equal(table_pool_trim(pool, 0), 2 * TABLE_POOL_ARENA_BYTES);
}

/* All from node 1, wherever the thread runs; at the limit what another node has is used. */
static void test_bound(void **state)
{
	struct table_pool_opts opts = { .bind_node = true, .node = 1 };
	struct table_pool *mine = table_pool_create(&opts);
	struct table_pool_stats s = stats();
	void *p;

	if (s.nodes != 2) {
		assert_null(mine);
		skip();
	}
	assert_non_null(p = table_pool_alloc(mine, SZ_4K, 0));
	table_pool_free(mine, p, SZ_4K, 0);
	table_pool_get_stats(mine, &s);
	assert_int_equal(s.cross_node_frees, 0);
	assert_int_equal(table_pool_validate(mine), 0);
	table_pool_destroy(mine);
}

static void *allocate_all(void *arg)
{
	uintptr_t blocks = 0;
	void **block = arg;

	pin(1);
	while ((block[blocks] = table_pool_alloc(pool, SZ_64K, 0)))
		blocks++;
	return blocks == 32 ? NULL : "not what the other node had";
}

static void test_other_node(void **state)
{
	static void *block[64];
	void *first;

	if (stats().nodes != 2)
		skip();
	assert_true(pin(0));
	table_pool_set_limit(pool, TABLE_POOL_ARENA_BYTES);
	assert_non_null(first = table_pool_alloc(pool, SZ_64K, 0));
	table_pool_free(pool, first, SZ_64K, 0);
	run(1, allocate_all, block);
	assert_int_equal(table_pool_validate(pool), 0);
	for (int i = 0; i < 32; i++)
		table_pool_free(pool, block[i], SZ_64K, 0);
}

static int make_pool(void **state)
{
	pool = table_pool_create(NULL);
	return pool ? 0 : -1;
}

static int end_pool(void **state)
{
	assert_int_equal(table_pool_validate(pool), 0);
	table_pool_destroy(pool);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_pool, end_pool)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_exchange), T(test_ends_full), T(test_many_threads),
		T(test_domains),  T(test_fork),	     T(test_fork_entry),
		T(test_nodes),	  T(test_bound),     T(test_other_node),
	};

	/*
	 * Read when the library first asks; a topology that is not this system's is never bound to.
	 */
	if (argc > 1)
		setenv("HWLOC_SYNTHETIC", argv[1], 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
