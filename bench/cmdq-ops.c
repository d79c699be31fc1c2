// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmdq-ops: the operations of bench_cmdq. See cmdq-ops.h.
 *
 * The doorbell is a store to memory: a device's register costs more. Nobody executes a command: the
 * thread that stands for the SMMU only passes PROD on to CONS, and where there is none CONS is
 * PROD, looked at once in a ring's length.
 */
#include "cmdq-ops.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "grow.h"
#include "region.h"
#include "smmu-cmdq.h"
#include "topology.h"

enum {
	SIZE_LG2 = 16,
	SIZE = 1 << SIZE_LG2,
	SPAN = 8192, /* commands that are timed together */
};

struct shared_word {
	uint64_t v __attribute__((aligned(128)));
};

/* What all threads of a case share; a line each, but for the ring. */
struct shared {
	struct smmu_cmdq q;
	struct shared_word prod, cons, stop, started, head;
	bool polling;
	struct smmu_cmd *ring;
	uint64_t *ready;
};

struct worker {
	struct shared *s;
	const struct cmdq_case *c;
	uint64_t at; /* of the bare ones, commands */
	bool failed;
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];
};

static const struct {
	const char *name;
	bool doorbell; /* and so it matters who looks */
	bool sizes;
	bool threads;
} ops[CMDQ_OP_NR] = {
	[CMDQ_OP_CAS] = { "cas", false, false, false },
	[CMDQ_OP_STORES] = { "stores", false, true, false },
	[CMDQ_OP_ONE_ATOMIC] = { "one-atomic", true, true, false },
	[CMDQ_OP_TWO_ATOMICS] = { "two-atomics", true, true, false },
	[CMDQ_OP_SUBMIT] = { "submit", true, true, true },
};

/* The queue's hooks. */

static uint32_t read_cons(void *ctx)
{
	struct shared *s = ctx;

	return (uint32_t)__atomic_load_n(s->polling ? &s->cons.v : &s->prod.v, __ATOMIC_ACQUIRE);
}

static void write_prod(void *ctx, uint32_t value)
{
	__atomic_store_n(&((struct shared *)ctx)->prod.v, value, __ATOMIC_RELEASE);
}

static void *poll_prod(void *arg)
{
	struct shared *s = arg;

	__atomic_store_n(&s->started.v, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&s->stop.v, __ATOMIC_RELAXED))
		__atomic_store_n(&s->cons.v, __atomic_load_n(&s->prod.v, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
	return NULL;
}

/*
 * One batch each. The compiler must not know what is in the commands, nor that the ring is not
 * read.
 */

static void move_head(struct shared *s, uint64_t from, uint64_t to)
{
	__atomic_compare_exchange_n(&s->head.v, &from, to, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static void store(struct worker *w)
{
	struct smmu_cmd *to = &w->s->ring[w->at % SIZE], *from = w->cmd;
	unsigned int n = w->c->batch;

	__asm__ volatile("" : : "r"(from), "r"(to) : "memory");
	for (; n >= 4;
	     n -= 4, to += 4, from += 4) { /* as fast as it gets: others are compared with it */
		to[0] = from[0];
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	}
	for (; n; n--)
		*to++ = *from++;
}

static void do_cas(struct worker *w)
{
	move_head(w->s, w->at, w->at + w->c->batch);
}

static void do_one_atomic(struct worker *w)
{
	do_cas(w);
	store(w);
	write_prod(w->s, (uint32_t)(w->at + w->c->batch));
}

static void do_two_atomics(struct worker *w)
{
	uint64_t busy = w->at + w->c->batch + (1ull << 63);

	move_head(w->s, w->at, busy);
	store(w);
	write_prod(w->s, (uint32_t)(w->at + w->c->batch));
	move_head(w->s, busy, w->at + w->c->batch);
}

static void do_submit(struct worker *w)
{
	w->failed |= smmu_cmdq_submit(&w->s->q, w->cmd, w->c->batch, 0, NULL) != 0;
}

/* A loop for each, so that what is timed is not a call through a pointer. */
#define BATCHES_OF(body)                                       \
	for (unsigned int i = 0; i < SPAN; i += w->c->batch) { \
		body(w);                                       \
		w->at += w->c->batch;                          \
	}                                                      \
	break

static void do_batches(struct worker *w)
{
	switch (w->c->op) {
	case CMDQ_OP_CAS:
		BATCHES_OF(do_cas);
	case CMDQ_OP_STORES:
		BATCHES_OF(store);
	case CMDQ_OP_ONE_ATOMIC:
		BATCHES_OF(do_one_atomic);
	case CMDQ_OP_TWO_ATOMICS:
		BATCHES_OF(do_two_atomics);
	case CMDQ_OP_SUBMIT:
		BATCHES_OF(do_submit);
	case CMDQ_OP_NR:
		break;
	}
}

/* Work for the sampler. */

static void span(void *worker, struct sampler_span *span)
{
	uint64_t start = region_begin();

	do_batches(worker);
	span->ns = region_end(start);
	span->pages = SPAN;
}

static void nothing(void *worker, int step)
{
	(void)worker;
	(void)step;
}

static const char *error(const void *worker)
{
	const struct worker *w = worker;

	return w->failed ? "smmu_cmdq_submit() failed" : NULL;
}

static const struct sampler_work work = {
	.begin = nothing,
	.span = span,
	.end = nothing,
	.error = error,
};

/* Making it. */

static void shared_free(struct shared *s)
{
	if (s) {
		free(s->ring);
		free(s->ready);
	}
	free(s);
}

static struct shared *shared_make(const struct cmdq_case *c)
{
	static const struct smmu_cmdq_ops queue_ops = { .read_cons = read_cons,
							.write_prod = write_prod };
	struct shared *s = aligned_alloc(128, sizeof(*s));
	struct smmu_cmdq_config config = { .ops = &queue_ops, .ctx = s, .size_lg2 = SIZE_LG2 };

	if (!s)
		return NULL;
	*s = (struct shared){ .polling = c->polling };
	config.ring = s->ring = aligned_alloc(SIZE * sizeof(*s->ring), SIZE * sizeof(*s->ring));
	config.ready = s->ready = calloc(SIZE, sizeof(*s->ready));
	if (!s->ring || !s->ready || smmu_cmdq_init(&s->q, &config)) {
		shared_free(s);
		return NULL;
	}
	for (unsigned int i = 0; i < SIZE; i++)
		s->ring[i] = smmu_cmd_sync(SMMU_SYNC_NONE);
	return s;
}

static void run_workers(const struct cmdq_case *c, struct shared *s, const unsigned int *cpus,
			double budget_s, struct sampler_result *result)
{
	struct worker *worker = calloc(c->producers, sizeof(*worker));
	void **all = calloc(c->producers, sizeof(*all));

	for (unsigned int i = 0; worker && all && i < c->producers; i++) {
		worker[i].s = s;
		worker[i].c = c;
		for (unsigned int k = 0; k < SMMU_CMDQ_BATCH_MAX; k++)
			worker[i].cmd[k] = smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, 1, 0,
							    (uint64_t)k << 12, true);
		all[i] = &worker[i];
	}
	if (worker && all)
		sampler_run(&work, all, cpus, c->producers, budget_s, result);
	free(all);
	free(worker);
}

void cmdq_run(const struct cmdq_case *c, const unsigned int *cpus, double budget_s,
	      struct sampler_result *result)
{
	struct shared *s = shared_make(c);
	pthread_t consumer;

	*result = (struct sampler_result){ .error = "not enough memory" };
	if (!s)
		return;
	if (c->polling) {
		topology_pin(cpus[c->producers]); /* inherited; the sampler pins its own */
		if (pthread_create(&consumer, NULL, poll_prod, s)) {
			result->error = "no thread to stand for the SMMU";
			shared_free(s);
			return;
		}
		while (!__atomic_load_n(&s->started.v, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	run_workers(c, s, cpus, budget_s, result);
	if (c->polling) {
		__atomic_store_n(&s->stop.v, 1, __ATOMIC_RELAXED);
		pthread_join(consumer, NULL);
	}
	if (!result->error && c->op == CMDQ_OP_SUBMIT && smmu_cmdq_validate(&s->q))
		result->error = "the queue is damaged";
	shared_free(s);
}

/* The cases. */

void cmdq_case_name(const struct cmdq_case *c, char *name)
{
	snprintf(name, CMDQ_NAME_BYTES, "cmdq/op:%s/batch:%u/consumer:%s/threads:%u",
		 ops[c->op].name, c->batch, c->polling ? "polling" : "stopped", c->producers);
}

struct list {
	struct cmdq_case *c;
	uint32_t nr, room;
	bool failed;
};

static void add(struct list *list, struct cmdq_case c)
{
	c.threads = c.producers + c.polling;
	if (grow((void **)&list->c, list->nr, &list->room, sizeof(*list->c)))
		list->failed = true;
	else
		list->c[list->nr++] = c;
}

/* What a ratio is made of lies next to one another: the same batch, and who looks. */
struct cmdq_case *cmdq_cases(bool full, unsigned int max_threads, size_t *nr)
{
	struct list list = { 0 };

	for (unsigned int batch = 1; batch <= SMMU_CMDQ_BATCH_MAX; batch *= full ? 2 : 64)
		for (int polling = 0; polling < 2; polling++)
			for (enum cmdq_op op = 0; op < CMDQ_OP_NR; op++) {
				struct cmdq_case c = { op, batch, polling, 1, 0 };

				if ((polling && !ops[op].doorbell) ||
				    (batch > 1 && !ops[op].sizes) ||
				    max_threads < 1u + (unsigned int)polling)
					continue;
				add(&list, c);
				if (!ops[op].threads || polling)
					continue;
				while ((c.producers =
						topology_next_threads(c.producers, max_threads)))
					add(&list, c);
			}
	if (list.failed) {
		free(list.c);
		return NULL;
	}
	*nr = list.nr;
	return list.c;
}
