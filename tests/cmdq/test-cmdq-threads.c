// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many producers, one consumer of changing speed: nothing is lost, doubled, torn or reordered, and
 * who has waited knows that the SMMU is past its commands.
 *
 * A command carries its producer (ASID), its number among that producer's (address) and how many of
 * its batch are still to come (VMID), so the consumer can tell at each one what the next must be.
 * Rings are small, so that they are full most of the time and wrap thousands of times.
 */
#include <pthread.h>
#include <sched.h>

#include "model/cmdq-device.h"
#include "support.h"

#define MAX_THREADS 4

/* Counts with which every thread can be asked from every thread. */
static uint64_t read_count(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void write_count(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

struct producer {
	struct world *world;
	unsigned int id;
	uint64_t seen;	  /* by the consumer: its commands executed or refused */
	uint64_t refused; /* by the consumer: the number of the last refused one, plus 1 */
	uint64_t failed;
	uint64_t bad;
	pthread_t thread;
};

struct world {
	struct device *dev;
	struct smmu_cmdq *q;
	struct smmu_cmdq_ops ops;
	struct producer producer[MAX_THREADS];
	unsigned int nr;
	unsigned int batches;
	unsigned int refuse_every; /* commands; 0: never */
	uint64_t latest;	   /* a position that all may wait for */
	uint64_t stop;

	/* The consumer's own. */
	uint64_t random;
	uint64_t bad;
	uint64_t commands;
	uint64_t reports;
	unsigned int doubled; /* SMMU_CMDQ_TLBI_TWICE: every TLBI is there again behind a SYNC */
	struct smmu_cmd last;
	bool again;
	unsigned int owner, left;
};

static struct smmu_cmd make(unsigned int id, uint64_t nr, unsigned int left)
{
	return smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, (uint16_t)id, (uint16_t)left, nr << 12, true);
}

/* On the consumer's thread, for every command. */
static unsigned int judge(struct device *dev, const struct smmu_cmd *cmd)
{
	struct world *w = dev->user;
	unsigned int id = cmd->dword[0] >> 48, left = cmd->dword[0] >> 32 & 0xffff;
	uint64_t nr = cmd->dword[1] >> 12;
	struct producer *p = &w->producer[id % MAX_THREADS];

	if (smmu_cmd_opcode(cmd) == SMMU_CMD_SYNC)
		return 0;
	if (id >= w->nr) {
		w->bad++;
		return 0;
	}
	if (w->doubled) {
		/* Batches are cut there, so others' lie between; each number comes twice. */
		w->bad += nr != p->seen / 2;
	} else {
		w->bad += nr != p->seen || (w->left && (id != w->owner || left != w->left - 1));
		w->owner = id;
		w->left = left;
	}
	write_count(&p->seen, p->seen + 1);
	w->commands++;
	if (!w->refuse_every || next_random(&w->random) % w->refuse_every)
		return 0;
	write_count(&p->refused, nr + 1);
	return SMMU_CERROR_ILL;
}

static void *consume(void *arg)
{
	struct world *w = arg;

	while (!read_count(&w->stop)) {
		uint64_t r = next_random(&w->random);

		device_run(w->dev, 1 + (unsigned int)(r % 17));
		if (r >> 32 & 1)
			sched_yield();
		if ((r >> 33) % 64 == 0)
			for (unsigned int i = 0; i < r % 4096; i++)
				__asm__ volatile("" ::: "memory");
	}
	return NULL;
}

/* What a thread that has waited may rely on. */
static void waited(struct producer *p, struct smmu_cmdq_ticket t, uint64_t sent, uint64_t from)
{
	struct world *w = p->world;
	uint64_t refused = read_count(&p->refused);

	p->bad += read_count(&p->seen) < (w->doubled ? 2 * sent : sent);
	if (smmu_cmdq_failed(w->q, t.first, t.end))
		p->failed++;
	else
		p->bad += refused > from;
}

static void *produce(void *arg)
{
	struct producer *p = arg;
	struct world *w = p->world;
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];
	uint64_t random = p->id + 1, sent = 0;

	for (unsigned int b = 0; b < w->batches; b++) {
		uint64_t r = next_random(&random), from = sent, latest;
		unsigned int n = 1 + (unsigned int)(r % smmu_cmdq_batch_max(w->q));
		struct smmu_cmdq_ticket t;
		int ret;

		if (r >> 20 & 1) /* half of them are single */
			n = 1;
		for (unsigned int i = 0; i < n; i++)
			cmd[i] = make(p->id, sent++, n - 1 - i);
		do {
			ret = smmu_cmdq_submit(w->q, cmd, n, r >> 32 & SMMU_CMDQ_SYNC ? 3 : 2, &t);
			if (ret == -EAGAIN && !w->doubled)
				sched_yield();
			else if (ret == -EAGAIN)
				abort(); /* may have been submitted in part */
		} while (ret == -EAGAIN);
		p->bad += ret != 0 || t.end - t.first < n;
		if (!(r >> 32 & SMMU_CMDQ_SYNC))
			continue;
		if (r >> 33 & 1) {
			p->bad += smmu_cmdq_wait(w->q, t.end) != 0;
			waited(p, t, sent, from);
			write_count(&w->latest, t.end);
		}
		latest = read_count(&w->latest);
		p->bad += smmu_cmdq_wait(w->q, latest) != 0 || !smmu_cmdq_done(w->q, latest);
	}
	p->bad += smmu_cmdq_run(w->q, NULL, 0) != 0 && !w->refuse_every;
	p->bad += read_count(&p->seen) != (w->doubled ? 2 * sent : sent);
	return NULL;
}

/* The same, but it waits for space in the queue. */
static void *produce_waiting(void *arg)
{
	struct producer *p = arg;
	struct world *w = p->world;
	uint64_t sent = 0;

	for (unsigned int b = 0; b < w->batches; b++) {
		struct smmu_cmd cmd[4];
		unsigned int n = 1 + b % 4;

		if (n > smmu_cmdq_batch_max(w->q))
			n = 1;
		for (unsigned int i = 0; i < n; i++)
			cmd[i] = make(p->id, sent++, n - 1 - i);
		p->bad += smmu_cmdq_submit(w->q, cmd, n, 0, NULL) != 0;
	}
	p->bad += smmu_cmdq_run(w->q, NULL, 0) != 0;
	p->bad += read_count(&p->seen) != (w->doubled ? 2 * sent : sent);
	return NULL;
}

static bool yield(void *ctx, uint64_t polls)
{
	if (polls % 4 == 3)
		sched_yield();
	return true;
}

static void on_report(void *ctx, const struct smmu_cmdq_error *error)
{
	struct world *w = ((struct device *)ctx)->user;

	__atomic_fetch_add(&w->reports, 1, __ATOMIC_RELAXED);
	if (error->fatal || error->code != SMMU_CERROR_ILL ||
	    smmu_cmd_opcode(&error->cmd) != SMMU_CMD_TLBI_NH_VA)
		abort();
}

static unsigned int batches = 3000;

struct variation {
	unsigned int size_lg2, threads, errata, refuse_every;
	bool msi, waiting;
};

static void run(const struct variation *v)
{
	struct world *w = calloc(1, sizeof(*w));
	pthread_t consumer;

	assert_non_null(w);
	w->dev = device_make(v->size_lg2);
	w->dev->judge = judge;
	w->dev->user = w;
	w->ops = device_ops;
	w->ops.wait = yield;
	w->ops.report = on_report;
	w->dev->config.ops = &w->ops;
	w->dev->config.errata = v->errata;
	w->dev->config.max_polls = 1ull << 40;
	w->dev->config.first_position = (1ull << 32) - (64u << v->size_lg2);
	w->doubled = v->errata & SMMU_CMDQ_TLBI_TWICE;
	w->refuse_every = v->refuse_every;
	w->nr = v->threads;
	w->batches = batches;
	w->random = 99;
	if (v->msi)
		device_enable_msi(w->dev);
	w->q = aligned_alloc(128, sizeof(*w->q));
	assert_int_equal(smmu_cmdq_init(w->q, &w->dev->config), 0);
	w->latest = w->dev->config.first_position;

	assert_int_equal(pthread_create(&consumer, NULL, consume, w), 0);
	for (unsigned int i = 0; i < w->nr; i++) {
		w->producer[i].world = w;
		w->producer[i].id = i;
		assert_int_equal(pthread_create(&w->producer[i].thread, NULL,
						v->waiting ? produce_waiting : produce,
						&w->producer[i]),
				 0);
	}
	for (unsigned int i = 0; i < w->nr; i++) {
		pthread_join(w->producer[i].thread, NULL);
		assert_int_equal(w->producer[i].bad, 0);
		assert_true(v->refuse_every || !w->producer[i].failed);
	}
	write_count(&w->stop, 1);
	pthread_join(consumer, NULL);
	assert_int_equal(w->bad, 0);
	assert_int_equal(w->left, 0);
	assert_int_equal(w->reports, w->q->nr_errors);
	assert_true((w->reports != 0) == (v->refuse_every != 0));
	assert_int_equal(smmu_cmdq_validate(w->q), 0);		  /* looks at CONS */
	assert_int_equal(w->q->done, w->q->head & ~(1ull << 62)); /* producers may have met */
	assert_true(w->q->done > 1ull << 32);
	free(w->q);
	device_free(w->dev);
	free(w);
}

static void run_all(const struct variation *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run(&v[i]);
}

static void test_producers(void **state)
{
	static const struct variation v[] = {
		{ .size_lg2 = 1, .threads = 2 },
		{ .size_lg2 = 3, .threads = 4 },
		{ .size_lg2 = 4, .threads = 2, .msi = true },
		{ .size_lg2 = 7, .threads = 3 },
		{ .size_lg2 = 8, .threads = 4, .msi = true },
	};

	run_all(v, ARRAY_SIZE(v));
}

static void test_waiting_for_space(void **state)
{
	static const struct variation v[] = {
		{ .size_lg2 = 1, .threads = 3, .waiting = true },
		{ .size_lg2 = 3, .threads = 2, .waiting = true },
		{ .size_lg2 = 6,
		  .threads = 2,
		  .waiting = true,
		  .errata = SMMU_CMDQ_TLBI_TWICE | SMMU_CMDQ_SYNC_63 },
	};

	run_all(v, ARRAY_SIZE(v));
}

static void test_errors(void **state)
{
	static const struct variation v[] = {
		{ .size_lg2 = 3, .threads = 3, .refuse_every = 50 },
		{ .size_lg2 = 6, .threads = 2, .refuse_every = 20, .msi = true },
		{ .size_lg2 = 1, .threads = 2, .refuse_every = 10 },
	};

	run_all(v, ARRAY_SIZE(v));
}

static void test_sync_63(void **state)
{
	static const struct variation v[] = {
		{ .size_lg2 = 3, .threads = 2, .errata = SMMU_CMDQ_SYNC_63 },
		{ .size_lg2 = 7, .threads = 3, .errata = SMMU_CMDQ_SYNC_63, .msi = true },
	};

	run_all(v, ARRAY_SIZE(v));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_producers),
		cmocka_unit_test(test_waiting_for_space),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_sync_63),
	};

	if (argc > 1)
		batches = (unsigned int)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
