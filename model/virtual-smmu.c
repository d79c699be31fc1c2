// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SMMU under the virtual clock (virtual-smmu.h): the consumer, and what it does to mappings.
 */
#include "model/virtual-names.h"

#include "model/virtual-smmu.h"

#include <stdlib.h>
#include <string.h>

#define NONE	      UINT32_MAX
#define LINE_WORDS    32 /* 128 bytes */
#define PUBLISH_EVERY 64 /* commands between two writes of CONS without a CMD_SYNC */

uint32_t *vsmmu_prod(struct vsmmu_queue *q)
{
	return q->registers;
}

uint32_t *vsmmu_cons(struct vsmmu_queue *q)
{
	return q->registers + LINE_WORDS;
}

static uint32_t *msi_word(struct vsmmu_queue *q)
{
	return &q->registers[(size_t)2 * LINE_WORDS];
}

/* Lists of mappings, by number. */

static void list_add(struct vsmmu *s, uint32_t *head, struct vmap *m)
{
	uint32_t self = (uint32_t)(m - s->map);

	m->prev = NONE;
	m->next = *head;
	if (*head != NONE)
		s->map[*head].prev = self;
	*head = self;
}

static void list_del(struct vsmmu *s, uint32_t *head, struct vmap *m)
{
	if (m->prev == NONE)
		*head = m->next;
	else
		s->map[m->prev].next = m->next;
	if (m->next != NONE)
		s->map[m->next].prev = m->prev;
}

/* What commands do. */

static void name_all_of(struct vsmmu *s, struct vmap *m)
{
	m->left = 0;
	m->state = VMAP_NAMED;
	list_del(s, &s->stale, m);
	list_add(s, &s->named, m);
}

static uint64_t unit_of(const struct vsmmu *s, uint64_t iova)
{
	return (iova - s->opts.iova) >> s->opts.unit_lg2;
}

static uint64_t nr_units(const struct vsmmu *s)
{
	return (((s->opts.granules << s->opts.granule_lg2) - 1) >> s->opts.unit_lg2) + 1;
}

static uint64_t end_of(const struct vsmmu *s, const struct vmap *m)
{
	return m->iova + ((uint64_t)m->granules << s->opts.granule_lg2);
}

static void name_part(struct vsmmu *s, struct vmap *m, uint64_t first, uint64_t end)
{
	uint64_t from = m->iova > first ? m->iova : first;
	uint64_t to = end_of(s, m) < end ? end_of(s, m) : end, n;

	if (m->state != VMAP_STALE || from >= to)
		return;
	n = (to - from) >> s->opts.granule_lg2;
	m->left = m->left > n ? m->left - (uint32_t)n : 0;
	if (!m->left)
		name_all_of(s, m);
}

static void name(struct vsmmu *s, uint64_t first, uint64_t granules)
{
	uint64_t end = first + (granules << s->opts.granule_lg2), units = nr_units(s), last;

	if (first < s->opts.iova)
		return;
	last = unit_of(s, end - 1);
	for (uint64_t at = unit_of(s, first); at <= last && at < units;) {
		struct vmap *m = s->at[at] ? &s->map[s->at[at] - 1] : NULL;

		if (m)
			name_part(s, m, first, end);
		at = m ? unit_of(s, end_of(s, m) - 1) + 1 : at + 1;
	}
}

static void name_everything(struct vsmmu *s)
{
	while (s->stale != NONE)
		name_all_of(s, &s->map[s->stale]);
	s->collateral +=
		s->mapped_leaves < s->opts.iotlb_pages ? s->mapped_leaves : s->opts.iotlb_pages;
}

static void count_exposure(struct vsmmu *s, const struct vmap *m)
{
	double exposed;

	if (s->frozen)
		return;
	s->cleaned_granules += m->granules;
	if (m->clean_ps <= m->reuse_ps)
		return;
	exposed = (double)(m->clean_ps - m->reuse_ps);
	s->exposure_page_ps += exposed * m->granules;
	if (exposed > s->max_exposure_ps)
		s->max_exposure_ps = exposed;
}

/* A CMD_SYNC completes at this time. */
static void clean(struct vsmmu *s, uint32_t named, uint64_t when_ps)
{
	while (named != NONE) {
		struct vmap *m = &s->map[named];

		named = m->next;
		m->state = VMAP_CLEAN;
		m->clean_ps = when_ps;
		if (m->reusable)
			count_exposure(s, m);
	}
}

/*
 * Granules that a TLBI by address names; the first in *iova. A block without range: what it covers.
 */
static uint64_t granules_of(const struct vsmmu *s, const struct smmu_cmd *cmd, uint64_t *iova)
{
	unsigned int num = cmd->dword[0] >> 12 & 31, scale = cmd->dword[0] >> 20 & 31;
	const struct vmap *m;
	uint64_t at, blocks_end;

	*iova = cmd->dword[1] & 0xfffffffffffff000;
	if (cmd->dword[1] >> 10 & 3)
		return (uint64_t)(num + 1) << scale;
	at = unit_of(s, *iova);
	if (at >= nr_units(s) || !s->at[at])
		return 1;
	m = &s->map[s->at[at] - 1];
	blocks_end =
		m->iova + ((uint64_t)m->blocks * s->opts.block_granules << s->opts.granule_lg2);
	return *iova < blocks_end ? s->opts.block_granules : 1;
}

/* Service time. SYNCs are the caller's. */
static uint64_t execute(struct vsmmu_queue *q, const struct smmu_cmd *cmd)
{
	struct vsmmu *s = q->smmu;
	uint64_t iova, granules;

	if (!smmu_cmd_is_tlbi(cmd))
		return 0;
	switch (smmu_cmd_opcode(cmd)) {
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_S2_IPA:
		granules = granules_of(s, cmd, &iova);
		name(s, iova, granules);
		return s->opts.tlbi_ps;
	default:
		q->whole++;
		name_everything(s);
		return s->opts.all_ps;
	}
}

/* The consumer. */

/* The engine that goes on with this CPU's batch, or else the one that is free first. */
static unsigned int engine_for(struct vsmmu_queue *q, uint16_t cpu, uint64_t now_ps)
{
	unsigned int best = 0;

	for (unsigned int i = 0; i < q->smmu->opts.engines; i++) {
		if (q->engine_of[i] == cpu && q->engine_ps[i] > now_ps)
			return i;
		if (q->engine_ps[i] < q->engine_ps[best])
			best = i;
	}
	q->engine_of[best] = cpu;
	return best;
}

static uint64_t all_idle_ps(const struct vsmmu_queue *q)
{
	uint64_t ps = 0;

	for (unsigned int i = 0; i < q->smmu->opts.engines; i++)
		if (q->engine_ps[i] > ps)
			ps = q->engine_ps[i];
	return ps;
}

static void publish(struct vsmmu_queue *q)
{
	uint32_t *cons = vsmmu_cons(q);

	virtual_store(cons);
	*cons = (uint32_t)q->cons & ((2u << q->smmu->opts.queue_lg2) - 1);
}

/* What was named so far is clean when it completes. It completes after those before it. */
static void fetch_sync(struct vsmmu_queue *q, const struct smmu_cmd *cmd)
{
	struct vsmmu_sync *s = &q->sync[(q->first_sync + q->nr_syncs) % VSMMU_SYNCS];
	const struct vsmmu_sync *last = &q->sync[(q->first_sync + q->nr_syncs - 1) % VSMMU_SYNCS];
	uint64_t end = all_idle_ps(q);

	if (end < virtual_now_ps())
		end = virtual_now_ps();
	if (q->nr_syncs && end < last->end_ps)
		end = last->end_ps;
	*s = (struct vsmmu_sync){
		.cmd = *cmd,
		.end_ps = end + q->smmu->opts.sync_ps,
		.cons = q->fetched,
		.named = q->smmu->named,
	};
	q->smmu->named = NONE;
	q->nr_syncs++;
}

static void complete_sync(struct vsmmu_queue *q)
{
	struct vsmmu_sync s = q->sync[q->first_sync];

	virtual_sleep_until_ps(s.end_ps);
	q->first_sync = (q->first_sync + 1) % VSMMU_SYNCS;
	q->nr_syncs--;
	q->syncs++;
	clean(q->smmu, s.named, s.end_ps);
	q->cons = s.cons;
	publish(q);
	if ((s.cmd.dword[0] >> 12 & 3) == SMMU_SYNC_IRQ && s.cmd.dword[1]) {
		uint32_t *word = (uint32_t *)(uintptr_t)s.cmd.dword[1];

		virtual_store(word);
		__atomic_store_n(word, (uint32_t)(s.cmd.dword[0] >> 32), __ATOMIC_RELEASE);
	}
	/* One engine: what follows begins when it is complete. */
	if (q->smmu->opts.engines == 1)
		q->engine_ps[0] = s.end_ps;
}

static void fetch(struct vsmmu_queue *q)
{
	uint32_t at = (uint32_t)q->fetched & ((1u << q->smmu->opts.queue_lg2) - 1);
	struct smmu_cmd cmd = q->ring[at];
	unsigned int engine;

	q->commands++;
	q->fetched++;
	if (smmu_cmd_opcode(&cmd) == SMMU_CMD_SYNC) {
		fetch_sync(q, &cmd);
		return;
	}
	engine = engine_for(q, q->producer[at], virtual_now_ps());
	if (q->engine_ps[engine] < virtual_now_ps())
		q->engine_ps[engine] = virtual_now_ps();
	q->engine_ps[engine] += execute(q, &cmd);
}

/* A SYNC is to be waited for before more is fetched. */
static bool is_held_up(const struct vsmmu_queue *q)
{
	uint64_t next = UINT64_MAX;

	if (!q->nr_syncs)
		return false;
	if (q->smmu->opts.engines == 1 || q->nr_syncs == VSMMU_SYNCS)
		return true;
	for (unsigned int i = 0; i < q->smmu->opts.engines; i++)
		if (q->engine_ps[i] < next)
			next = q->engine_ps[i];
	return q->sync[q->first_sync].end_ps <= next;
}

/*
 * Runs ahead of the time of what it executes, up to the next CMD_SYNC: nobody can see that. What a
 * command names has been cleared before it was queued.
 */
static void consume(void *arg)
{
	struct vsmmu_queue *q = arg;
	uint32_t laps = (2u << q->smmu->opts.queue_lg2) - 1;

	for (;;) {
		bool empty;

		if (is_held_up(q)) {
			complete_sync(q);
			continue;
		}
		virtual_load(vsmmu_prod(q));
		empty = *vsmmu_prod(q) == ((uint32_t)q->fetched & laps);
		if (!empty)
			fetch(q);
		else if (q->nr_syncs)
			complete_sync(q);
		if ((empty || q->fetched - q->cons >= PUBLISH_EVERY) && !q->nr_syncs &&
		    q->cons != q->fetched) {
			virtual_sleep_until_ps(all_idle_ps(q));
			q->cons = q->fetched;
			publish(q);
		} else if (empty && !q->nr_syncs) {
			virtual_park(vsmmu_prod(q));
		}
	}
}

/* Hooks of the library's queue. */

static uint32_t read_cons(void *ctx)
{
	struct vsmmu_queue *q = ctx;

	virtual_spend_ps(q->smmu->opts.mmio_ps);
	virtual_load(vsmmu_cons(q));
	return *vsmmu_cons(q);
}

static void write_prod(void *ctx, uint32_t prod)
{
	virtual_store(vsmmu_prod(ctx));
	*vsmmu_prod(ctx) = prod;
}

static void ring_written(void *ctx, uint32_t index, uint32_t count)
{
	struct vsmmu_queue *q = ctx;

	for (uint32_t i = 0; i < count; i++)
		q->producer[index + i] = (uint16_t)virtual_cpu();
	virtual_spend_ps(count * q->smmu->opts.write_ps);
}

static void make_queue(struct vsmmu *s, struct vsmmu_queue *q)
{
	size_t size = (size_t)1 << s->opts.queue_lg2;

	q->smmu = s;
	q->ops = (struct smmu_cmdq_ops){ .read_cons = read_cons,
					 .write_prod = write_prod,
					 .ring_written = ring_written };
	q->q = virtual_alloc(sizeof(*q->q));
	/* Aligned to its size. */
	q->ring = virtual_alloc(2 * size * sizeof(*q->ring));
	q->ring = (struct smmu_cmd *)(((uintptr_t)q->ring + size * sizeof(*q->ring) - 1) &
				      ~(uintptr_t)(size * sizeof(*q->ring) - 1));
	q->ready = virtual_alloc(size * sizeof(*q->ready));
	q->producer = virtual_alloc(size * sizeof(*q->producer));
	q->registers = virtual_alloc(4096);
	for (unsigned int i = 0; i < VSMMU_ENGINES; i++)
		q->engine_of[i] = UINT16_MAX;
	virtual_spawn_device(consume, q);
}

/* As the virtual CPU 0 would: no coroutine runs yet. */
static void init_queue(struct vsmmu *s, struct vsmmu_queue *q)
{
	struct smmu_cmdq_config config = {
		.ops = &q->ops,
		.ctx = q,
		.ring = q->ring,
		.ready = q->ready,
		.size_lg2 = s->opts.queue_lg2,
		.errata = s->opts.errata,
		.max_polls = 1ull << 40,
	};

	if (s->opts.msi) {
		config.sync = SMMU_SYNC_IRQ;
		config.msi_attr = 15;
		config.msi_shareability = 3;
		config.msi_word = msi_word(q);
		config.msi_address = (uintptr_t)config.msi_word;
	}
	if (smmu_cmdq_init(q->q, &config))
		abort();
}

struct vsmmu *vsmmu_make(const struct vsmmu_opts *opts)
{
	struct vsmmu *s = virtual_alloc(sizeof(*s));

	s->opts = *opts;
	s->map = virtual_alloc(opts->maps * sizeof(*s->map));
	s->at = virtual_alloc(nr_units(s) * sizeof(*s->at));
	s->stale = s->named = s->free = NONE;
	for (uint32_t i = opts->maps; i-- > 0;) {
		s->map[i].next = s->free;
		s->free = i;
	}
	for (unsigned int i = 0; i < opts->queues; i++) {
		make_queue(s, &s->queue[i]);
		init_queue(s, &s->queue[i]);
	}
	return s;
}

/* What CPUs tell. */

struct vmap *vsmmu_find(struct vsmmu *s, uint64_t iova)
{
	uint64_t at = unit_of(s, iova);

	return at < nr_units(s) && s->at[at] ? &s->map[s->at[at] - 1] : NULL;
}

/* What a mapping's units point to: the mapping, plus one; or nothing. */
static void set_units(struct vsmmu *s, const struct vmap *m, uint32_t to)
{
	uint64_t last = unit_of(s, end_of(s, m) - 1);

	for (uint64_t at = unit_of(s, m->iova); at <= last; at++) {
		if (at >= nr_units(s) || (to && s->at[at]))
			abort();
		s->at[at] = to;
	}
}

struct vmap *vsmmu_mapped(struct vsmmu *s, uint64_t iova, uint32_t granules, uint32_t leaves,
			  uint32_t blocks)
{
	struct vmap *m;

	if (s->free == NONE)
		abort();
	m = &s->map[s->free];
	s->free = m->next;
	*m = (struct vmap){
		.iova = iova,
		.granules = granules,
		.leaves = leaves,
		.blocks = blocks,
		.state = VMAP_MAPPED,
		.owner = (uint16_t)virtual_cpu(),
	};
	set_units(s, m, (uint32_t)(m - s->map) + 1);
	s->mapped_leaves += leaves;
	return m;
}

void vsmmu_cleared(struct vsmmu *s, struct vmap *m)
{
	m->state = VMAP_STALE;
	m->left = m->granules;
	list_add(s, &s->stale, m);
	s->mapped_leaves -= m->leaves;
	s->waiting_bytes += (uint64_t)m->granules << s->opts.granule_lg2;
	if (s->waiting_bytes > s->max_waiting_bytes && !s->frozen)
		s->max_waiting_bytes = s->waiting_bytes;
}

void vsmmu_reusable(struct vsmmu *s, struct vmap *m)
{
	m->reusable = true;
	m->reuse_ps = virtual_now_ps();
	if (m->state == VMAP_CLEAN)
		count_exposure(s, m);
}

uint64_t vsmmu_released(struct vsmmu *s, struct vmap *m, bool check)
{
	uint64_t waited = virtual_now_ps() - m->unmap_ps;

	if (m->state != VMAP_CLEAN) {
		s->violations += check;
		if (m->state == VMAP_STALE)
			list_del(s, &s->stale, m);
		else if (m->state == VMAP_NAMED)
			abort(); /* in a list of the consumer's: only "none" gets here, and names nothing */
	}
	set_units(s, m, 0);
	s->waiting_bytes -= (uint64_t)m->granules << s->opts.granule_lg2;
	m->state = VMAP_FREE;
	m->next = s->free;
	s->free = (uint32_t)(m - s->map);
	return waited;
}

void vsmmu_reset_counters(struct vsmmu *s)
{
	s->cleaned_granules = s->collateral = 0;
	s->exposure_page_ps = s->max_exposure_ps = 0;
	s->max_waiting_bytes = s->waiting_bytes;
}

void vsmmu_freeze_counters(struct vsmmu *s)
{
	s->frozen = true;
}

uint64_t vsmmu_count_commands(const struct vsmmu *s)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < s->opts.queues; i++)
		n += s->queue[i].commands - s->queue[i].syncs;
	return n;
}

uint64_t vsmmu_count_syncs(const struct vsmmu *s)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < s->opts.queues; i++)
		n += s->queue[i].syncs;
	return n;
}
