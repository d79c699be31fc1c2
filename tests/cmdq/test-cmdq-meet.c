// SPDX-License-Identifier: GPL-2.0-only
/*
 * Producers that meet, one of them stopped at the doorbell: straight lines, the others run from its
 * hook.
 *
 * What the threads of test-cmdq-threads come to by chance is made to happen: the bound on waiting
 * for a lone producer, who rings for whom afterwards, that PROD does not move while one is at it,
 * that who waits for commands helps, and when a queue forgets that producers met.
 */
#include <pthread.h>

#include "model/cmdq-device.h"
#include "support.h"

#define MET    (1ull << 62) /* in smmu_cmdq.head, private to it */
#define OTHERS 3

struct meeting {
	struct device *dev;
	struct smmu_cmdq *q;
	struct smmu_cmdq_ops ops;
	unsigned int others; /* that the next doorbell's hook lets submit */
	bool rung_first;     /* the register is written before they do */
	struct smmu_cmdq_ticket other[OTHERS];
	bool done_at_doorbell;
};

static int put(struct smmu_cmdq *q, struct smmu_cmdq_ticket *t)
{
	struct smmu_cmd cmd = smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, 1, 1);

	return smmu_cmdq_submit(q, &cmd, 1, SMMU_CMDQ_SYNC, t);
}

struct producer {
	struct smmu_cmdq *q;
	struct smmu_cmdq_ticket *ticket;
	int ret;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	p->ret = put(p->q, p->ticket);
	return NULL;
}

static void let_others_submit(struct meeting *m)
{
	uint32_t prod = __atomic_load_n(&m->dev->prod, __ATOMIC_ACQUIRE);
	unsigned int n = m->others;

	m->others = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct producer p = { .q = m->q, .ticket = &m->other[i] };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
		pthread_join(thread, NULL); /* it does come back */
		assert_int_equal(p.ret, 0);
		m->done_at_doorbell |= smmu_cmdq_done(m->q, m->other[i].end);
	}
	/* Nobody but the one whose turn it is. */
	assert_int_equal(__atomic_load_n(&m->dev->prod, __ATOMIC_ACQUIRE), prod);
}

static struct meeting *stopped; /* device hooks know the device only */

static void write_prod(void *ctx, uint32_t prod)
{
	if (!stopped->others || !stopped->rung_first)
		let_others_submit(stopped);
	device_ops.write_prod(ctx, prod);
	let_others_submit(stopped);
}

static void meeting_make(struct meeting *m)
{
	*m = (struct meeting){ .dev = device_make(6), .ops = device_ops };
	m->ops.write_prod = write_prod;
	m->dev->config.ops = &m->ops;
	m->q = aligned_alloc(128, sizeof(*m->q));
	assert_non_null(m->q);
	assert_int_equal(smmu_cmdq_init(m->q, &m->dev->config), 0);
	stopped = m;
}

static void meeting_end(struct meeting *m)
{
	device_run(m->dev, UINT32_MAX);
	assert_int_equal(smmu_cmdq_validate(m->q), 0);
	free(m->q);
	device_free(m->dev);
}

/* A producer is stopped at the doorbell while n others come and go. */
static void meet(struct meeting *m, uint64_t n, bool rung_first)
{
	struct smmu_cmdq_ticket t;

	m->rung_first = rung_first;
	m->others = (unsigned int)n;
	assert_int_equal(put(m->q, &t), 0);
	assert_int_equal(m->others, 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(m->other[i].first, t.end + 2 * i);
	/* It has rung for all of them. */
	device_run(m->dev, UINT32_MAX);
	assert_false(m->done_at_doorbell);
	assert_true(smmu_cmdq_done(m->q, t.end + 2 * n));
	assert_int_equal(m->dev->executed, m->q->done);
}

static void test_stopped_at_the_doorbell(void **state)
{
	for (unsigned int n = 1; n <= OTHERS; n++) {
		for (int rung_first = 0; rung_first < 2; rung_first++) {
			struct meeting m;

			meeting_make(&m);
			meet(&m, n, rung_first); /* lone */
			assert_true(m.q->head & MET);
			meet(&m, n, !rung_first); /* as the publisher */
			meeting_end(&m);
		}
	}
}

static void test_forgets_meeting(void **state)
{
	struct smmu_cmdq_ticket t;
	unsigned int turns = 0;
	struct meeting m;

	meeting_make(&m);
	for (int again = 0; again < 2; again++) {
		meet(&m, 1, false);
		for (turns = 0; m.q->head & MET && turns < 1000; turns++) {
			assert_int_equal(put(m.q, &t), 0);
			device_run(m.dev, UINT32_MAX);
		}
		assert_int_equal(turns, 256); /* docs/cmdq.md */
	}
	meeting_end(&m);
}

/*
 * What is left if a producer gives up waiting for a lone one that does not see it: a batch that is
 * ready, and nobody who would ring. No schedule on this machine gets there for certain, so it is
 * made by hand.
 */
static void test_who_waits_helps(void **state)
{
	struct smmu_cmdq_ticket t;
	struct meeting m;
	uint64_t end;

	meeting_make(&m);
	assert_int_equal(put(m.q, &t), 0);
	end = t.end + 1;
	m.dev->config.ring[t.end] = smmu_cmd_sync(SMMU_SYNC_NONE);
	m.dev->config.ready[t.end] = end;
	m.q->head = end | MET;
	assert_int_equal(device_run(m.dev, UINT32_MAX), t.end);
	assert_false(smmu_cmdq_done(m.q, end));
	assert_int_equal(m.dev->prod, end);
	assert_int_equal(device_run(m.dev, UINT32_MAX), 1);
	assert_true(smmu_cmdq_done(m.q, end));
	meeting_end(&m);
}

/* The same where that batch is all that the ring holds: who wants space helps. */
static void test_who_wants_space_helps(void **state)
{
	struct smmu_cmd cmd = smmu_cmd_sync(SMMU_SYNC_NONE);
	struct smmu_cmdq_ticket t;
	struct meeting m;

	meeting_make(&m);
	assert_int_equal(put(m.q, &t), 0);
	device_run(m.dev, UINT32_MAX);
	assert_true(smmu_cmdq_done(m.q, t.end));
	for (int i = 0; i < 64; i++)
		m.dev->config.ring[i] = cmd;
	m.dev->config.ready[t.end] = t.end + 64;
	m.q->head = (t.end + 64) | MET;
	assert_int_equal(smmu_cmdq_submit(m.q, &cmd, 1, SMMU_CMDQ_NOWAIT, NULL), -EAGAIN);
	assert_int_equal(device_run(m.dev, UINT32_MAX), 64);
	assert_int_equal(smmu_cmdq_submit(m.q, &cmd, 1, SMMU_CMDQ_NOWAIT, NULL), 0);
	meeting_end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stopped_at_the_doorbell),
		cmocka_unit_test(test_forgets_meeting),
		cmocka_unit_test(test_who_waits_helps),
		cmocka_unit_test(test_who_wants_space_helps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
