// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a submit costs: not a test, asserts nothing about speed. docs/cmdq.md has what it printed.
 *
 * In one run, interleaved, medians over rounds: an uncontended compare-and-swap; bare 16-byte
 * stores to a ring; submits of 1 and of 64 commands without waiting, with a consumer that stands
 * still and with one that polls PROD on another CPU; by one producer and by two. Threads are bound
 * to CPUs 0 and 1: another job on one of those falsifies the last rows. The doorbell is a store to
 * memory: a device's register costs more.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "smmu-cmdq.h"
#include "support.h"

#define SIZE_LG2 16
#define ROUNDS	 41

static struct smmu_cmd ring[1 << SIZE_LG2] __attribute__((aligned(16 << SIZE_LG2)));
static uint64_t ready[1 << SIZE_LG2];
static struct {
	uint32_t reg __attribute__((aligned(128)));
} prod, cons;
static struct smmu_cmdq q;
static uint64_t word __attribute__((aligned(128)));
static bool stop, consuming;

static uint32_t read_cons(void *ctx)
{
	return __atomic_load_n(&cons.reg, __ATOMIC_ACQUIRE);
}

static void write_prod(void *ctx, uint32_t value)
{
	__atomic_store_n(&prod.reg, value, __ATOMIC_RELEASE);
}

static void reset(void)
{
	static const struct smmu_cmdq_ops ops = { .read_cons = read_cons,
						  .write_prod = write_prod };
	const struct smmu_cmdq_config config = {
		.ops = &ops, .ring = ring, .ready = ready, .size_lg2 = SIZE_LG2
	};

	prod.reg = cons.reg = 0;
	assert_int_equal(smmu_cmdq_init(&q, &config), 0);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bind(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* refused: the scheduler decides */
}

/* Each returns ns per command, of as many as fit the ring. */
static double do_cas(unsigned int n)
{
	double t = now_ns();

	for (unsigned int i = 0; i < 1 << SIZE_LG2; i++) {
		uint64_t old = i;

		__atomic_compare_exchange_n(&word, &old, i + 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	}
	t = now_ns() - t;
	word = 0;
	return t / (1 << SIZE_LG2);
}

/* The least that a submit with a doorbell can be: one atomic operation and the doorbell. */
static double do_cas_doorbell(unsigned int n)
{
	unsigned int count = (1 << SIZE_LG2) / 2;
	double t = now_ns();

	for (unsigned int i = 0; i < count; i++) {
		uint64_t old = i;

		__atomic_compare_exchange_n(&word, &old, i + 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
		write_prod(NULL, i + 1);
	}
	t = now_ns() - t;
	word = 0;
	return t / count;
}

/* The same for who may leave at any moment: one more tells him that nobody waits for his doorbell. */
static double do_cas_doorbell_cas(unsigned int n)
{
	unsigned int count = (1 << SIZE_LG2) / 2;
	double t = now_ns();

	for (uint64_t i = 0; i < count; i++) {
		uint64_t old = 2 * i, busy = 2 * i + 1;

		__atomic_compare_exchange_n(&word, &old, busy, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
		write_prod(NULL, (uint32_t)i + 1);
		__atomic_compare_exchange_n(&word, &busy, 2 * i + 2, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	}
	t = now_ns() - t;
	word = 0;
	return t / count;
}

static double do_stores(unsigned int n)
{
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX] = { { { 0x12, 1 } } };
	double t = now_ns();

	for (unsigned int i = 0; i < 1 << SIZE_LG2; i += n) {
		__asm__ volatile("" : : "r"(cmd) : "memory");
		for (unsigned int k = 0; k < n; k++)
			ring[i + k] = cmd[k];
	}
	return (now_ns() - t) / (1 << SIZE_LG2);
}

/* The least that a batch with a doorbell can be. */
static double do_cas_stores_doorbell(unsigned int n)
{
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX] = { { { 0x12, 1 } } };
	unsigned int count = (1 << SIZE_LG2) / 2;
	double t = now_ns();

	for (unsigned int i = 0; i < count; i += n) {
		uint64_t old = i;

		__atomic_compare_exchange_n(&word, &old, i + n, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
		__asm__ volatile("" : : "r"(cmd) : "memory");
		for (unsigned int k = 0; k < n; k++)
			ring[i + k] = cmd[k];
		write_prod(NULL, i + n);
	}
	t = now_ns() - t;
	word = 0;
	return t / count;
}

static double do_submit(unsigned int n)
{
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX] = { { { 0x12, 1 } } };
	unsigned int count = (1 << SIZE_LG2) / 2;
	double t = now_ns();

	for (unsigned int i = 0; i < count; i += n)
		if (smmu_cmdq_submit(&q, cmd, n, 0, NULL))
			abort();
	return (now_ns() - t) / count;
}

static void *consumer(void *arg)
{
	bind(1);
	__atomic_store_n(&consuming, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		__atomic_store_n(&cons.reg, __atomic_load_n(&prod.reg, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
	return NULL;
}

static pthread_barrier_t barrier;
static double of_other;

static void *other(void *arg)
{
	bind(1);
	pthread_barrier_wait(&barrier);
	of_other = do_submit((unsigned int)(uintptr_t)arg);
	return NULL;
}

static double stopped(unsigned int n)
{
	reset();
	return do_submit(n);
}

static double with_consumer(double (*body)(unsigned int n), unsigned int n)
{
	pthread_t thread;
	double ns;

	reset();
	stop = false;
	consuming = false;
	pthread_create(&thread, NULL, consumer, NULL);
	while (!__atomic_load_n(&consuming, __ATOMIC_ACQUIRE))
		sched_yield();
	ns = body(n);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return ns;
}

static double running(unsigned int n)
{
	return with_consumer(do_submit, n);
}

static double doorbell_running(unsigned int n)
{
	return with_consumer(do_cas_doorbell, n);
}

static double doorbell_cas_running(unsigned int n)
{
	return with_consumer(do_cas_doorbell_cas, n);
}

static double cas_stores_doorbell_running(unsigned int n)
{
	return with_consumer(do_cas_stores_doorbell, n);
}

/* Per command of one producer, while the other does the same. */
static double two(unsigned int n)
{
	pthread_t thread;
	double ns;

	reset();
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, other, (void *)(uintptr_t)n);
	pthread_barrier_wait(&barrier);
	ns = do_submit(n);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	return (ns + of_other) / 2;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(void)
{
	static const struct {
		const char *name;
		double (*body)(unsigned int n);
		unsigned int n;
	} row[] = {
		{ "compare-and-swap, uncontended", do_cas, 1 },
		{ "16-byte stores, 1 at a time", do_stores, 1 },
		{ "16-byte stores, 64 at a time", do_stores, 64 },
		{ "CAS and doorbell, consumer stopped", do_cas_doorbell, 1 },
		{ "CAS and doorbell, consumer running", doorbell_running, 1 },
		{ "CAS, doorbell, CAS, consumer stopped", do_cas_doorbell_cas, 1 },
		{ "CAS, doorbell, CAS, consumer running", doorbell_cas_running, 1 },
		{ "CAS, 64 stores, doorbell, running", cas_stores_doorbell_running, 64 },
		{ "submit 1, consumer stopped", stopped, 1 },
		{ "submit 64, consumer stopped", stopped, 64 },
		{ "submit 1, consumer running", running, 1 },
		{ "submit 64, consumer running", running, 64 },
		{ "submit 1, two producers", two, 1 },
		{ "submit 64, two producers", two, 64 },
	};
	static double ns[ARRAY_SIZE(row)][ROUNDS];

	bind(0);
	for (unsigned int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ARRAY_SIZE(row); i++)
			ns[i][r] = row[i].body(row[i].n);
	printf("%-36s %8s %8s %8s\n", "ns per command", "p10", "median", "p90");
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		qsort(ns[i], ROUNDS, sizeof(double), compare);
		printf("%-36s %8.2f %8.2f %8.2f\n", row[i].name, ns[i][ROUNDS / 10],
		       ns[i][ROUNDS / 2], ns[i][ROUNDS * 9 / 10]);
	}
	return 0;
}
