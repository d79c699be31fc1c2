// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SMMUv3 command queue: reserve, write, mark ready, publish (smmu-cmdq.h has the table of who
 * writes what; docs/cmdq.md why it is done this way and what it costs).
 *
 * Invariants: done <= published <= head <= done + size and rung <= published, as positions; every
 * position below published was written by its owner; one thread at a time writes CMDQ_PROD, and
 * what it writes only grows. A slot is written again only after done has passed it. While MET is
 * clear at most one batch that was handed out is not rung, and nobody relies on its producer to
 * ring for others.
 */
#include <errno.h>

#include "core/assert.h"
#include "core/port.h"
#include "smmu-cmdq.h"

#define ALL_ERRATA	(SMMU_CMDQ_SYNC_63 | SMMU_CMDQ_TLBI_TWICE)
#define DEFAULT_POLLS	(1ull << 20)
#define DEFAULT_RETRIES 8
#define CONS_ERR_SHIFT	24
#define CONS_ERR_MASK	0x7f
#define POLLS_PER_CONS	16 /* looks at the MSI word for each look at the register */
#define SYNC_EVERY	64 /* SMMU_CMDQ_SYNC_63: the last of so many positions */
#define NOT_A_POSITION	UINT64_MAX
#define PUBLISHING	(1ull << 63) /* in head: a thread is publishing */
#define MET		(1ull << 62) /* in head: producers have met, and not for CALM turns since */
#define CALM		256	     /* turns */
#define LONE_LOOKS	1024 /* at a producer that is at the doorbell, with a pause after each */

_Static_assert(SMMU_CMDQ_SYNC == 1, "added to the number of commands");

static always_inline uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static always_inline uint32_t index_of(const struct smmu_cmdq *q, uint64_t position)
{
	return (uint32_t)position & (q->size - 1);
}

/* What is at the register for a position: index and wrap bit. */
static always_inline uint32_t register_of(const struct smmu_cmdq *q, uint64_t position)
{
	return (uint32_t)position & (2 * q->size - 1);
}

static always_inline uint64_t position_in(uint64_t head)
{
	return head & ~(PUBLISHING | MET);
}

static always_inline bool is_dead(const struct smmu_cmdq *q)
{
	return unlikely(__atomic_load_n(&q->dead, __ATOMIC_RELAXED));
}

/* Errors: the SMMU has stopped, and what it stopped at belongs to whoever has recovering. */

/* May the command be kept? Otherwise a CMD_SYNC takes its place. */
static bool keeps_command(unsigned int code)
{
	return code == SMMU_CERROR_ABT || code == SMMU_CERROR_ATC_INV_SYNC;
}

static void ring_written(const struct smmu_cmdq *q, uint32_t index, uint32_t count)
{
	if (q->config.ops->ring_written)
		q->config.ops->ring_written(q->config.ctx, index, count);
}

/* done moves up to a position that the SMMU says it has reached; never down. */
static void advance(struct smmu_cmdq *q, uint64_t to)
{
	uint64_t done = load(&q->done);

	while (done < to && !__atomic_compare_exchange_n(&q->done, &done, to, true,
							 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

/*
 * The position that a value of CMDQ_CONS stands for. done was loaded before the register was read,
 * so what others have advanced it by since can only make this one too low.
 */
static uint64_t position_of(struct smmu_cmdq *q, uint64_t done, uint32_t cons)
{
	uint64_t position = done + register_of(q, cons - (uint32_t)done);

	if (unlikely(position > load(&q->published))) {
		__atomic_fetch_add(&q->bad_cons, 1, __ATOMIC_RELAXED);
		return NOT_A_POSITION;
	}
	return position;
}

/* Writes down the error; how often in a row the SMMU has stopped here. */
static void note_error(struct smmu_cmdq *q, struct smmu_cmdq_error *e)
{
	uint64_t nr = q->nr_errors;
	const struct smmu_cmdq_error *last = nr ? &q->error[(nr - 1) % SMMU_CMDQ_ERRORS_MAX] : NULL;
	bool again = last && last->position == e->position;

	q->retries = again ? q->retries + 1 : 1;
	e->fatal = q->retries >= q->config.max_retries;
	if (e->fatal)
		__atomic_store_n(&q->dead, 1, __ATOMIC_RELEASE);
	if (again) /* one error for smmu_cmdq_failed(), and for its memory */
		nr--;
	q->error[nr % SMMU_CMDQ_ERRORS_MAX] = *e;
	__atomic_store_n(&q->nr_errors, nr + 1, __ATOMIC_RELEASE);
}

/* The SMMU is stopped at a command: deal with it, and let it go on. */
static bool recover(struct smmu_cmdq *q, struct smmu_cmdq_error *e)
{
	uint64_t done = load(&q->done);
	uint32_t cons = q->config.ops->read_cons(q->config.ctx);
	uint64_t position = position_of(q, done, cons);
	uint32_t index;

	if (position == NOT_A_POSITION || position == load(&q->published))
		return false; /* not at any command of ours; the wait's bound will tell */
	advance(q, position);
	index = index_of(q, position);
	*e = (struct smmu_cmdq_error){
		.position = position,
		.cmd = q->config.ring[index],
		.code = cons >> CONS_ERR_SHIFT & CONS_ERR_MASK,
	};
	note_error(q, e);
	if (e->fatal)
		return true;
	if (!keeps_command(e->code)) {
		q->config.ring[index] = smmu_cmd_sync(SMMU_SYNC_NONE);
		ring_written(q, index, 1);
	}
	port_dma_wmb();
	q->config.ops->ack_error(q->config.ctx);
	return true;
}

bool smmu_cmdq_handle_error(struct smmu_cmdq *q)
{
	const struct smmu_cmdq_ops *ops = q->config.ops;
	struct smmu_cmdq_error e;
	bool found;

	if (!ops->error_active || is_dead(q))
		return false;
	if (__atomic_exchange_n(&q->recovering, 1, __ATOMIC_ACQUIRE))
		return false;
	found = !is_dead(q) && ops->error_active(q->config.ctx) && recover(q, &e);
	__atomic_store_n(&q->recovering, 0, __ATOMIC_RELEASE);
	if (found && ops->report)
		ops->report(q->config.ctx, &e);
	return found;
}

bool smmu_cmdq_failed(struct smmu_cmdq *q, uint64_t first, uint64_t end)
{
	uint64_t nr;
	bool failed = false;

	if (likely(!load(&q->nr_errors)))
		return false;
	while (__atomic_exchange_n(&q->recovering, 1, __ATOMIC_ACQUIRE))
		port_cpu_relax(); /* for as long as recover() takes */
	nr = q->nr_errors;
	for (uint64_t i = 0; i < nr && i < SMMU_CMDQ_ERRORS_MAX && !failed; i++)
		failed = q->error[i].position >= first && q->error[i].position < end;
	/* The oldest that is remembered; what was forgotten lay before it. */
	if (nr > SMMU_CMDQ_ERRORS_MAX && q->error[nr % SMMU_CMDQ_ERRORS_MAX].position > first)
		failed = true;
	__atomic_store_n(&q->recovering, 0, __ATOMIC_RELEASE);
	return failed;
}

/* Publishing. */

/* The batch that begins at a position is complete in the ring: its end, or 0. */
static always_inline uint64_t ready_end(const uint64_t *ready, uint32_t mask, uint64_t position)
{
	uint64_t end = load(&ready[(uint32_t)position & mask]);

	return end > position ? end : 0; /* otherwise it is from an earlier lap */
}

/* The SMMU may go on up to a position; by the one whose turn it is. */
static always_inline void ring_doorbell(struct smmu_cmdq *q, uint64_t to)
{
	/* The SMMU's answer must find it there. */
	__atomic_store_n(&q->published, to, __ATOMIC_RELEASE);
	port_dma_wmb();
	q->config.ops->write_prod(q->config.ctx, register_of(q, to));
	__atomic_store_n(&q->rung, to, __ATOMIC_RELEASE);
}

/* Takes the publisher's part from whoever has it not; false: somebody has it. */
static always_inline bool become_publisher(struct smmu_cmdq *q)
{
	return !(__atomic_fetch_or(&q->head, PUBLISHING, __ATOMIC_ACQ_REL) & PUBLISHING);
}

/*
 * Ends the publisher's part if nothing was handed out beyond to; forgets that producers had met if
 * they have not for long, and everything is rung.
 */
static always_inline bool retire(struct smmu_cmdq *q, uint64_t to, bool calm)
{
	uint64_t head = __atomic_load_n(&q->head, __ATOMIC_RELAXED);

	return position_in(head) == to &&
	       __atomic_compare_exchange_n(&q->head, &head, calm ? to : head & ~PUBLISHING, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/*
 * From where and how far the doorbell can be rung: up to where batches are ready, one behind the
 * other. Nowhere while a lone producer is at it, between its stores to published and rung; before
 * the first of them it holds the chain up, as its batch is never marked. False: nothing to do.
 */
static always_inline bool reach(const struct smmu_cmdq *q, uint64_t *to)
{
	uint64_t from = load(&q->published), end;

	*to = from;
	if (load(&q->rung) != from)
		return false;
	while ((end = ready_end(q->config.ready, q->size - 1, *to)) != 0)
		*to = end;
	return *to != from;
}

/*
 * By the publisher: everything that is ready, until there is nothing more. Not wait-free: a thread
 * goes on here while others make batches ready. What is handed out and not ready stays with its
 * owner, who will find that there is no publisher; it may have become ready just before that, so
 * one more look.
 */
static void noinline publish(struct smmu_cmdq *q)
{
	uint64_t to;

	do {
		q->calm = 0;
		if (reach(q, &to))
			ring_doorbell(q, to);
		if (retire(q, to, false))
			return;
		if (reach(q, &to))
			continue;
		__atomic_fetch_and(&q->head, ~PUBLISHING, __ATOMIC_ACQ_REL);
		if (likely(!reach(q, &to)))
			return;
		if (!become_publisher(q))
			return;
	} while (true);
}

/* Publishes what is ready if nobody is at it. */
static void noinline help(struct smmu_cmdq *q)
{
	uint64_t to;

	if (reach(q, &to) && become_publisher(q))
		publish(q);
}

/*
 * By the one that met a lone producer, whose batch lies just before this position: its store to
 * rung is all that tells of its end, and it may have looked for others before that store was seen.
 * It has a batch to write and the doorbell to ring; if it was preempted on the way it will look
 * later, and who waits for these commands looks too.
 */
static void noinline wait_for_lone(const struct smmu_cmdq *q, uint64_t position)
{
	for (unsigned int looks = 0; load(&q->rung) < position && looks < LONE_LOOKS; looks++)
		port_cpu_relax();
}

/* Completion. */

static uint64_t read_progress(struct smmu_cmdq *q)
{
	uint64_t done = load(&q->done);
	uint32_t cons = q->config.ops->read_cons(q->config.ctx);
	uint64_t position = position_of(q, done, cons);

	if (position != NOT_A_POSITION)
		advance(q, position);
	if (unlikely(cons >> CONS_ERR_SHIFT & CONS_ERR_MASK))
		smmu_cmdq_handle_error(q);
	return load(&q->done);
}

/*
 * What the MSI word says: it holds a position's low half; one that is not between done and
 * published is old. The MSI may be written before CMDQ_CONS moves: it says what is complete, not
 * which slots are free, and done stays.
 */
static uint64_t read_msi_word(const struct smmu_cmdq *q)
{
	uint64_t done = load(&q->done), published = load(&q->published);
	uint32_t ahead = __atomic_load_n(q->config.msi_word, __ATOMIC_ACQUIRE) - (uint32_t)done;

	return ahead <= published - done ? done + ahead : done;
}

/* The polls-th look: the word is memory, the register may be far away. */
static bool look(struct smmu_cmdq *q, uint64_t position, uint64_t polls)
{
	if (load(&q->done) >= position)
		return true;
	if (unlikely(load(&q->published) < position))
		help(q);
	if (q->config.msi_word) {
		if (read_msi_word(q) >= position)
			return true;
		if (polls % POLLS_PER_CONS != POLLS_PER_CONS - 1)
			return false;
	}
	return read_progress(q) >= position;
}

/* False: time is up. */
static bool pause(const struct smmu_cmdq *q, uint64_t polls)
{
	if (polls + 1 >= q->config.max_polls)
		return false;
	if (q->config.ops->wait)
		return q->config.ops->wait(q->config.ctx, polls);
	port_cpu_relax();
	return true;
}

bool smmu_cmdq_done(struct smmu_cmdq *q, uint64_t position)
{
	return look(q, position, POLLS_PER_CONS - 1);
}

int smmu_cmdq_wait(struct smmu_cmdq *q, uint64_t position)
{
	if (misuse(position > position_in(__atomic_load_n(&q->head, __ATOMIC_RELAXED)),
		   "smmu_cmdq_wait: a position that no ticket has"))
		return -EINVAL;
	for (uint64_t polls = 0;; polls++) {
		if (look(q, position, polls))
			return 0;
		if (is_dead(q))
			return -EIO;
		if (!pause(q, polls))
			return look(q, position, POLLS_PER_CONS - 1) ? 0 : -ETIMEDOUT;
	}
}

/* Producing. */

/* Looks for space. 0: try again. */
static int noinline wait_for_space(struct smmu_cmdq *q, unsigned int flags, uint64_t *polls)
{
	uint64_t before = load(&q->done), look_nr = (*polls)++;
	bool moved;

	/* What is ready and was left to others may be all that the ring is full of. */
	help(q);
	moved = read_progress(q) != before;

	if (is_dead(q))
		return -EIO;
	if (moved && !look_nr)
		return 0;
	if (flags & SMMU_CMDQ_NOWAIT)
		return -EAGAIN;
	return pause(q, look_nr) ? 0 : -ETIMEDOUT;
}

static always_inline bool is_forced(uint64_t position)
{
	return position % SYNC_EVERY == SYNC_EVERY - 1;
}

/* The slots that n commands take from a position on, with the SYNCs that lie between them. */
static unsigned int slots_with_syncs(uint64_t position, unsigned int n)
{
	unsigned int before = SYNC_EVERY - 1 - (unsigned int)(position % SYNC_EVERY);

	return n + (n > before ? 1 + (n - before - 1) / (SYNC_EVERY - 1) : 0);
}

/* Whose turn it is to ring the doorbell once a batch is written. */
enum turn {
	LONE,	   /* ours, and nobody counts on us for more */
	PUBLISHER, /* ours, and for what others make ready meanwhile */
	WAITS,	   /* ours, when the lone producer before us is through */
	LEAVES,	   /* whoever publishes, or we if nobody does */
};

/* What a producer that finds head becomes. */
static always_inline enum turn turn_at(const struct smmu_cmdq *q, uint64_t head)
{
	uint64_t rung = load(&q->rung);

	if (likely(rung == head))
		return LONE;
	if (rung == (head & ~MET))
		return PUBLISHER;
	return head & MET ? LEAVES : WAITS;
}

/*
 * Takes slots for n commands. Lock-free: a compare-and-swap fails only if another's succeeded. With
 * nobody publishing and nothing handed out that is not rung, the turn comes with the slots: what is
 * handed out later lies behind this batch anyway.
 */
static always_inline int reserve(struct smmu_cmdq *q, unsigned int n, unsigned int flags,
				 struct smmu_cmdq_ticket *t, enum turn *turn)
{
	static const uint64_t sets[] = {
		[LONE] = 0, [PUBLISHER] = PUBLISHING, [WAITS] = MET, [LEAVES] = 0
	};
	uint64_t head = __atomic_load_n(&q->head, __ATOMIC_RELAXED), polls = 0;

	if (is_dead(q))
		return -EIO;
	for (;;) {
		uint64_t first = position_in(head), end = first + n;
		int ret;

		if (unlikely(q->config.errata & SMMU_CMDQ_SYNC_63))
			end = first + slots_with_syncs(first, n);
		/* Signed: a head that is old by now may lie below done. */
		if (likely((int64_t)(end - load(&q->done)) <= (int64_t)q->size)) {
			*turn = turn_at(q, head);
			t->first = first;
			t->end = end;
			if (likely(__atomic_compare_exchange_n(
				    &q->head, &head, (head - first + end) | sets[*turn], true,
				    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
				return 0;
			continue;
		}
		ret = wait_for_space(q, flags, &polls);
		if (ret)
			return ret;
		head = __atomic_load_n(&q->head, __ATOMIC_RELAXED);
	}
}

static always_inline struct smmu_cmd sync_for(const struct smmu_cmdq *q, uint64_t end)
{
	const struct smmu_cmdq_config *c = &q->config;

	if (c->sync == SMMU_SYNC_IRQ)
		return smmu_cmd_sync_msi(c->msi_address, (uint32_t)end, c->msi_attr,
					 c->msi_shareability);
	return smmu_cmd_sync(c->sync);
}

/* Between the two: n commands of the caller's, and then the SYNC if one was asked for. */
static void noinline write_forced(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n,
				  const struct smmu_cmdq_ticket *t)
{
	for (uint64_t p = t->first; p != t->end; p++) {
		struct smmu_cmd *slot = &q->config.ring[index_of(q, p)];

		if (is_forced(p))
			*slot = smmu_cmd_sync(SMMU_SYNC_NONE);
		else if (n && n--)
			*slot = *cmd++;
		else
			*slot = sync_for(q, t->end);
	}
}

static always_inline void copy(struct smmu_cmd *to, const struct smmu_cmd *from, unsigned int n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4) {
		to[0] = from[0];
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	}
	for (; n; n--)
		*to++ = *from++;
}

static always_inline void write_commands(struct smmu_cmdq *q, const struct smmu_cmd *cmd,
					 unsigned int n, unsigned int flags,
					 const struct smmu_cmdq_ticket *t)
{
	struct smmu_cmd *ring = q->config.ring;
	uint32_t mask = q->size - 1, at = (uint32_t)t->first & mask, straight = q->size - at;

	if (unlikely(n > straight)) {
		copy(ring + at, cmd, straight);
		copy(ring, cmd + straight, n - straight);
	} else {
		copy(ring + at, cmd, n);
	}
	if (flags & SMMU_CMDQ_SYNC)
		ring[(at + n) & mask] = sync_for(q, t->end);
}

static void noinline clean_written(const struct smmu_cmdq *q, const struct smmu_cmdq_ticket *t)
{
	uint32_t at = index_of(q, t->first), count = (uint32_t)(t->end - t->first);
	uint32_t straight = q->size - at < count ? q->size - at : count;

	ring_written(q, at, straight);
	if (straight < count)
		ring_written(q, 0, count - straight);
}

/* The end of a submit that is not alone. */
static void noinline submit_met(struct smmu_cmdq *q, const struct smmu_cmdq_ticket *t,
				enum turn turn)
{
	if (turn == PUBLISHER) {
		bool calm = ++q->calm >= CALM;

		ring_doorbell(q, t->end);
		if (!retire(q, t->end, calm))
			publish(q);
		return;
	}
	__atomic_store_n(&q->config.ready[index_of(q, t->first)], t->end, __ATOMIC_RELEASE);
	if (turn == WAITS)
		wait_for_lone(q, t->first);
	if (become_publisher(q))
		publish(q);
}

static always_inline int submit(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n,
				unsigned int flags, struct smmu_cmdq_ticket *t)
{
	enum turn turn;
	int ret = reserve(q, n + (flags & SMMU_CMDQ_SYNC), flags, t, &turn);

	if (unlikely(ret))
		return ret;
	if (unlikely(q->config.errata & SMMU_CMDQ_SYNC_63))
		write_forced(q, cmd, n, t);
	else
		write_commands(q, cmd, n, flags, t);
	if (unlikely(q->config.ops->ring_written != NULL))
		clean_written(q, t);
	if (likely(turn == LONE)) {
		ring_doorbell(q, t->end);
		/* Who has met us waits; this is for the one that has given up doing so. */
		if (unlikely(__atomic_load_n(&q->head, __ATOMIC_RELAXED) & MET))
			help(q);
		return 0;
	}
	submit_met(q, t, turn);
	return 0;
}

/* A batch that is being made, and handed on whenever it is full. */
struct doubling {
	struct smmu_cmdq *q;
	struct smmu_cmdq_ticket span;
	unsigned int flags;
	unsigned int n;
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];
};

static int doubling_flush(struct doubling *d, unsigned int sync)
{
	struct smmu_cmdq_ticket t;
	int ret;

	if (!d->n && !sync)
		return 0;
	ret = submit(d->q, d->cmd, d->n, (d->flags & SMMU_CMDQ_NOWAIT) | sync, &t);
	if (ret)
		return ret;
	if (d->span.first == NOT_A_POSITION)
		d->span.first = t.first;
	d->span.end = t.end;
	d->n = 0;
	return 0;
}

static int doubling_add(struct doubling *d, struct smmu_cmd cmd)
{
	d->cmd[d->n++] = cmd;
	return d->n == d->q->batch_max ? doubling_flush(d, 0) : 0;
}

/* SMMU_CMDQ_TLBI_TWICE: four commands for each TLBI. */
static int noinline submit_twice(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n,
				 unsigned int flags, struct smmu_cmdq_ticket *t)
{
	struct smmu_cmd sync = smmu_cmd_sync(SMMU_SYNC_NONE);
	struct doubling d;
	int ret = 0;

	d.q = q;
	d.span.first = NOT_A_POSITION;
	d.flags = flags;
	d.n = 0;
	for (unsigned int i = 0; i < n && !ret; i++) {
		unsigned int times = smmu_cmd_is_tlbi(&cmd[i]) ? 2 : 1;

		for (unsigned int k = 0; k < times && !ret; k++) {
			ret = doubling_add(&d, cmd[i]);
			if (times == 2 && !ret)
				ret = doubling_add(&d, sync);
		}
	}
	if (!ret)
		ret = doubling_flush(&d, flags & SMMU_CMDQ_SYNC);
	*t = d.span;
	return ret;
}

int smmu_cmdq_submit(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n,
		     unsigned int flags, struct smmu_cmdq_ticket *ticket)
{
	struct smmu_cmdq_ticket t;
	int ret;

	if (misuse(n > q->batch_max || n + (flags & SMMU_CMDQ_SYNC) == 0,
		   "smmu_cmdq_submit: too many commands, or none"))
		return -EINVAL;
	if (unlikely(q->config.errata & SMMU_CMDQ_TLBI_TWICE))
		ret = submit_twice(q, cmd, n, flags, &t);
	else
		ret = submit(q, cmd, n, flags, &t);
	if (likely(!ret) && ticket)
		*ticket = t;
	return ret;
}

int smmu_cmdq_run(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n)
{
	struct smmu_cmdq_ticket t;
	int ret = smmu_cmdq_submit(q, cmd, n, SMMU_CMDQ_SYNC, &t);

	if (!ret)
		ret = smmu_cmdq_wait(q, t.end);
	if (!ret && smmu_cmdq_failed(q, t.first, t.end))
		ret = -EIO;
	return ret;
}

unsigned int smmu_cmdq_batch_max(const struct smmu_cmdq *q)
{
	return q->batch_max;
}

/* Making and checking. */

static bool config_is_good(const struct smmu_cmdq_config *c)
{
	unsigned int min_lg2 = c->errata & SMMU_CMDQ_SYNC_63 ? 3 : SMMU_CMDQ_MIN_LG2;
	uintptr_t ring_bytes = sizeof(struct smmu_cmd) << c->size_lg2;

	if (c->size_lg2 < min_lg2 || c->size_lg2 > SMMU_CMDQ_MAX_LG2 || c->errata & ~ALL_ERRATA)
		return false;
	if (!c->ring || !c->ready || (uintptr_t)c->ring & (ring_bytes - 1))
		return false;
	if (!c->ops || !c->ops->read_cons || !c->ops->write_prod)
		return false;
	if (c->ops->error_active && !c->ops->ack_error)
		return false;
	if (c->sync == SMMU_SYNC_IRQ)
		return c->msi_word && !(c->msi_address & 3);
	return c->sync <= SMMU_SYNC_SEV && !c->msi_word;
}

int smmu_cmdq_init(struct smmu_cmdq *q, const struct smmu_cmdq_config *config)
{
	uint64_t first = config->first_position;
	unsigned int syncs = config->errata & SMMU_CMDQ_SYNC_63 ? 3 : 1;

	if (misuse(!config_is_good(config), "smmu_cmdq_init: the configuration"))
		return -EINVAL;
	*q = (struct smmu_cmdq){ .config = *config };
	q->size = 1u << config->size_lg2;
	q->batch_max =
		q->size - syncs < SMMU_CMDQ_BATCH_MAX ? q->size - syncs : SMMU_CMDQ_BATCH_MAX;
	if (!q->config.max_polls)
		q->config.max_polls = DEFAULT_POLLS;
	if (!q->config.max_retries)
		q->config.max_retries = DEFAULT_RETRIES;
	if (first != position_in(first) ||
	    register_of(q, config->ops->read_cons(config->ctx)) != register_of(q, first))
		return -EINVAL;
	q->head = q->published = q->rung = q->done = first;
	for (uint32_t i = 0; i < q->size; i++)
		q->config.ready[i] = 0;
	if (q->config.msi_word)
		__atomic_store_n(q->config.msi_word, (uint32_t)first, __ATOMIC_RELEASE);
	return 0;
}

int smmu_cmdq_validate(struct smmu_cmdq *q)
{
	uint64_t done = read_progress(q);

	if (!config_is_good(&q->config) || q->size != 1u << q->config.size_lg2)
		return -EUCLEAN;
	if (q->recovering || (q->head & ~MET) != q->published || q->rung != q->published ||
	    q->bad_cons)
		return -EUCLEAN;
	if (done > q->published || q->published - done > q->size)
		return -EUCLEAN;
	for (uint32_t i = 0; i < q->size; i++)
		if (q->config.ready[i] > q->published)
			return -EUCLEAN;
	for (uint64_t i = 0; i < q->nr_errors && i < SMMU_CMDQ_ERRORS_MAX; i++)
		if (q->error[i].position > done)
			return -EUCLEAN;
	return 0;
}
