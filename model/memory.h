/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that page tables live in, as the model sees it: which blocks are live, and, for a
 * walker that does not snoop, what of them has been cleaned.
 *
 * Freed blocks stay mapped and are poisoned, so that a walk that comes too late is told from a good
 * one. They are given out again oldest first, and not before everything else was used, unless
 * reuse_early is set. A block is at least one unit of 4096 bytes.
 *
 * Who writes what: base[] the library and, on free, the poison (relaxed atomics: a late walker may
 * be reading); state[] alloc and free, with release; shadow[] whoever cleans, under the lock of the
 * line, because a line holds descriptors of several threads and the later copy must not be the
 * older one; everything else under lock.
 */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <pthread.h>

#include "io-pgtable.h"

#define MODEL_UNIT	 4096u
#define MODEL_SIZES	 9 /* blocks of 1 to 256 units */
#define MODEL_LINE	 64u
#define MODEL_LINE_LOCKS 64u

#define MODEL_POISON  0xdeadf4eedeadf4e0ull /* what is in a freed block */
#define MODEL_UNCLEAN 0xdeadc1eadeadc1e0ull /* what a walker sees of a block nobody cleaned */

enum model_read {
	MODEL_READ_OK,
	MODEL_READ_OUTSIDE, /* no table memory */
	MODEL_READ_FREED,
	MODEL_READ_UNCLEAN,
};

struct model_memory {
	uint8_t *base;
	uint8_t *shadow; /* NULL: the walker snoops */
	uint8_t *state;	 /* [unit]: 1 live, 0 not */
	uint32_t *next;	 /* [unit]: of a free block, the one freed after it */
	uint64_t pa_base;
	uint32_t units;
	bool reuse_early;

	pthread_mutex_t lock;
	uint32_t used; /* units given out at least once */
	uint32_t head[MODEL_SIZES], tail[MODEL_SIZES];
	uint64_t live_bytes, frees, reused;

	pthread_mutex_t line[MODEL_LINE_LOCKS];

	/* Told of every block, just before it is freed. */
	void (*on_free)(void *ctx, uint64_t pa, size_t bytes);
	void (*on_bad_free)(void *ctx, const char *what);
	void *ctx;
};

/* pa_base 0: physical addresses are virtual ones. coherent: no shadow. */
void model_memory_init(struct model_memory *m, size_t bytes, uint64_t pa_base, bool coherent);
void model_memory_fini(struct model_memory *m);

/* The library's hooks. */
void model_memory_hooks(struct model_memory *m, struct io_pgtable_mem *hooks);

/* flush_pgtable: the lines that these bytes lie in become visible. */
void model_memory_clean(struct model_memory *m, const void *ptr, size_t bytes);

/* What the walker reads: an entry of 4 or 8 bytes. */
enum model_read model_memory_read(struct model_memory *m, uint64_t pa, unsigned int entry_bytes,
				  uint64_t *out);

#endif /* MODEL_MEMORY_H */
