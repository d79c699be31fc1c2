// SPDX-License-Identifier: GPL-2.0-only
/*
 * Models of Linux's command queue and flush queues (virtual-kernel.h). Compiled with
 * virtual-atomics.h in front.
 */
#include "model/virtual-kernel.h"

#include <string.h>

#include "core/port.h"
#include "smmu-cmd.h"

#define BATCH  64
#define OWNED  (1u << 31) /* in prod: its publisher is known */
#define ASID   7
#define WORDS  64
#define ONLY32 0xffffffffull

struct kqueue {
	struct vsmmu_queue *hw;
	uint32_t size;

	uint64_t llq __attribute__((aligned(128))); /* prod, cons << 32 */

	uint32_t owner_prod __attribute__((aligned(128)));

	uint32_t readers __attribute__((aligned(128)));

	uint64_t *valid __attribute__((aligned(128))); /* a bit for each slot, in turn 1 and 0 */
	uint32_t *done; /* a word for each slot's SYNC, for the MSI */
};

struct kentry {
	uint64_t iova, size, counter;
};

struct kring {
	struct port_lock lock __attribute__((aligned(128)));
	uint32_t head, used;
	struct kentry *entry;
};

struct vkernel {
	struct machine *m;
	struct kqueue q[VSMMU_QUEUES];
	uint32_t depth, rings;
	struct kring *ring;
	uint64_t started __attribute__((aligned(128)));
	uint64_t finished __attribute__((aligned(128)));
	uint32_t timer_on __attribute__((aligned(128))); /* one timer for all rings */
	uint64_t expires_ps;
	unsigned int timer_cpu; /* that started it, and that it interrupts */
};

static uint32_t lap_mask(const struct kqueue *q)
{
	return 2 * q->size - 1;
}

static bool has_space(const struct kqueue *q, uint64_t llq, uint32_t n)
{
	uint32_t prod = (uint32_t)llq & lap_mask(q), cons = (uint32_t)(llq >> 32) & lap_mask(q);

	return ((prod - cons) & lap_mask(q)) + n <= q->size;
}

/* The register into the shared word. */
static void update_cons(struct kqueue *q)
{
	uint32_t cons;
	uint64_t llq;

	virtual_spend_ps(q->hw->smmu->opts.mmio_ps);
	virtual_load(vsmmu_cons(q->hw));
	cons = *vsmmu_cons(q->hw);
	llq = __atomic_load_n(&q->llq, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&q->llq, &llq, (llq & ONLY32) | (uint64_t)cons << 32,
					    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Slots for n commands; returns the first, and whether this producer publishes. */
static uint32_t allocate(struct kqueue *q, uint32_t n, bool *owner)
{
	uint64_t llq = __atomic_load_n(&q->llq, __ATOMIC_RELAXED);

	for (;;) {
		uint32_t prod = (uint32_t)llq & lap_mask(q);
		uint64_t next = (llq & ~ONLY32) | OWNED | ((prod + n) & lap_mask(q));

		if (!has_space(q, llq, n)) {
			virtual_pause();
			update_cons(q);
			llq = __atomic_load_n(&q->llq, __ATOMIC_RELAXED);
			continue;
		}
		if (__atomic_compare_exchange_n(&q->llq, &llq, next, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			*owner = !(llq & OWNED);
			return prod;
		}
	}
}

/* A word of the bitmap at a time. */
static void mark_valid(struct kqueue *q, uint32_t first, uint32_t n)
{
	while (n) {
		uint32_t at = first & (q->size - 1), bit = at % WORDS;
		uint32_t some = n < WORDS - bit ? n : WORDS - bit;
		uint64_t mask = (some == WORDS ? ~0ull : (1ull << some) - 1) << bit;

		__atomic_fetch_xor(&q->valid[at / WORDS], mask, __ATOMIC_RELEASE);
		first = (first + some) & lap_mask(q);
		n -= some;
	}
}

/* In the first lap a written command's bit is 1, in the second 0. */
static void wait_valid(struct kqueue *q, uint32_t from, uint32_t to)
{
	while (from != to) {
		uint32_t at = from & (q->size - 1), bit = at % WORDS;
		uint32_t left = (to - from) & lap_mask(q);
		uint32_t some = left < WORDS - bit ? left : WORDS - bit;
		uint64_t mask = (some == WORDS ? ~0ull : (1ull << some) - 1) << bit;
		uint64_t want = from & q->size ? 0 : mask;

		while ((__atomic_load_n(&q->valid[at / WORDS], __ATOMIC_ACQUIRE) & mask) != want)
			virtual_pause();
		from = (from + some) & lap_mask(q);
	}
}

static void publish(struct kqueue *q, uint32_t first)
{
	uint32_t prod;

	while (__atomic_load_n(&q->owner_prod, __ATOMIC_RELAXED) != first)
		virtual_pause();
	prod = (uint32_t)__atomic_fetch_and(&q->llq, ~(uint64_t)OWNED, __ATOMIC_RELAXED) &
	       lap_mask(q);
	wait_valid(q, first, prod);
	virtual_store(vsmmu_prod(q->hw));
	*vsmmu_prod(q->hw) = prod;
	__atomic_store_n(&q->owner_prod, prod, __ATOMIC_RELEASE);
}

static void wait_sync(struct kqueue *q, uint32_t slot)
{
	bool msi = q->hw->smmu->opts.msi;
	uint32_t *done = &q->done[(size_t)(slot & (q->size - 1)) * 16]; /* a line each */

	if (msi) {
		while (__atomic_load_n(done, __ATOMIC_ACQUIRE) != slot + 1)
			virtual_pause();
	} else {
		for (;;) {
			uint32_t cons;

			virtual_spend_ps(q->hw->smmu->opts.mmio_ps);
			virtual_load(vsmmu_cons(q->hw));
			cons = *vsmmu_cons(q->hw);
			if (((cons - slot - 1) & lap_mask(q)) < q->size)
				break;
			virtual_pause();
		}
	}
	if (__atomic_load_n(&q->readers, __ATOMIC_RELAXED) == 1) {
		uint64_t llq = __atomic_load_n(&q->llq, __ATOMIC_RELAXED);

		/* A plain store of one half, in truth. */
		while (!__atomic_compare_exchange_n(
			&q->llq, &llq, (llq & ONLY32) | (uint64_t)((slot + 1) & lap_mask(q)) << 32,
			false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			;
	}
	__atomic_fetch_add(&q->readers, (uint32_t)-1, __ATOMIC_RELEASE);
}

static void issue(struct kqueue *q, const struct smmu_cmd *cmd, uint32_t n, bool sync)
{
	bool owner;
	uint32_t first = allocate(q, n + sync, &owner), last = (first + n) & lap_mask(q);

	for (uint32_t i = 0; i < n + sync; i++) {
		uint32_t at = (first + i) & (q->size - 1);

		q->hw->producer[at] = (uint16_t)virtual_cpu();
		if (i < n)
			q->hw->ring[at] = cmd[i];
		else if (q->hw->smmu->opts.msi) {
			q->done[(size_t)at * 16] = 0; /* it may have been used two laps ago */
			q->hw->ring[at] = smmu_cmd_sync_msi((uintptr_t)&q->done[(size_t)at * 16],
							    last + 1, 15, 3);
		} else
			q->hw->ring[at] = smmu_cmd_sync(SMMU_SYNC_SEV);
	}
	virtual_spend_ps((n + sync) * q->hw->smmu->opts.write_ps);
	if (sync)
		__atomic_fetch_add(&q->readers, 1, __ATOMIC_RELAXED);
	mark_valid(q, first, n + sync);
	if (owner)
		publish(q, first);
	if (sync)
		wait_sync(q, last);
}

static struct kqueue *queue_of(struct vkernel *k)
{
	return &k->q[virtual_cpu() % k->m->opts.queues];
}

/*
 * A batch, as errata want it: after 63 commands a SYNC whether it is the last batch or not; or
 * everything twice, a SYNC behind each.
 */
static uint32_t batch_most(const struct vkernel *k)
{
	return k->m->opts.errata & SMMU_CMDQ_SYNC_63 ? BATCH - 1 : BATCH;
}

static void submit(struct vkernel *k, const struct smmu_cmd *cmd, uint32_t n, bool last)
{
	unsigned int errata = k->m->opts.errata;

	if (errata & SMMU_CMDQ_TLBI_TWICE)
		issue(queue_of(k), cmd, n, true);
	issue(queue_of(k), cmd, n, last || errata);
}

/* Linux's strict: descriptors in batches, the SYNC in the last one; everything from 512 on. */
static void invalidate(struct vkernel *k, uint64_t iova, uint64_t size)
{
	unsigned int lg2 = k->m->opts.leaf_lg2;
	struct smmu_cmd cmd[BATCH];
	uint64_t leaves = size >> lg2;
	uint32_t n = 0;

	if (k->m->opts.ril) {
		struct smmu_tlbi_span span = {
			.opcode = SMMU_CMD_TLBI_NH_VA,
			.granule_lg2 = (uint8_t)k->m->smmu->opts.granule_lg2,
			.stride_lg2 = (uint8_t)lg2,
			.leaf = true,
			.ril = true,
			.asid = ASID,
			.iova = iova,
			.size = size,
		};

		n = smmu_tlbi_series(&span, cmd, batch_most(k));
		submit(k, cmd, n, true);
		return;
	}
	if (leaves >= 512) {
		cmd[0] = smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, ASID, 0);
		submit(k, cmd, 1, true);
		return;
	}
	for (uint64_t i = 0; i < leaves; i++) {
		cmd[n++] = smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, ASID, 0, iova + (i << lg2), true);
		if (n < batch_most(k) || i + 1 == leaves)
			continue;
		submit(k, cmd, n, false);
		n = 0;
	}
	submit(k, cmd, n, true);
}

/* Frees what is safe, with the ring's lock held, as Linux does. */
static void free_safe(struct vkernel *k, struct kring *r)
{
	uint64_t finished = __atomic_load_n(&k->finished, __ATOMIC_ACQUIRE);

	while (r->used && r->entry[r->head].counter < finished) {
		struct kentry *e = &r->entry[r->head];

		machine_release(k->m, e->iova, e->size);
		r->head = (r->head + 1) % k->depth;
		r->used--;
	}
}

static void flush(struct vkernel *k)
{
	struct smmu_cmd all = smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, ASID, 0);

	__atomic_fetch_add(&k->started, 1, __ATOMIC_SEQ_CST);
	submit(k, &all, 1, true);
	__atomic_fetch_add(&k->finished, 1, __ATOMIC_SEQ_CST);
}

/* The first entry since the timer ran out starts it. */
static void start_timer(struct vkernel *k)
{
	if (!k->m->opts.timeout_ns || __atomic_load_n(&k->timer_on, __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&k->timer_on, 1, __ATOMIC_SEQ_CST))
		return;
	k->expires_ps = virtual_now_ps() + k->m->opts.timeout_ns * VIRTUAL_PS;
	k->timer_cpu = virtual_cpu();
}

/* Flushes, and drains every CPU's ring. */
void vkernel_poll(struct vkernel *k)
{
	if (!k->rings || !k->expires_ps || k->timer_cpu != virtual_cpu() ||
	    virtual_now_ps() < k->expires_ps)
		return;
	k->expires_ps = 0;
	__atomic_store_n(&k->timer_on, 0, __ATOMIC_RELEASE);
	flush(k);
	for (uint32_t i = 0; i < k->rings; i++) {
		port_lock(&k->ring[i].lock);
		free_safe(k, &k->ring[i]);
		port_unlock(&k->ring[i].lock);
	}
}

static void queue(struct vkernel *k, uint64_t iova, uint64_t size)
{
	struct kring *r = &k->ring[virtual_cpu() % k->rings];

	port_mb();
	port_lock(&r->lock);
	free_safe(k, r);
	/*
	 * Not always with the first flush, when others' that began before go on: depth 1 shows it.
	 */
	while (r->used == k->depth) {
		flush(k);
		free_safe(k, r);
	}
	r->entry[(r->head + r->used++) % k->depth] =
		(struct kentry){ iova, size, __atomic_load_n(&k->started, __ATOMIC_RELAXED) };
	port_unlock(&r->lock);
	start_timer(k);
}

void vkernel_unmap(struct vkernel *k, uint64_t iova, uint64_t size)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	if (io_pgtable_unmap(k->m->iop, iova, size, &gather) != size)
		k->m->errors++;
	/* Tables of emptied ranges: the machine's driver is silent, they go at once, unmodelled. */
	io_pgtable_sync(k->m->iop, &gather);
	if (k->rings) {
		queue(k, iova, size);
		return;
	}
	invalidate(k, iova, size);
	machine_release(k->m, iova, size);
}

/* Two flushes: an entry's counter may be that of one that had begun. */
void vkernel_end(struct vkernel *k)
{
	for (unsigned int i = 0; i < 2 && k->rings; i++)
		flush(k);
	for (uint32_t i = 0; i < k->rings; i++)
		free_safe(k, &k->ring[i]);
}

struct vkernel *vkernel_make(struct machine *m, uint32_t depth)
{
	struct vkernel *k = virtual_alloc(sizeof(*k));

	k->m = m;
	k->depth = depth;
	for (unsigned int i = 0; i < m->opts.queues; i++) {
		struct kqueue *q = &k->q[i];

		q->hw = &m->smmu->queue[i];
		q->size = 1u << m->smmu->opts.queue_lg2;
		q->valid = virtual_alloc(q->size / 8);
		q->done = virtual_alloc((size_t)q->size * 64);
	}
	if (m->opts.kernel == MACHINE_KERNEL_STRICT)
		return k;
	k->rings = m->opts.kernel == MACHINE_KERNEL_FQ_SINGLE ? 1 : m->opts.cpus;
	k->ring = virtual_alloc(k->rings * sizeof(*k->ring));
	for (uint32_t i = 0; i < k->rings; i++)
		k->ring[i].entry = virtual_alloc(depth * sizeof(struct kentry));
	return k;
}
