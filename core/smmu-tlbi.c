// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what a page table says it removed to SMMUv3 commands: series of TLBIs that cover a range
 * exactly, spans for ATC_INV, and struct iommu_gather_ops on a command queue.
 *
 * Invariants: the commands of a series cover every granule of the range once and none beyond it; an
 * invalidation is never lost: one that could not be submitted, or that the SMMU refused, becomes a
 * flush of the whole context before the sync that should have covered it returns.
 */
#include <errno.h>

#include "core/assert.h"
#include "core/port.h"
#include "iommu-strategy.h"
#include "smmu-cmdq.h"

#define PAGE_LG2 12

/* Index bits of one level of tables; a descriptor has 8 bytes. */
static unsigned int level_bits(unsigned int granule_lg2)
{
	return granule_lg2 - 3;
}

/* Levels above the last one that a leaf of this size lies (0: pages, and groups of them). */
static unsigned int levels_up(unsigned int granule_lg2, unsigned int stride_lg2)
{
	return (stride_lg2 - 3) / level_bits(granule_lg2) - 1;
}

/* What one descriptor covers at the level of such a leaf: less than the stride of a group. */
static unsigned int descriptor_lg2(unsigned int granule_lg2, unsigned int stride_lg2)
{
	return granule_lg2 + levels_up(granule_lg2, stride_lg2) * level_bits(granule_lg2);
}

/* TTL: 3 for the last level, 1 for 1G of 4K; 0 where there is no code (IHI0070 4.4.1). */
static unsigned int level_hint(const struct smmu_tlbi_span *s)
{
	unsigned int up = levels_up(s->granule_lg2, s->stride_lg2);

	/* 16K level 1 needs IDR5.DS, which this library's formats do without. */
	if (!s->leaf || up > (s->granule_lg2 == 14 ? 1 : 2))
		return 0;
	return 3 - up;
}

/* A group of descriptors may have been begun: what one of them covers is what has to be aligned. */
static bool span_is_good(const struct smmu_tlbi_span *s)
{
	uint64_t below;

	if (s->granule_lg2 != 12 && s->granule_lg2 != 14 && s->granule_lg2 != 16)
		return false;
	if (s->stride_lg2 < s->granule_lg2 || s->stride_lg2 > 63)
		return false;
	below = (1ull << descriptor_lg2(s->granule_lg2, s->stride_lg2)) - 1;
	return !((s->iova | s->size) & below) && s->iova + (s->size - 1) >= s->iova;
}

/* One term of the granule count: the lowest 5 bits of it that are not all zero. */
static uint64_t next_range(const struct smmu_tlbi_span *s, struct smmu_cmd *out, unsigned int hint)
{
	struct smmu_cmd by_va = smmu_cmd_tlbi_va(s->opcode, s->asid, s->vmid, s->iova, s->leaf);
	uint64_t granules = s->size >> s->granule_lg2, num;
	unsigned int scale = (unsigned int)__builtin_ctzll(granules);

	if (scale > SMMU_TLBI_SCALE_MAX)
		scale = SMMU_TLBI_SCALE_MAX;
	num = granules >> scale;
	/* At the largest scale there is no next term for what lies above 5 bits. */
	if (scale == SMMU_TLBI_SCALE_MAX)
		num = num < SMMU_TLBI_NUM_MAX ? num : SMMU_TLBI_NUM_MAX;
	else
		num &= SMMU_TLBI_NUM_MAX - 1;
	if (num == 1 && !scale && !hint)
		*out = by_va;
	else
		*out = smmu_cmd_tlbi_range(by_va, s->granule_lg2, (unsigned int)num, scale, hint);
	return num << scale << s->granule_lg2;
}

unsigned int smmu_tlbi_series(struct smmu_tlbi_span *span, struct smmu_cmd *out, unsigned int max)
{
	unsigned int n = 0, hint, each_lg2;

	if (!span->size || misuse(!span_is_good(span), "smmu_tlbi_series: the span"))
		return 0;
	hint = level_hint(span);
	each_lg2 = descriptor_lg2(span->granule_lg2, span->stride_lg2);
	while (span->size && n < max) {
		uint64_t bytes = 1ull << each_lg2;

		if (span->ril)
			bytes = next_range(span, &out[n], hint);
		else
			out[n] = smmu_cmd_tlbi_va(span->opcode, span->asid, span->vmid, span->iova,
						  span->leaf);
		n++;
		span->iova += bytes;
		span->size -= bytes;
	}
	return n;
}

unsigned int smmu_atc_next(uint64_t *iova, uint64_t *size)
{
	unsigned int aligned = *iova ? (unsigned int)__builtin_ctzll(*iova) : 63;
	unsigned int fits = port_lg2(*size), lg2 = aligned < fits ? aligned : fits;

	*iova += 1ull << lg2;
	*size -= 1ull << lg2;
	return lg2;
}

unsigned int smmu_atc_cover(uint64_t iova, uint64_t size)
{
	uint64_t differ = iova ^ (iova + (size - 1));
	unsigned int lg2 = differ ? port_lg2(differ) + 1 : 0;

	return lg2 < PAGE_LG2 ? PAGE_LG2 : lg2;
}

/* The glue. */

static struct smmu_cmd flush_command(const struct smmu_cmdq_domain *d)
{
	if (d->stage == SMMU_STAGE_2)
		return smmu_cmd_tlbi_all(SMMU_CMD_TLBI_S12_VMALL, 0, d->vmid);
	return smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, d->asid, d->vmid);
}

/* After the descriptors were cleared: whoever sees the count flushes after that. */
static void lose(struct smmu_cmdq_domain *d)
{
	__atomic_fetch_add(&d->lost, 1, __ATOMIC_RELEASE);
}

/* Moves a counter up, never down. */
static void raise(uint64_t *counter, uint64_t to)
{
	uint64_t old = __atomic_load_n(counter, __ATOMIC_RELAXED);

	while (old < to && !__atomic_compare_exchange_n(counter, &old, to, true, __ATOMIC_ACQ_REL,
							__ATOMIC_RELAXED))
		;
}

static void flush_all(struct smmu_cmdq_domain *d)
{
	struct smmu_cmd cmd = flush_command(d);
	uint64_t lost = __atomic_load_n(&d->lost, __ATOMIC_ACQUIRE);
	int ret = smmu_cmdq_run(d->q, &cmd, 1);

	if (!ret) {
		raise(&d->made_up, lost);
		return;
	}
	lose(d); /* the next sync tries again */
	if (d->failed)
		d->failed(d->failed_ctx, ret);
}

static void on_flush_all(void *cookie)
{
	flush_all(cookie);
}

/* More commands than it is worth: is it cheaper to lose the whole context's entries? */
static bool too_many(const struct smmu_cmdq_domain *d, const struct smmu_tlbi_span *s)
{
	unsigned int each_lg2 = descriptor_lg2(s->granule_lg2, s->stride_lg2);

	return d->flush_above && !s->ril && s->size >> each_lg2 > d->flush_above;
}

static struct smmu_tlbi_span span_of(const struct smmu_cmdq_domain *d, uint64_t iova, uint64_t size,
				     unsigned int stride_lg2, bool leaf)
{
	return (struct smmu_tlbi_span){
		.opcode = d->stage == SMMU_STAGE_2 ? SMMU_CMD_TLBI_S2_IPA : SMMU_CMD_TLBI_NH_VA,
		.granule_lg2 = d->granule_lg2,
		.stride_lg2 = (uint8_t)stride_lg2,
		.leaf = leaf,
		.ril = d->ril,
		.asid = d->asid,
		.vmid = d->vmid,
		.iova = iova,
		.size = size,
	};
}

static void on_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			 void *cookie)
{
	struct smmu_cmdq_domain *d = cookie;
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];
	struct smmu_tlbi_span span = span_of(d, iova, size, stride_lg2, leaf);
	unsigned int n, max = smmu_cmdq_batch_max(d->q);

	if (too_many(d, &span)) {
		cmd[0] = flush_command(d);
		if (smmu_cmdq_submit(d->q, cmd, 1, 0, NULL))
			lose(d);
		return;
	}
	while ((n = smmu_tlbi_series(&span, cmd, max)) != 0) {
		if (smmu_cmdq_submit(d->q, cmd, n, 0, NULL)) {
			lose(d);
			return;
		}
	}
	if (span.size)
		lose(d);
}

static void on_add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	on_add_range(iova, size, port_lg2(size), leaf, cookie);
}

/*
 * Counts a command that the SMMU refused as lost. Looks at everything since the domain's last sync,
 * other domains' commands too, so there may be a flush too many. Counted before checked moves: a
 * thread that finds checked moved past its own command finds the loss too.
 */
static void look_for_refused(struct smmu_cmdq_domain *d, uint64_t end)
{
	uint64_t checked = __atomic_load_n(&d->checked, __ATOMIC_ACQUIRE);

	if (checked < end && smmu_cmdq_failed(d->q, checked, end))
		lose(d);
	raise(&d->checked, end);
}

/* Lost, and not yet made up for by a flush that has completed, whoever's. */
static bool is_behind(const struct smmu_cmdq_domain *d)
{
	uint64_t made_up = __atomic_load_n(&d->made_up, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&d->lost, __ATOMIC_ACQUIRE) != made_up;
}

/* S2_IPA spares entries that combine both stages; they go by VMID, behind a SYNC. */
static int submit_sync(struct smmu_cmdq_domain *d, struct smmu_cmdq_ticket *t)
{
	struct smmu_cmd all = smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ALL, 0, d->vmid);
	int ret;

	if (!d->nested || d->stage != SMMU_STAGE_2)
		return smmu_cmdq_submit(d->q, NULL, 0, SMMU_CMDQ_SYNC, t);
	ret = smmu_cmdq_submit(d->q, NULL, 0, SMMU_CMDQ_SYNC, t);
	return ret ? ret : smmu_cmdq_submit(d->q, &all, 1, SMMU_CMDQ_SYNC, t);
}

static void on_sync(void *cookie)
{
	struct smmu_cmdq_domain *d = cookie;
	struct smmu_cmdq_ticket t;
	int ret = submit_sync(d, &t);

	if (!ret)
		ret = smmu_cmdq_wait(d->q, t.end);
	if (unlikely(ret))
		lose(d);
	else
		look_for_refused(d, t.end);
	if (unlikely(is_behind(d)))
		flush_all(d);
}

const struct iommu_gather_ops smmu_cmdq_gather_ops = {
	.tlb_flush_all = on_flush_all,
	.tlb_add_flush = on_add_flush,
	.tlb_sync = on_sync,
	.tlb_add_range = on_add_range,
};

/* Not waiting: a batch that is filled by several ranges. */

struct batch {
	struct smmu_cmdq_domain *d;
	unsigned int n;
	struct smmu_cmd cmd[SMMU_CMDQ_BATCH_MAX];
};

static void make_room(struct batch *b)
{
	if (b->n < smmu_cmdq_batch_max(b->d->q))
		return;
	if (smmu_cmdq_submit(b->d->q, b->cmd, b->n, 0, NULL))
		lose(b->d);
	b->n = 0;
}

static void add_span(struct batch *b, struct smmu_tlbi_span *span)
{
	while (span->size) {
		unsigned int n;

		make_room(b);
		n = smmu_tlbi_series(span, &b->cmd[b->n], smmu_cmdq_batch_max(b->d->q) - b->n);
		if (!n) { /* misuse, reported */
			lose(b->d);
			return;
		}
		b->n += n;
	}
}

/* The token of a sync that was not submitted is complete at once, with a loss to make up for. */
static uint64_t submit_batch(struct batch *b)
{
	struct smmu_cmdq_ticket t = { 0, 0 };
	int ret = 0;

	if (b->d->nested && b->n)
		ret = smmu_cmdq_submit(b->d->q, b->cmd, b->n, 0, NULL);
	if (!ret)
		ret = b->d->nested ? submit_sync(b->d, &t)
				   : smmu_cmdq_submit(b->d->q, b->cmd, b->n, SMMU_CMDQ_SYNC, &t);
	if (unlikely(ret))
		lose(b->d);
	return t.end;
}

static uint64_t on_begin(const struct iommu_gather_range *range, unsigned int n, void *cookie)
{
	struct batch b;

	b.d = cookie;
	b.n = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct smmu_tlbi_span span = span_of(b.d, range[i].iova, range[i].size,
						     range[i].stride_lg2, range[i].leaf);

		if (too_many(b.d, &span)) {
			make_room(&b);
			b.cmd[b.n++] = flush_command(b.d);
		} else {
			add_span(&b, &span);
		}
	}
	return submit_batch(&b);
}

static uint64_t on_begin_all(void *cookie)
{
	struct batch b;

	b.d = cookie;
	b.cmd[0] = flush_command(b.d);
	b.n = 1;
	return submit_batch(&b);
}

/*
 * The sync has been consumed, or there is none: errors are looked for before anybody may rely on
 * it.
 */
static void settle(struct smmu_cmdq_domain *d, uint64_t token)
{
	look_for_refused(d, token);
	if (unlikely(is_behind(d)))
		flush_all(d);
}

static bool on_done(uint64_t token, void *cookie)
{
	struct smmu_cmdq_domain *d = cookie;

	if (!smmu_cmdq_done(d->q, token))
		return false;
	settle(d, token);
	return true;
}

static void on_wait(uint64_t token, void *cookie)
{
	struct smmu_cmdq_domain *d = cookie;

	if (token && unlikely(smmu_cmdq_wait(d->q, token)))
		lose(d);
	settle(d, token);
}

const struct iommu_async_ops smmu_cmdq_async_ops = {
	.begin = on_begin,
	.begin_all = on_begin_all,
	.done = on_done,
	.wait = on_wait,
};
