// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue with one thread: wrap, space, completion, errors and their recovery, errata, bounds.
 *
 * The device runs when the test says so, so that every interleaving of interest is a straight line
 * of code. Commands carry a number in their ASID, by which the log is checked.
 */
#include "model/cmdq-device.h"
#include "support.h"

static struct smmu_cmd numbered(uint64_t nr)
{
	return smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, (uint16_t)nr, (uint16_t)(nr >> 16));
}

static uint64_t number_of(const struct smmu_cmd *cmd)
{
	return cmd->dword[0] >> 48 | (cmd->dword[0] >> 32 & 0xffff) << 16;
}

static struct smmu_cmdq *make_queue(struct device *dev)
{
	/* smmu_cmdq wants its lines apart. */
	struct smmu_cmdq *q = aligned_alloc(128, sizeof(*q));

	assert_non_null(q);
	assert_int_equal(smmu_cmdq_init(q, &dev->config), 0);
	return q;
}

static void done_with(struct device *dev, struct smmu_cmdq *q)
{
	assert_int_equal(smmu_cmdq_validate(q), 0);
	free(q);
	device_free(dev);
}

/* Commands nr, nr + 1, ... */
static int put(struct smmu_cmdq *q, uint64_t nr, unsigned int n, unsigned int flags,
	       struct smmu_cmdq_ticket *t)
{
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];

	for (unsigned int i = 0; i < n; i++)
		cmd[i] = numbered(nr + i);
	return smmu_cmdq_submit(q, cmd, n, flags, t);
}

/* Every size, from a position near the end of 32 bits, through many laps, in random batches. */
static void test_wrap(void **state)
{
	uint64_t random = 1;

	for (unsigned int lg2 = 1; lg2 <= SMMU_CMDQ_MAX_LG2; lg2 += lg2 < 8 ? 1 : 11) {
		struct device *dev = device_make(lg2);
		uint64_t start = (1ull << 32) - 3, sent = 0, slots = start;
		struct smmu_cmdq *q;
		struct smmu_cmdq_ticket t;

		dev->config.first_position = start;
		dev->cons = dev->prod = (uint32_t)start & ((2u << lg2) - 1);
		dev->per_wait = 1;
		q = make_queue(dev);
		while (sent < 4000) {
			unsigned int max = smmu_cmdq_batch_max(q);
			unsigned int n = 1 + (unsigned int)(next_random(&random) % max);
			unsigned int sync = next_random(&random) & 1;

			assert_int_equal(put(q, sent, n, sync, &t), 0);
			assert_int_equal(t.first, slots);
			assert_int_equal(t.end, slots + n + sync);
			slots = t.end;
			sent += n;
			if (next_random(&random) % 4 == 0)
				assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
		}
		assert_int_equal(smmu_cmdq_wait(q, slots), 0);
		assert_int_equal(dev->prod, (uint32_t)slots & ((2u << lg2) - 1));
		assert_int_equal(dev->cleaned, slots - start);
		assert_int_equal(dev->executed, slots - start);
		for (uint64_t i = 0, nr = 0; i < dev->executed; i++)
			if (smmu_cmd_opcode(&dev->log[i]) != SMMU_CMD_SYNC)
				assert_int_equal(number_of(&dev->log[i]), nr++);
		done_with(dev, q);
	}
}

static void test_full(void **state)
{
	struct device *dev = device_make(3);
	struct smmu_cmdq *q = make_queue(dev);
	struct smmu_cmdq_ticket t;

	assert_int_equal(smmu_cmdq_batch_max(q), 7);
	assert_int_equal(put(q, 0, 7, SMMU_CMDQ_SYNC, &t), 0); /* to the last slot */
	assert_int_equal(put(q, 7, 1, SMMU_CMDQ_NOWAIT, NULL), -EAGAIN);
	assert_int_equal(put(q, 7, 1, 0, NULL), -ETIMEDOUT); /* max_polls */
	assert_int_equal(dev->waits, dev->config.max_polls - 1);
	dev->give_up_at = 5;
	dev->waits = 0;
	assert_int_equal(put(q, 7, 1, 0, NULL), -ETIMEDOUT); /* the hook */
	assert_int_equal(dev->waits, 5);
	assert_int_equal(smmu_cmdq_wait(q, t.end), -ETIMEDOUT);
	assert_false(smmu_cmdq_done(q, 1));
	assert_int_equal(smmu_cmdq_validate(q), 0);

	/* Nothing of what failed is in the ring; one slot comes free, then two. */
	assert_int_equal(device_run(dev, 1), 1);
	assert_true(smmu_cmdq_done(q, 1));
	assert_false(smmu_cmdq_done(q, 2));
	assert_int_equal(put(q, 7, 2, SMMU_CMDQ_NOWAIT, NULL), -EAGAIN);
	assert_int_equal(put(q, 7, 1, SMMU_CMDQ_NOWAIT, NULL), 0);
	dev->give_up_at = 0;
	dev->per_wait = 1;
	assert_int_equal(put(q, 8, 2, 0, &t), 0); /* waits for two */
	assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
	assert_string_equal(device_log(dev), "11 11 11 11 11 11 11 46 11 11 11");
	done_with(dev, q);
}

/* Several wait for one SYNC, or for a later one; what is done is known without the register. */
static void test_shared_completion(void **state)
{
	struct device *dev = device_make(6);
	struct smmu_cmdq *q = make_queue(dev);
	struct smmu_cmdq_ticket a, b;

	assert_int_equal(put(q, 0, 2, 0, &a), 0);
	assert_int_equal(put(q, 2, 1, SMMU_CMDQ_SYNC, &b), 0);
	assert_false(smmu_cmdq_done(q, a.end));
	device_run(dev, 64);
	assert_int_equal(smmu_cmdq_wait(q, b.end), 0);
	dev->cons = 0x7fffff; /* nobody may look any more */
	assert_true(smmu_cmdq_done(q, a.end));
	assert_int_equal(smmu_cmdq_wait(q, a.end), 0);
	assert_int_equal(smmu_cmdq_wait(q, b.end), 0);
	dev->cons = 4;
	assert_int_equal(smmu_cmdq_wait(q, b.end + 1), -EINVAL);
	done_with(dev, q);
}

/* A register that has nonsense in it is not believed. */
static void test_bad_cons(void **state)
{
	struct device *dev = device_make(4);
	struct smmu_cmdq *q = make_queue(dev);
	struct smmu_cmdq_ticket t;

	assert_int_equal(put(q, 0, 3, SMMU_CMDQ_SYNC, &t), 0);
	dev->cons = 5;
	assert_int_equal(smmu_cmdq_wait(q, t.end), -ETIMEDOUT);
	assert_true(q->bad_cons > 0);
	dev->cons = 0;
	assert_int_equal(smmu_cmdq_validate(q), -EUCLEAN);
	free(q);
	device_free(dev);
}

static void test_msi(void **state)
{
	struct device *dev = device_make(4);
	struct smmu_cmdq *q;
	struct smmu_cmdq_ticket t = { 0 };

	device_enable_msi(dev);
	dev->config.first_position = (1ull << 32) - 16; /* the word wraps */
	dev->prod = dev->cons = 16;
	q = make_queue(dev);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(put(q, i, 2, SMMU_CMDQ_SYNC, &t), 0);
		device_run(dev, 64);
		assert_int_equal(dev->msi_word, (uint32_t)t.end);
		dev->cons |= 1u << 23; /* only the word is looked at */
		assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
		dev->cons &= ~(1u << 23);
	}
	/* A word that is old, or nonsense, or never written: CONS tells in the end. */
	assert_int_equal(put(q, 0, 1, SMMU_CMDQ_SYNC, &t), 0);
	dev->msi_word = (uint32_t)t.end + 7;
	assert_false(smmu_cmdq_done(q, t.end));
	device_run(dev, 64);
	dev->msi_word = (uint32_t)t.first - 9;
	assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
	done_with(dev, q);
}

/* The SYNC of each kind, with its fields. */
static void test_sync_kinds(void **state)
{
	for (unsigned int kind = SMMU_SYNC_NONE; kind <= SMMU_SYNC_SEV; kind++) {
		struct device *dev = device_make(4);
		struct smmu_cmdq *q;

		dev->config.sync = kind;
		if (kind == SMMU_SYNC_IRQ)
			device_enable_msi(dev);
		dev->eager = true;
		q = make_queue(dev);
		assert_int_equal(smmu_cmdq_run(q, NULL, 0), 0);
		assert_int_equal(dev->executed, 1);
		assert_int_equal(dev->log[0].dword[0] >> 12 & 3, kind);
		done_with(dev, q);
	}
}

/* One error of each code, at each place of a batch of 5 and its SYNC. */
static void test_errors(void **state)
{
	for (unsigned int code = 1; code <= 4; code++) {
		for (unsigned int at = 0; at <= 5; at++) {
			struct device *dev = device_make(3);
			struct smmu_cmdq *q;
			struct smmu_cmdq_ticket t;
			bool kept = code == SMMU_CERROR_ABT || code == SMMU_CERROR_ATC_INV_SYNC;

			dev->config.first_position = dev->prod = dev->cons = 13;
			dev->per_wait = 3;
			dev->fault[0].nr = at;
			dev->fault[0].code = code;
			dev->fault[0].times = 1;
			q = make_queue(dev);
			assert_int_equal(put(q, 0, 5, SMMU_CMDQ_SYNC, &t), 0);
			assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
			assert_true(smmu_cmdq_failed(q, t.first, t.end));
			assert_true(smmu_cmdq_failed(q, 13 + at, 14 + at));
			assert_false(smmu_cmdq_failed(q, 13, 13 + at));
			assert_false(smmu_cmdq_failed(q, 14 + at, 100));
			assert_int_equal(dev->reports, 1);
			assert_int_equal(dev->reported.code, code);
			assert_int_equal(dev->reported.position, 13 + at);
			assert_false(dev->reported.fatal);
			assert_int_equal(smmu_cmd_opcode(&dev->reported.cmd),
					 at == 5 ? SMMU_CMD_SYNC : SMMU_CMD_TLBI_NH_ASID);
			/* The others were executed, once; the bad one too if it was only late. */
			assert_int_equal(dev->executed, 6);
			for (unsigned int i = 0; i < 5; i++)
				assert_int_equal(smmu_cmd_opcode(&dev->log[i]),
						 i == at && !kept ? SMMU_CMD_SYNC
								  : SMMU_CMD_TLBI_NH_ASID);
			assert_int_equal(smmu_cmd_opcode(&dev->log[5]), SMMU_CMD_SYNC);
			/* The queue goes on. */
			assert_int_equal(smmu_cmdq_run(q, dev->log, 3), 0);
			done_with(dev, q);
		}
	}
}

/* Found by a producer that waits for space, by the interrupt, and under MSI completion. */
static void test_error_finders(void **state)
{
	struct device *dev = device_make(3);
	struct smmu_cmdq *q;
	struct smmu_cmdq_ticket t;
	struct smmu_cmd cmd = numbered(1);

	device_enable_msi(dev);
	dev->per_wait = 1;
	for (unsigned int i = 0; i < DEVICE_FAULTS; i++) {
		dev->fault[i].nr = i * 9;
		dev->fault[i].code = SMMU_CERROR_ILL;
		dev->fault[i].times = 1;
	}
	q = make_queue(dev);
	assert_int_equal(put(q, 0, 7, SMMU_CMDQ_SYNC, &t), 0);
	assert_false(smmu_cmdq_handle_error(q));
	device_run(dev, 1);
	assert_int_equal(put(q, 7, 4, 0, NULL), 0);
	assert_int_equal(q->nr_errors, 1);
	while (device_run(dev, 1))
		;
	assert_true(smmu_cmdq_handle_error(q)); /* command 9 */
	assert_false(smmu_cmdq_handle_error(q));
	device_run(dev, 64);
	/* 12 executed. The MSI SYNC at 18 is the one that is illegal: it never writes its word. */
	assert_int_equal(put(q, 0, 6, SMMU_CMDQ_SYNC, &t), 0);
	assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
	assert_int_equal(q->nr_errors, 3);
	assert_int_equal(smmu_cmd_opcode(&dev->reported.cmd), SMMU_CMD_SYNC);
	/* What ran before is not blamed. */
	assert_int_equal(smmu_cmdq_run(q, &cmd, 1), 0);
	dev->fault[0].nr = dev->executed;
	dev->fault[0].times = 1;
	assert_int_equal(smmu_cmdq_run(q, &cmd, 1), -EIO);
	done_with(dev, q);
}

/* An abort that goes away is survived, one that stays ends the queue. */
static void test_giving_up(void **state)
{
	for (unsigned int times = 7; times <= 8; times++) {
		struct device *dev = device_make(4);
		struct smmu_cmdq *q;
		struct smmu_cmdq_ticket t;
		bool fatal = times == 8;

		dev->per_wait = 1;
		dev->fault[0].nr = 1;
		dev->fault[0].code = SMMU_CERROR_ABT;
		dev->fault[0].times = times;
		q = make_queue(dev);
		assert_int_equal(put(q, 0, 3, SMMU_CMDQ_SYNC, &t), 0);
		assert_int_equal(smmu_cmdq_wait(q, t.end), fatal ? -EIO : 0);
		assert_int_equal(dev->reports, times);
		assert_int_equal(dev->reported.fatal, fatal);
		assert_int_equal(q->nr_errors, 1);
		assert_int_equal(put(q, 0, 1, 0, NULL), fatal ? -EIO : 0);
		assert_true(smmu_cmdq_failed(q, 0, t.end));
		assert_false(smmu_cmdq_handle_error(q));
		done_with(dev, q);
	}
}

/* More errors than are remembered: old positions are under suspicion, new ones are not. */
static void test_error_memory(void **state)
{
	struct device *dev = device_make(6);
	struct smmu_cmdq *q = make_queue(dev);

	dev->eager = true;
	for (unsigned int i = 0; i < SMMU_CMDQ_ERRORS_MAX + 4; i++) {
		struct smmu_cmd cmd = numbered(i);

		dev->fault[0].nr = dev->executed;
		dev->fault[0].code = SMMU_CERROR_ILL;
		dev->fault[0].times = 1;
		assert_int_equal(smmu_cmdq_run(q, &cmd, 1), -EIO);
		assert_int_equal(smmu_cmdq_run(q, &cmd, 1), 0);
	}
	assert_true(smmu_cmdq_failed(q, 0, 1)); /* forgotten */
	assert_true(smmu_cmdq_failed(q, 2, 4)); /* good, but who knows */
	assert_false(smmu_cmdq_failed(q, 4 * SMMU_CMDQ_ERRORS_MAX + 14, 1000));
	assert_false(
		smmu_cmdq_failed(q, 4 * SMMU_CMDQ_ERRORS_MAX + 10, 4 * SMMU_CMDQ_ERRORS_MAX + 12));
	done_with(dev, q);
}

static void test_sync_63(void **state)
{
	uint64_t random = 5;

	for (unsigned int lg2 = 3; lg2 <= 9; lg2++) {
		struct device *dev = device_make(lg2);
		struct smmu_cmdq *q;
		struct smmu_cmdq_ticket t = { 0 };
		unsigned int run = 0;
		uint64_t sent = 0, nr = 0, syncs = 0;

		dev->config.errata = SMMU_CMDQ_SYNC_63;
		dev->per_wait = 5;
		q = make_queue(dev);
		for (unsigned int i = 0; i < 120; i++) {
			unsigned int max = smmu_cmdq_batch_max(q);
			unsigned int n = 1 + (unsigned int)(next_random(&random) % max);
			unsigned int sync = next_random(&random) % 8 == 0;

			assert_int_equal(put(q, sent, n, sync, &t), 0);
			sent += n;
			syncs += sync;
		}
		assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
		for (uint64_t i = 0; i < dev->executed; i++) {
			if (smmu_cmd_opcode(&dev->log[i]) == SMMU_CMD_SYNC) {
				run = 0;
				continue;
			}
			assert_in_range(++run, 1, 63);
			assert_int_equal(number_of(&dev->log[i]), nr++);
		}
		assert_int_equal(nr, sent);
		assert_int_equal(dev->executed, sent + syncs + t.end / 64);
		done_with(dev, q);
	}
}

static void test_tlbi_twice(void **state)
{
	struct device *dev = device_make(3);
	struct smmu_cmd cmd[2] = { smmu_cmd_cfgi_all(), numbered(1) }, many[7];
	struct smmu_cmdq_ticket t;
	struct smmu_cmdq *q;

	dev->config.errata = SMMU_CMDQ_TLBI_TWICE;
	dev->per_wait = 4;
	q = make_queue(dev);
	assert_int_equal(smmu_cmdq_run(q, cmd, 2), 0);
	assert_string_equal(device_log(dev), "04 11 46 11 46 46");
	/* Of 28 commands, through a ring of 8; only TLBIs are doubled. */
	device_forget(dev);
	for (unsigned int i = 0; i < 7; i++)
		many[i] = numbered(i);
	assert_int_equal(smmu_cmdq_submit(q, many, 7, SMMU_CMDQ_SYNC, &t), 0);
	assert_int_equal(t.end - t.first, 29);
	assert_int_equal(smmu_cmdq_wait(q, t.end), 0);
	assert_int_equal(dev->executed, 29);
	for (unsigned int i = 0; i < 14; i++) {
		assert_int_equal(number_of(&dev->log[2 * i]), i / 2);
		assert_int_equal(smmu_cmd_opcode(&dev->log[2 * i + 1]), SMMU_CMD_SYNC);
	}
	many[0] = smmu_cmd_atc_inv(1, -1, 0, SMMU_ATC_ALL_LG2);
	device_forget(dev);
	assert_int_equal(smmu_cmdq_run(q, many, 1), 0);
	assert_string_equal(device_log(dev), "40 46");
	done_with(dev, q);
}

/* Both, in the smallest ring that has room for them. */
static void test_both_errata(void **state)
{
	struct device *dev = device_make(3);
	struct smmu_cmdq *q;
	struct smmu_cmd cmd[5];

	for (unsigned int i = 0; i < 5; i++)
		cmd[i] = numbered(i);
	dev->config.errata = SMMU_CMDQ_TLBI_TWICE | SMMU_CMDQ_SYNC_63;
	dev->per_wait = 2;
	q = make_queue(dev);
	assert_int_equal(smmu_cmdq_batch_max(q), 5);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(smmu_cmdq_run(q, cmd, 5), 0);
	assert_int_equal(dev->executed, q->head);
	done_with(dev, q);
}

static void test_init(void **state)
{
	struct device *dev = device_make(4);
	struct smmu_cmdq_config good = dev->config, bad;
	struct smmu_cmdq_ops ops = device_ops;
	struct smmu_cmdq *q = make_queue(dev);
	struct smmu_cmd cmd[17];

#define REFUSED(change)                                             \
	do {                                                        \
		bad = good;                                         \
		change;                                             \
		assert_int_equal(smmu_cmdq_init(q, &bad), -EINVAL); \
	} while (0)
	REFUSED(bad.size_lg2 = 0);
	REFUSED(bad.size_lg2 = SMMU_CMDQ_MAX_LG2 + 1);
	REFUSED((bad.size_lg2 = 2, bad.errata = SMMU_CMDQ_SYNC_63));
	REFUSED(bad.errata = 4);
	REFUSED(bad.ring = NULL);
	REFUSED(bad.ring++);
	REFUSED(bad.ready = NULL);
	REFUSED(bad.first_position = 1ull << 62);
	REFUSED(bad.first_position = 1ull << 63);
	REFUSED(bad.ops = NULL);
	REFUSED((ops.ack_error = NULL, bad.ops = &ops));
	REFUSED((ops.write_prod = NULL, bad.ops = &ops));
	REFUSED(bad.sync = SMMU_SYNC_IRQ);
	REFUSED(bad.sync = 3);
	REFUSED(bad.first_position = 1);
	device_enable_msi(dev);
	good = dev->config;
	REFUSED(bad.msi_address++);
	REFUSED(bad.sync = SMMU_SYNC_NONE);

	memset(cmd, 0, sizeof(cmd));
	assert_int_equal(smmu_cmdq_init(q, &good), 0);
	assert_int_equal(smmu_cmdq_submit(q, cmd, 0, 0, NULL), -EINVAL);
	assert_int_equal(smmu_cmdq_submit(q, cmd, 16, 0, NULL), -EINVAL);
	assert_int_equal(dev->prod, 0);
	done_with(dev, q);
}

/* With two hooks only: an error is not recovered from, and the wait has its bound. */
static void test_minimal_hooks(void **state)
{
	struct device *dev = device_make(4);
	struct smmu_cmdq *q;
	struct smmu_cmdq_ticket t;

	dev->config.ops = &device_ops_minimal;
	dev->eager = true;
	dev->fault[0].nr = 4;
	dev->fault[0].code = SMMU_CERROR_ILL;
	dev->fault[0].times = 1;
	q = make_queue(dev);
	assert_int_equal(smmu_cmdq_run(q, NULL, 0), 0);
	assert_int_equal(put(q, 0, 5, SMMU_CMDQ_SYNC, &t), 0);
	assert_int_equal(smmu_cmdq_wait(q, t.end), -ETIMEDOUT);
	assert_false(smmu_cmdq_handle_error(q));
	done_with(dev, q);
}

static void test_validate(void **state)
{
	struct device *dev = device_make(4);
	struct smmu_cmdq *q = make_queue(dev);

	assert_int_equal(put(q, 0, 3, 0, NULL), 0);
	assert_int_equal(smmu_cmdq_validate(q), 0);
#define BROKEN(field, value)                                       \
	do {                                                       \
		uint64_t was_ = (field);                           \
		(field) = (value);                                 \
		assert_int_equal(smmu_cmdq_validate(q), -EUCLEAN); \
		(field) = (__typeof__(field))was_;                 \
		assert_int_equal(smmu_cmdq_validate(q), 0);        \
	} while (0)
	BROKEN(q->head, 4);
	BROKEN(q->published, 2);
	BROKEN(q->head, 1ull << 63);
	BROKEN(q->recovering, 1);
	BROKEN(q->size, 32);
	BROKEN(q->bad_cons, 1);
	BROKEN(dev->config.ready[3], 99);
	done_with(dev, q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_shared_completion),
		cmocka_unit_test(test_bad_cons),
		cmocka_unit_test(test_msi),
		cmocka_unit_test(test_sync_kinds),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_finders),
		cmocka_unit_test(test_giving_up),
		cmocka_unit_test(test_error_memory),
		cmocka_unit_test(test_sync_63),
		cmocka_unit_test(test_tlbi_twice),
		cmocka_unit_test(test_both_errata),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_minimal_hooks),
		cmocka_unit_test(test_validate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
