// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load on the software SMMU (rig.h): the driver with its planted bugs, the mappers, the devices.
 */
#include "rig.h"

#include "io-pgtable-update.h"
#include "iommu-flushq.h"
#include "iommu-iova.h"
#include "iommu-strategy.h"

#include <sched.h>
#include <time.h>

#define BASE	 (8 * SZ_1G)
#define PA_FIRST (1ull << 36)
#define ASID	 5
#define VMID	 3

/* Which domain, and so which queue, a thread uses. */
static _Thread_local unsigned int me = RIG_MAPPERS;

static uint64_t read_count(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void write_count(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* The driver. Its cookie is the rig. */

static struct smmu_cmdq_domain *domain_of(struct rig *rig)
{
	return &rig->domain[me];
}

/* True once in every so many calls. */
static bool one_in(struct rig *rig, unsigned int which, unsigned int n)
{
	return __atomic_fetch_add(&rig->calls[which], 1, __ATOMIC_RELAXED) % n == n - 1;
}

static bool is_muted(const struct rig *rig)
{
	return rig->plant == PLANT_NEVER || rig->plant == PLANT_REORDER;
}

static void on_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			 void *cookie)
{
	struct rig *rig = cookie;
	unsigned int up = (unsigned int)__builtin_ctzll(rig->table / rig->granule);

	if (is_muted(rig) || (rig->plant == PLANT_DROP && one_in(rig, 0, 5)))
		return;
	if (rig->plant == PLANT_SKIP_TABLES && !leaf)
		return;
	if (rig->plant == PLANT_STRIDE && !((iova | size) & ((1ull << (stride_lg2 + up)) - 1)))
		stride_lg2 += up;
	if (rig->plant == PLANT_GROUP && leaf && !((iova | size) & ((16ull << stride_lg2) - 1))) {
		for (uint64_t at = 0; at < size; at += 16ull << stride_lg2)
			smmu_cmdq_gather_ops.tlb_add_range(iova + at, 1ull << stride_lg2,
							   stride_lg2, leaf, domain_of(rig));
		return;
	}
	smmu_cmdq_gather_ops.tlb_add_range(iova, size, stride_lg2, leaf, domain_of(rig));
}

static void on_sync(void *cookie)
{
	struct rig *rig = cookie;

	if (is_muted(rig))
		return;
	if (rig->plant == PLANT_NO_WAIT)
		smmu_cmdq_submit(domain_of(rig)->q, NULL, 0, SMMU_CMDQ_SYNC, NULL);
	else if (!rig->flushq && !rig->layer)
		smmu_cmdq_gather_ops.tlb_sync(domain_of(rig));
	else /* for others' ranges too, whatever queue they went to */
		for (unsigned int i = 0; i < rig->model->opts.queues; i++)
			smmu_cmdq_gather_ops.tlb_sync(&rig->domain[i]);
}

static void on_flush_all(void *cookie)
{
	struct rig *rig = cookie;
	struct smmu_cmd all = smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, domain_of(rig)->asid,
						domain_of(rig)->vmid);

	if (is_muted(rig) || (rig->plant == PLANT_DROP && one_in(rig, 0, 5)))
		return;
	if (rig->plant == PLANT_NO_WAIT)
		smmu_cmdq_submit(domain_of(rig)->q, &all, 1, SMMU_CMDQ_SYNC, NULL);
	else
		smmu_cmdq_gather_ops.tlb_flush_all(domain_of(rig));
}

static void on_clean(void *ptr, size_t size, void *cookie)
{
	struct rig *rig = cookie;

	if (rig->plant == PLANT_SKIP_CLEAN && one_in(rig, 1, 13))
		return;
	model_memory_clean(&rig->model->memory, ptr, size);
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_flush_all,
	.tlb_sync = on_sync,
	.flush_pgtable = on_clean,
	.tlb_add_range = on_add_range,
};

/* Not waited for, through the first queue, whoever it is: that is where tokens are in one order. */

static uint64_t on_begin(const struct iommu_gather_range *range, unsigned int n, void *cookie)
{
	struct rig *rig = cookie;
	unsigned int self = me;

	me = 0;
	for (unsigned int i = 0; i < n; i++)
		on_add_range(range[i].iova, range[i].size, range[i].stride_lg2, range[i].leaf, rig);
	me = self;
	if (is_muted(rig))
		return 0;
	/* What a full gather handed over before is somewhere else. */
	for (unsigned int i = 1; i < rig->model->opts.queues; i++)
		smmu_cmdq_gather_ops.tlb_sync(&rig->domain[i]);
	return smmu_cmdq_async_ops.begin(NULL, 0, &rig->domain[0]);
}

static uint64_t on_begin_all(void *cookie)
{
	struct rig *rig = cookie;

	if (is_muted(rig) || (rig->plant == PLANT_DROP && one_in(rig, 0, 5)))
		return 0;
	return smmu_cmdq_async_ops.begin_all(&rig->domain[0]);
}

static bool on_done(uint64_t token, void *cookie)
{
	struct rig *rig = cookie;

	return is_muted(rig) || rig->plant == PLANT_NO_WAIT ||
	       smmu_cmdq_async_ops.done(token, &rig->domain[0]);
}

static void on_wait(uint64_t token, void *cookie)
{
	struct rig *rig = cookie;

	if (!is_muted(rig) && rig->plant != PLANT_NO_WAIT)
		smmu_cmdq_async_ops.wait(token, &rig->domain[0]);
}

const struct iommu_async_ops rig_async_ops = {
	.begin = on_begin,
	.begin_all = on_begin_all,
	.done = on_done,
	.wait = on_wait,
};

/* PLANT_SCALE: as if the producer had encoded one less. */
static bool halve_ranges(void *ctx, struct smmu_cmd *cmd)
{
	bool is_range = smmu_cmd_is_tlbi(cmd) && cmd->dword[1] >> 10 & 3;

	if (is_range && cmd->dword[0] >> 20 & 31)
		cmd->dword[0] -= 1ull << 20;
	return true;
}

/* PLANT_REORDER: what should have come later. */
static void invalidate_early(struct rig *rig, const struct mapping *m)
{
	unsigned int granule_lg2 = (unsigned int)__builtin_ctzll(rig->granule);
	uint64_t first = m->iova & ~(rig->table - 1);
	uint64_t end = (m->iova + m->size + rig->table - 1) & ~(rig->table - 1);

	smmu_cmdq_gather_ops.tlb_add_range(first, end - first, granule_lg2, false, domain_of(rig));
	smmu_cmdq_gather_ops.tlb_sync(domain_of(rig));
	for (unsigned int i = 0; i < 20; i++) /* preempted here */
		sched_yield();
}

/* For strategies. */

void rig_unmap_begin(struct rig *rig, const struct mapping *m)
{
	smmu_model_unmap_begin(rig->model, rig->context, m->iova, m->size);
	if (rig->plant == PLANT_REORDER)
		invalidate_early(rig, m);
}

void rig_unmap(struct rig *rig, const struct mapping *m, struct iommu_iotlb_gather *gather)
{
	if (io_pgtable_unmap(rig->iop, m->iova, m->size, gather) != m->size)
		__atomic_fetch_add(&rig->mapper[0].errors, 1, __ATOMIC_RELAXED);
}

static struct place **owner_of(struct rig *rig, uint64_t iova)
{
	return &rig->owner[(iova - rig->base) / rig->granule];
}

static struct place *place_at(struct rig *rig, uint64_t iova)
{
	if (rig->space)
		return *owner_of(rig, iova);
	for (unsigned int i = 0; i < RIG_MAPPERS; i++) {
		for (unsigned int k = 0; k < RIG_PLACES; k++) {
			struct place *p = &rig->mapper[i].place[k];

			if (iova - p->iova < p->pages * rig->granule)
				return p;
		}
	}
	abort();
}

void rig_release(struct rig *rig, uint64_t iova, uint64_t size)
{
	struct place *p = place_at(rig, iova);

	smmu_model_release(rig->model, rig->context, iova, size);
	if (rig->space)
		iommu_iova_free(rig->space, p->iova, p->taken);
	/* A mapping may be released in pieces. */
	__atomic_fetch_add(&p->released, size, __ATOMIC_RELEASE);
}

uint64_t rig_violations(const struct rig *rig)
{
	return checker_total(&rig->model->checker);
}

/* Mappers. */

static bool is_over(const struct rig *rig)
{
	return read_count(&rig->stop) || rig_violations(rig);
}

/* Devices get some accesses in, or did not run. */
static void let_devices_run(struct rig *rig, unsigned int accesses)
{
	uint64_t until = read_count(&rig->accesses) + accesses;

	for (unsigned int i = 0; i < 200 && read_count(&rig->accesses) < until; i++)
		sched_yield();
}

static void make_hot(struct rig *rig, const struct mapping *m, uint64_t random)
{
	uint64_t first = (m->iova - rig->base) / rig->granule, pages = m->size / rig->granule;

	write_count(&rig->hot[random % RIG_HOT], first << 16 | pages);
}

_Static_assert(RIG_TABLES < 16, "the frames of two generations do not overlap");

/* How much of a place is used this time, and where. */
static struct mapping choose(struct mapper *t, const struct place *p)
{
	uint64_t r = next_random(&t->random), granule = t->rig->granule;
	uint64_t pages = p->pages, first = 0;

	if (p->pages == RIG_SMALL_PAGES) {
		pages = 1 + r % RIG_SMALL_PAGES;
		first = (r >> 8) % (RIG_SMALL_PAGES - pages + 1);
	} else if (r & 1) { /* one table of the two */
		pages /= 2;
		first = r & 2 ? pages : 0;
	} else if (r & 4) { /* not aligned */
		pages -= 2 + (r >> 8) % (pages / 2);
		first = 1;
	}
	return (struct mapping){ p->iova + first * granule, pages * granule, false };
}

/* Moves a place: a small one to as many pages as are used. False: too much is held back. */
static bool take_addresses(struct rig *rig, struct place *p, struct mapping *m)
{
	uint64_t offset = m->iova - p->iova;

	p->taken = p->pages * rig->granule;
	if (p->pages == RIG_SMALL_PAGES) {
		p->taken = m->size;
		offset = 0;
	}
	if (iommu_iova_alloc(rig->space, p->taken, &p->iova))
		return false;
	m->iova = p->iova + offset;
	*owner_of(rig, m->iova) = p;
	return true;
}

/*
 * Smallest pages first, which devices may have looked at before they are joined to what they would
 * have been.
 */
static bool map_joined(struct rig *rig, const struct mapping *m, uint64_t pa)
{
	size_t mapped = 0, joined = 0;
	bool good = !rig->iop->ops->map_pages(rig->iop, m->iova, pa, rig->granule,
					      m->size / rig->granule, RW, &mapped);

	sched_yield();
	good = good && !io_pgtable_coalesce(rig->iop, m->iova, m->size, &joined);
	__atomic_fetch_add(&rig->joined, joined, __ATOMIC_RELAXED);
	return good;
}

static void map_place(struct mapper *t, struct place *p)
{
	struct rig *rig = t->rig;
	struct mapping m = choose(t, p);
	/* The frames of the last generation are elsewhere. */
	uint64_t frames = rig->pa_first + t->generation++ % rig->generations * (16 * rig->table);
	uint64_t pa;

	if (rig->space && !take_addresses(rig, p, &m))
		return;
	pa = frames + (m.iova - rig->base);
	/* With all of it aligned sixteen pages are a group, wherever they are aligned too. */
	m.blocks = rig->strategy->blocks && (t->generation % 2 || rig->plant == PLANT_GROUP);
	if (!m.blocks)
		pa += rig->granule;
	smmu_model_map_begin(rig->model, rig->context, m.iova, m.size, pa);
	if (m.blocks && t->generation % 4 == 1)
		t->errors += !map_joined(rig, &m, pa);
	else
		t->errors += io_pgtable_map(rig->iop, m.iova, pa, m.size, RW) != 0;
	smmu_model_map_end(rig->context, m.iova, m.size);
	p->mapping = m;
	p->mapped = true;
	p->released = 0;
	make_hot(rig, &m, next_random(&t->random));
}

static bool is_free(const struct place *p)
{
	return !p->mapped && read_count(&p->released) == p->mapping.size;
}

/* Fills the places that are free, lets devices use them, unmaps one to three. */
static void round_of(struct mapper *t)
{
	struct mapping m[3];
	unsigned int n = 0, most = 1 + (unsigned int)(next_random(&t->random) % 3);
	unsigned int first = (unsigned int)(next_random(&t->random) % RIG_PLACES);

	for (unsigned int i = 0; i < RIG_PLACES; i++)
		if (is_free(&t->place[i]) && next_random(&t->random) & 1)
			map_place(t, &t->place[i]);
	let_devices_run(t->rig, 6);
	for (unsigned int i = 0; i < RIG_PLACES && n < most; i++) {
		struct place *p = &t->place[(first + i) % RIG_PLACES];

		if (!p->mapped)
			continue;
		if (p->pages > RIG_SMALL_PAGES && !t->rig->strategy->blocks && n)
			continue; /* page by page is slow enough */
		m[n++] = p->mapping;
		p->mapped = false;
	}
	for (unsigned int i = 0; i < n; i++)
		t->pages += m[i].size / t->rig->granule;
	t->rig->strategy->unmap(t, m, n); /* none: a queue is polled all the same */
	t->unmaps += n;
}

static unsigned int run_rounds;

static void *map_thread(void *arg)
{
	struct mapper *t = arg;

	me = t->id;
	for (unsigned int i = 0; i < run_rounds && !is_over(t->rig); i++)
		round_of(t);
	__atomic_fetch_add(&t->rig->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *device_thread(void *arg)
{
	struct rig_device *d = arg;
	struct rig *rig = d->rig;

	while (!is_over(rig)) {
		uint64_t r = next_random(&d->random);
		uint64_t hot = read_count(&rig->hot[r % RIG_HOT]), pages = hot & 0xffff;
		uint64_t page = (hot >> 16) + (pages ? (r >> 16) % pages : 0);

		dma_access(&d->dma, rig->context, rig->base + page * rig->granule + (r >> 40) % 64,
			   r & 1);
		__atomic_fetch_add(&rig->accesses, 1, __ATOMIC_RELEASE);
		if (r >> 20 & 7)
			continue;
		sched_yield();
	}
	return NULL;
}

/* Making and running. */

static void make_places(struct rig *rig)
{
	uint64_t small = RIG_SMALL_PAGES * rig->granule;

	for (unsigned int i = 0; i < RIG_MAPPERS; i++) {
		struct mapper *t = &rig->mapper[i];

		*t = (struct mapper){ .rig = rig, .id = i, .random = 77 + i };
		for (unsigned int k = 0; k < RIG_SMALL; k++)
			t->place[k] = (struct place){
				.iova = rig->base + (k * RIG_MAPPERS + i) * small,
				.pages = RIG_SMALL_PAGES,
			};
		for (unsigned int k = 0; k < RIG_LARGE; k++)
			t->place[RIG_SMALL + k] = (struct place){
				.iova = rig->base + (1 + 2 * (k * RIG_MAPPERS + i)) * rig->table,
				.pages = 2 * rig->table / rig->granule,
			};
	}
}

static void make_table_of(struct rig *rig, const struct variant *v, enum io_pgtable_reclaim reclaim)
{
	struct io_pgtable_cfg cfg = config(v);
	struct model_tag tag = { .stage = strstr(v->name, "s2") ? 2 : 1,
				 .asid = ASID,
				 .vmid = VMID };
	struct io_pgtable_mem mem;
	unsigned int granule_lg2 = (unsigned int)__builtin_ctzll(v->granule);

	model_memory_hooks(&rig->model->memory, &mem);
	cfg.mem = &mem;
	cfg.tlb = &driver;
	cfg.coherent_walk = rig->model->opts.coherent;
	cfg.reclaim = reclaim;
	rig->granule = v->granule;
	rig->table = v->granule * (v->granule / 8);
	rig->base = v->ias > 36 ? BASE : 0;
	/* In the half of the addresses whose highest bits are ones. */
	if ((v->traits & SIGNS) && !rig->model->opts.coherent)
		rig->base = canonical(v, rig->base | 1ull << (v->ias - 1));
	rig->pa_first = v->oas > 37 ? PA_FIRST : 1ull << (v->oas - 1);
	rig->generations = v->oas > 37 ? 128 : (1ull << (v->oas - 1 - 4)) / rig->table;
	for (unsigned int i = 0; i <= RIG_MAPPERS; i++)
		rig->domain[i] = (struct smmu_cmdq_domain){
			.q = rig->model->queue[i % rig->model->opts.queues].q,
			.stage = tag.stage == 2 ? SMMU_STAGE_2 : SMMU_STAGE_1,
			.asid = ASID,
			.vmid = VMID,
			.granule_lg2 = (uint8_t)granule_lg2,
			.ril = rig->strategy->ril,
		};
	rig->iop = alloc_io_pgtable(v->fmt, &cfg, rig);
	assert_non_null(rig->iop);
	rig->context = smmu_model_attach(rig->model, v->fmt, &cfg, tag, rig->base,
					 RIG_TABLES * (v->granule / 8), granule_lg2);
}

struct rig *rig_make(const struct rig_opts *opts)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct model_opts model = opts->model;

	assert_non_null(rig);
	rig->strategy = opts->strategy;
	rig->plant = opts->plant;
	if (rig->plant == PLANT_SCALE)
		model.mutate = halve_ranges;
	rig->model = smmu_model_make(&model);
	make_table_of(rig, find_variant(opts->variant), opts->reclaim);
	make_places(rig);
	for (unsigned int i = 0; i < RIG_DEVICES; i++) {
		rig->device[i] = (struct rig_device){ .rig = rig, .random = 1000 + i };
		dma_device_init(&rig->device[i].dma, rig->model, 1 + i);
	}
	if (rig->plant == PLANT_ASID)
		for (unsigned int i = 0; i <= RIG_MAPPERS; i++)
			rig->domain[i].asid = ASID ^ 1;
	if (rig->strategy->begin)
		rig->strategy->begin(rig);
	return rig;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void rig_run(struct rig *rig, unsigned int rounds, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	run_rounds = rounds;
	rig->stop = rig->done = 0;
	smmu_model_start(rig->model);
	for (unsigned int i = 0; i < RIG_DEVICES; i++)
		assert_int_equal(pthread_create(&rig->device[i].thread, NULL, device_thread,
						&rig->device[i]),
				 0);
	for (unsigned int i = 0; i < RIG_MAPPERS; i++)
		assert_int_equal(
			pthread_create(&rig->mapper[i].thread, NULL, map_thread, &rig->mapper[i]),
			0);
	while (read_count(&rig->done) < RIG_MAPPERS && now_ms() < end)
		nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
	write_count(&rig->stop, 1);
	for (unsigned int i = 0; i < RIG_MAPPERS; i++)
		pthread_join(rig->mapper[i].thread, NULL);
	for (unsigned int i = 0; i < RIG_DEVICES; i++)
		pthread_join(rig->device[i].thread, NULL);
	if (rig->strategy->end)
		rig->strategy->end(rig);
}

void rig_settle(struct rig *rig)
{
	for (unsigned int i = 0; i < RIG_MAPPERS; i++) {
		for (unsigned int k = 0; k < RIG_PLACES; k++) {
			struct place *p = &rig->mapper[i].place[k];

			if (!p->mapped)
				continue;
			p->mapped = false;
			rig->strategy->unmap(&rig->mapper[i], &p->mapping, 1);
		}
	}
	if (rig->strategy->end)
		rig->strategy->end(rig);
	/* Rounds may be under way that hold nothing but tables. */
	iommu_strategy_destroy(rig->layer);
	rig->layer = NULL;
}

void rig_free(struct rig *rig)
{
	iommu_flushq_destroy(rig->flushq);
	iommu_strategy_destroy(rig->layer);
	free_io_pgtable(rig->iop);
	free(rig->flushq_memory);
	free(rig->space_memory);
	free(rig->owner);
	smmu_model_stop(rig->model);
	smmu_model_free(rig->model);
	free(rig);
}
