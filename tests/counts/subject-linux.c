// SPDX-License-Identifier: GPL-2.0-only
/*
 * subject-linux: the same operations of Linux's page tables, for count-linux. See subject.h and
 * docs/peers.md.
 *
 * What the library has a call for and Linux has not is what Linux's callers do instead: a call per
 * page of a scatter list or a batch, a call per size of a range, map and unmap without a cursor.
 * Its driver gathers as the kernel's does; the callbacks at the end do nothing, as the library's
 * here. Memory comes from peer-runtime. Tables that an unmap has emptied stay, so populating
 * begins with a new one. Allocating and freeing a whole table is not counted: that is malloc().
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>

#include "linux-calls.h"
#include "peer-runtime.h"
#include "subject.h"

_Static_assert(sizeof(struct linux_gather) <= GATHER_BYTES, "the gather needs more room");
_Static_assert((int)LINUX_ARM_64_LPAE_S1 == ARM_64_LPAE_S1, "format");
_Static_assert((int)LINUX_ARM_64_LPAE_S2 == ARM_64_LPAE_S2, "format");

extern const struct linux_peer linux_peer_counts;

COUNT_INLINE struct linux_gather *gather_of(struct subject *s)
{
	return (struct linux_gather *)(void *)s->gather;
}

COUNT_INLINE void map_at(struct subject *s, uint64_t iova)
{
	linux_map(s->table, iova, iova ^ s->pa_flip, s->pgsize, s->pgcount, COUNT_PROT);
}

COUNT_INLINE void unmap_at(struct subject *s, uint64_t iova, struct linux_gather *gather)
{
	linux_unmap(s->table, iova, s->pgsize, s->pgcount, gather, false);
}

#include "subject-ops.h"

static OPAQUE void op_unmap_queued(struct subject *s, size_t i)
{
	unmap_at(s, iova_of(s, i), gather_of(s));
	if (i % CALLS_PER_SYNC == CALLS_PER_SYNC - 1) {
		linux_peer_counts.flush_all(s->table);
		linux_gather_queue(gather_of(s));
	}
}

static OPAQUE void op_translate(struct subject *s, size_t i)
{
	linux_translate(s->table, iova_of(s, i));
}

static OPAQUE void op_translate_batch(struct subject *s, size_t i)
{
	for (size_t n = 0; n < LIST; n++)
		s->pa[n] = linux_translate(s->table, s->iova[n]);
}

static OPAQUE void op_map_sg(struct subject *s, size_t i)
{
	for (size_t n = 0; n < LIST; n++)
		linux_map(s->table, iova_of(s, i) + n * s->pgsize, s->sg[n].paddr, s->pgsize, 1,
			  COUNT_PROT);
}

static OPAQUE void op_map_range(struct subject *s, size_t i)
{
	uint64_t iova = iova_of(s, i), tail = iova + s->block;

	linux_map(s->table, iova, iova ^ s->pa_flip, s->block, 1, COUNT_PROT);
	linux_map(s->table, tail, tail ^ s->pa_flip, s->page, TAIL, COUNT_PROT);
}

static OPAQUE void op_unmap_range(struct subject *s, size_t i)
{
	struct linux_gather gather;

	linux_gather_init(&gather);
	linux_unmap_into(s->table, iova_of(s, i), s->block, 1, &gather, false);
	linux_unmap_into(s->table, iova_of(s, i) + s->block, s->page, TAIL, &gather, false);
	linux_sync(s->table, &gather);
}

void *__real_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);

/* In the place of the C library's for peer-runtime, by the linker's option --wrap. */
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	count_state.took_memory |= count_state.counting;
	return __real_mmap(at, bytes, prot, flags, fd, offset);
}

static bool linux_open(struct subject *s)
{
	const struct linux_config config = {
		.fmt = (enum linux_fmt)s->fmt,
		.pgsize_bitmap = s->page | s->block,
		.ias = s->ias,
		.oas = s->oas,
		.coherent = true,
	};

	linux_gather_queue(gather_of(s));
	s->table = linux_peer_counts.alloc(&config);
	return s->table;
}

static void linux_close(struct subject *s)
{
	linux_peer_counts.free(s->table);
}

static phys_addr_t linux_lookup(struct subject *s, uint64_t iova)
{
	return linux_translate(s->table, iova);
}

/* Where something is wrong, the kernel's code warns. */
static bool linux_is_valid(struct subject *s)
{
	return !peer_warnings();
}

static void linux_print_variant(void)
{
	printf("lpae");
}

const struct count_impl count_impl = {
	.key = "linux-6.12-",
	.fmts = 1u << ARM_64_LPAE_S1 | 1u << ARM_64_LPAE_S2,
	.run = {
		[OP_MAP] = op_map,
		[OP_UNMAP] = op_unmap,
		[OP_UNMAP_QUEUED] = op_unmap_queued,
		[OP_PAIR] = op_pair,
		[OP_CURSOR_PAIR] = op_pair,
		[OP_POPULATE] = op_populate,
		[OP_TRANSLATE] = op_translate,
		[OP_TRANSLATE_BATCH] = op_translate_batch,
		[OP_MAP_SG] = op_map_sg,
		[OP_MAP_RANGE] = op_map_range,
		[OP_UNMAP_RANGE] = op_unmap_range,
	},
	.renew_populate = true,
	.open = linux_open,
	.close = linux_close,
	.lookup = linux_lookup,
	.is_valid = linux_is_valid,
	.print_variant = linux_print_variant,
};
