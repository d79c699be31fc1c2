// SPDX-License-Identifier: GPL-2.0-only
/*
 * The software SMMU (smmu.h): decoding commands, executing them on both caches, completing SYNCs,
 * and the consumers' threads. The ring's registers and errors are cmdq-device.c's.
 */
#include "model/smmu.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/dma.h"

/* IHI0070 4.4: what each TLBI looks at. */
struct opcode {
	uint8_t code;
	bool stage_1, stage_2, asid, vmid, address;
};

static const struct opcode opcodes[] = {
	{ SMMU_CMD_TLBI_NH_ALL, true, false, false, true, false },
	{ SMMU_CMD_TLBI_NH_ASID, true, false, true, true, false },
	{ SMMU_CMD_TLBI_NH_VA, true, false, true, true, true },
	{ SMMU_CMD_TLBI_NH_VAA, true, false, false, true, true },
	{ SMMU_CMD_TLBI_S12_VMALL, true, true, false, true, false },
	{ SMMU_CMD_TLBI_S2_IPA, false, true, false, true, true },
	{ SMMU_CMD_TLBI_NSNH_ALL, true, true, false, false, false },
};

static const struct opcode *find_opcode(uint8_t code)
{
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		if (opcodes[i].code == code)
			return &opcodes[i];
	return NULL;
}

/* The range form (4.4.1). 0, or the error to stop with. */
static unsigned int decode_range(struct model_queue *q, const struct smmu_cmd *cmd,
				 struct model_inval *inval)
{
	unsigned int tg = cmd->dword[1] >> 10 & 3, ttl = cmd->dword[1] >> 8 & 3;
	unsigned int num = cmd->dword[0] >> 12 & 31, scale = cmd->dword[0] >> 20 & 31;
	unsigned int granule_lg2 = 10 + 2 * tg, aligned_lg2 = granule_lg2;
	uint64_t granules = (uint64_t)(num + 1) << scale;

	if (!tg) {
		inval->last = inval->first;
		q->granules++;
		return 0;
	}
	if (!num && !scale && !ttl)
		return SMMU_CERROR_ILL;
	if (ttl) {
		inval->level = 3 - ttl;
		aligned_lg2 += inval->level * (granule_lg2 - 3);
	}
	if (inval->first & ((1ull << aligned_lg2) - 1))
		checker_report(&q->smmu->checker, MODEL_BAD_COMMAND, inval->first, ttl);
	inval->last = inval->first + ((granules << granule_lg2) - 1);
	q->granules += granules;
	return 0;
}

static unsigned int decode(struct model_queue *q, const struct opcode *op,
			   const struct smmu_cmd *cmd, struct model_inval *inval)
{
	*inval = (struct model_inval){
		.stage_1 = op->stage_1,
		.stage_2 = op->stage_2,
		.asid = op->asid ? (uint32_t)(cmd->dword[0] >> 48) : MODEL_ANY_ASID,
		.vmid = op->vmid ? (uint32_t)(cmd->dword[0] >> 32 & 0xffff) : MODEL_ANY_VMID,
		.last = UINT64_MAX,
		.level = MODEL_ANY_LEVEL,
	};
	if (!op->address)
		return 0;
	inval->first = cmd->dword[1] & 0xfffffffffffff000;
	inval->leaf = cmd->dword[1] & 1;
	return decode_range(q, cmd, inval);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void serve(const struct smmu_model *m, enum model_kind kind)
{
	uint64_t end;

	if (!m->opts.service_ns[kind])
		return;
	end = now_ns() + m->opts.service_ns[kind];
	while (now_ns() < end)
		sched_yield();
}

static void invalidate(struct model_queue *q, const struct model_inval *inval)
{
	struct smmu_model *m = q->smmu;

	pthread_mutex_lock(&m->lock);
	if (m->opts.invalidates)
		m->opts.invalidates(m->opts.effect_ctx, q->id, inval);
	__atomic_store_n(&m->seq, m->seq + 1, __ATOMIC_RELEASE);
	iotlb_invalidate(&m->iotlb, inval);
	walk_cache_invalidate(&m->walk_cache, inval);
	for (unsigned int i = 0; i < m->devices; i++)
		dma_invalidated(m->device[i], inval);
	checker_invalidated(&m->checker, inval, m->seq, q->id);
	pthread_mutex_unlock(&m->lock);
}

/* Accesses that are busy now may hold what was invalidated; later ones cannot. */
static void synchronise(struct model_queue *q)
{
	struct smmu_model *m = q->smmu;
	unsigned int devices;
	uint64_t seq;

	pthread_mutex_lock(&m->lock);
	seq = m->seq;
	devices = m->devices;
	pthread_mutex_unlock(&m->lock);
	for (unsigned int i = 0; i < devices; i++)
		dma_drain(m->device[i]);
	pthread_mutex_lock(&m->lock);
	checker_sync(&m->checker, seq, q->id);
	pthread_mutex_unlock(&m->lock);
	if (m->opts.synced)
		m->opts.synced(m->opts.effect_ctx, q->id);
}

/* Returns the error that the SMMU stops with, or 0. */
static unsigned int execute(struct model_queue *q, const struct smmu_cmd *cmd)
{
	const struct opcode *op = find_opcode(smmu_cmd_opcode(cmd));
	enum model_kind kind = MODEL_OTHER;
	struct model_inval inval;

	if (op) {
		unsigned int error = decode(q, op, cmd, &inval);

		if (error) {
			q->errors++;
			return error;
		}
		kind = op->address ? MODEL_TLBI_VA : MODEL_TLBI_ALL;
	} else if (smmu_cmd_opcode(cmd) == SMMU_CMD_SYNC) {
		kind = MODEL_SYNC;
	}
	__atomic_store_n(&q->count[kind], q->count[kind] + 1, __ATOMIC_RELAXED);
	serve(q->smmu, kind);
	if (op)
		invalidate(q, &inval);
	else if (kind == MODEL_SYNC)
		synchronise(q);
	return 0;
}

/* cmdq-device.c's hook, for every command. */
static unsigned int judge(struct device *dev, const struct smmu_cmd *cmd)
{
	struct model_queue *q = dev->user;
	struct smmu_model *m = q->smmu;
	struct smmu_cmd real = *cmd;
	unsigned int error;

	if (m->opts.mutate && !m->opts.mutate(m->opts.mutate_ctx, &real))
		return 0;
	if (m->opts.serial)
		pthread_mutex_lock(&m->engine);
	error = execute(q, &real);
	if (m->opts.serial)
		pthread_mutex_unlock(&m->engine);
	return error;
}

static bool wait_for_consumer(void *ctx, uint64_t polls)
{
	sched_yield();
	return true;
}

static void *consume(void *arg)
{
	struct model_queue *q = arg;
	unsigned int idle = 0;

	while (!__atomic_load_n(&q->stop, __ATOMIC_ACQUIRE)) {
		if (device_run(q->dev, 64)) {
			idle = 0;
			continue;
		}
		sched_yield();
		if (++idle < 1000)
			continue;
		nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	}
	return NULL;
}

static void queue_init(struct smmu_model *m, unsigned int id)
{
	struct model_queue *q = &m->queue[id];

	q->smmu = m;
	q->id = id;
	q->dev = device_make(m->opts.queue_lg2);
	q->dev->user = q;
	q->dev->judge = judge;
	q->dev->config.max_polls = 1ull << 40;
	q->dev->config.errata = m->opts.errata;
	if (m->opts.msi)
		device_enable_msi(q->dev);
	q->ops = device_ops;
	q->ops.report = NULL;
	if (m->opts.threads)
		q->ops.wait = wait_for_consumer;
	else
		q->dev->per_wait = 16;
	q->dev->config.ops = &q->ops;
	q->q = aligned_alloc(128, (sizeof(*q->q) + 127) & ~(size_t)127);
	if (!q->q || smmu_cmdq_init(q->q, &q->dev->config))
		abort();
}

static void on_free(void *ctx, uint64_t pa, size_t bytes)
{
	struct smmu_model *m = ctx;
	bool held;

	pthread_mutex_lock(&m->lock);
	held = walk_cache_holds(&m->walk_cache, pa, bytes);
	pthread_mutex_unlock(&m->lock);
	if (held)
		checker_report(&m->checker, MODEL_TABLE_REUSE, pa, bytes);
}

static void on_bad_free(void *ctx, const char *what)
{
	checker_report(&((struct smmu_model *)ctx)->checker, MODEL_BAD_FREE, 0, 0);
}

static void set_defaults(struct model_opts *o)
{
	if (!o->queues)
		o->queues = 1;
	if (!o->queue_lg2)
		o->queue_lg2 = 8;
	if (!o->iotlb_sets_lg2)
		o->iotlb_sets_lg2 = 6;
	if (!o->iotlb_ways)
		o->iotlb_ways = 4;
	if (!o->walk_cache_lg2)
		o->walk_cache_lg2 = 6;
	if (!o->memory_bytes)
		o->memory_bytes = 64u << 20;
	if (o->queues > MODEL_QUEUES)
		abort();
}

struct smmu_model *smmu_model_make(const struct model_opts *opts)
{
	struct smmu_model *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->opts = *opts;
	set_defaults(&m->opts);
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->engine, NULL);
	iotlb_init(&m->iotlb, m->opts.iotlb_sets_lg2, m->opts.iotlb_ways);
	m->iotlb.went = m->opts.went;
	m->iotlb.went_ctx = m->opts.effect_ctx;
	walk_cache_init(&m->walk_cache, m->opts.walk_cache_lg2);
	model_memory_init(&m->memory, m->opts.memory_bytes, m->opts.pa_base, m->opts.coherent);
	m->memory.reuse_early = m->opts.reuse_early;
	m->memory.on_free = on_free;
	m->memory.on_bad_free = on_bad_free;
	m->memory.ctx = m;
	for (unsigned int i = 0; i < m->opts.queues; i++)
		queue_init(m, i);
	return m;
}

void smmu_model_start(struct smmu_model *m)
{
	for (unsigned int i = 0; m->opts.threads && i < m->opts.queues; i++) {
		m->queue[i].stop = 0;
		if (pthread_create(&m->queue[i].thread, NULL, consume, &m->queue[i]))
			abort();
	}
}

void smmu_model_stop(struct smmu_model *m)
{
	for (unsigned int i = 0; m->opts.threads && i < m->opts.queues; i++) {
		__atomic_store_n(&m->queue[i].stop, 1, __ATOMIC_RELEASE);
		pthread_join(m->queue[i].thread, NULL);
	}
}

void smmu_model_free(struct smmu_model *m)
{
	for (unsigned int i = 0; i < m->opts.queues; i++) {
		free(m->queue[i].q);
		device_free(m->queue[i].dev);
	}
	checker_fini(&m->checker);
	iotlb_fini(&m->iotlb);
	walk_cache_fini(&m->walk_cache);
	model_memory_fini(&m->memory);
	free(m);
}

struct model_context *smmu_model_attach(struct smmu_model *m, enum io_pgtable_fmt fmt,
					const struct io_pgtable_cfg *cfg, struct model_tag tag,
					uint64_t iova, size_t pages, unsigned int granule_lg2)
{
	struct model_context *c = &m->context[m->contexts];

	if (m->contexts == MODEL_CONTEXTS || !walk_regime_of(fmt, cfg, &c->regime))
		abort();
	m->contexts++;
	c->tag = tag;
	c->window = checker_add_window(&m->checker, tag, iova, pages, granule_lg2);
	return c;
}

/* Does the IOTLB hold a translation of some address of the range? */
static bool holds(struct smmu_model *m, const struct model_context *c, uint64_t iova, uint64_t size)
{
	uint64_t page = 1ull << c->window->granule_lg2;
	bool held;

	pthread_mutex_lock(&m->lock);
	if (size == page)
		held = iotlb_find(&m->iotlb, c->tag, iova, iova);
	else
		held = iotlb_find(&m->iotlb, c->tag, iova, iova + (size - 1));
	pthread_mutex_unlock(&m->lock);
	return held;
}

void smmu_model_map_begin(struct smmu_model *m, struct model_context *c, uint64_t iova,
			  uint64_t size, uint64_t pa)
{
	if (holds(m, c, iova, size))
		checker_report(&m->checker, MODEL_IOVA_REUSE, iova, size);
	checker_map_begin(c->window, iova, size, pa);
}

void smmu_model_map_end(struct model_context *c, uint64_t iova, uint64_t size)
{
	checker_map_end(c->window, iova, size);
}

/*
 * The entry that translates iova, as the walker sees it: log2 of its size. Each of a group is to be
 * invalidated.
 */
static unsigned int leaf_of(struct smmu_model *m, const struct model_context *c, uint64_t iova,
			    unsigned int *level)
{
	struct walk w = { .from = c->regime.top };

	w.table[w.from] = walk_root(&c->regime, walk_ia(&c->regime, iova));
	*level = 0;
	if (walk_run(&c->regime, &m->memory, walk_ia(&c->regime, iova), &w) != WALK_OK)
		return c->window->granule_lg2;
	*level = w.level;
	return c->regime.level[w.level].shift;
}

void smmu_model_unmap_begin(struct smmu_model *m, struct model_context *c, uint64_t iova,
			    uint64_t size)
{
	uint64_t seq = __atomic_load_n(&m->seq, __ATOMIC_ACQUIRE);

	while (size) {
		unsigned int level, lg2 = leaf_of(m, c, iova, &level);
		uint64_t left = (1ull << lg2) - (iova & ((1ull << lg2) - 1));
		uint64_t bytes = left < size ? left : size;

		checker_unmap_begin(c->window, iova, bytes, seq, 1ull << lg2, level);
		iova += bytes;
		size -= bytes;
	}
}

void smmu_model_release(struct smmu_model *m, struct model_context *c, uint64_t iova, uint64_t size)
{
	if (holds(m, c, iova, size))
		checker_report(&m->checker, MODEL_STALE_AT_RELEASE, iova, size);
	checker_release(&m->checker, c->window, iova, size);
}

void smmu_model_fill(struct smmu_model *m, struct model_tag tag, uint64_t iova,
		     unsigned int size_lg2, unsigned int level)
{
	const struct iotlb_entry e = {
		.read = true,
		.write = true,
		.tag = tag,
		.level = (uint8_t)level,
		.size_lg2 = (uint8_t)size_lg2,
		.iova = iova,
		.pa = iova,
	};

	pthread_mutex_lock(&m->lock);
	if (!iotlb_find(&m->iotlb, tag, iova, iova))
		iotlb_insert(&m->iotlb, &e);
	pthread_mutex_unlock(&m->lock);
}

int smmu_model_validate(struct smmu_model *m)
{
	int err;

	pthread_mutex_lock(&m->lock);
	err = iotlb_validate(&m->iotlb);
	if (!err)
		err = walk_cache_validate(&m->walk_cache);
	pthread_mutex_unlock(&m->lock);
	return err;
}

uint64_t smmu_model_count(const struct smmu_model *m, enum model_kind kind)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < m->opts.queues; i++)
		n += __atomic_load_n(&m->queue[i].count[kind], __ATOMIC_RELAXED);
	return n;
}

uint64_t smmu_model_granules(const struct smmu_model *m)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < m->opts.queues; i++)
		n += m->queue[i].granules;
	return n;
}
