/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The translation cache of the modelled SMMU: leaves, set-associative, served until an invalidation
 * that matches them, however stale.
 *
 * It invalidates the least that a command asks for: an entry at another level than the command's
 * TTL stays, and so does a neighbour. Real hardware may do more; a driver must not count on it.
 * Not synchronised: the owner's lock is around every call.
 */
#ifndef MODEL_IOTLB_H
#define MODEL_IOTLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ANY_LEVEL UINT32_MAX
#define MODEL_ANY_ASID	UINT32_MAX
#define MODEL_ANY_VMID	UINT32_MAX

/* Whose translations: a stage-1 context has an ASID, a stage-2 context only a VMID. */
struct model_tag {
	uint8_t stage;
	uint16_t asid, vmid;
};

/* What a command invalidates. */
struct model_inval {
	bool stage_1, stage_2;
	uint32_t asid, vmid;
	uint64_t first, last; /* every address: 0 and UINT64_MAX */
	uint32_t level;	      /* of the leaves that go, from the leaf upwards */
	bool leaf;	      /* leaves only: the walk cache stays */
};

struct iotlb_entry {
	bool valid, read, write;
	struct model_tag tag;
	uint8_t level, size_lg2;
	uint64_t iova; /* of the block's first byte */
	uint64_t pa;
};

struct iotlb {
	struct iotlb_entry *entry; /* [set][way] */
	unsigned int sets_lg2, ways;
	uint64_t sizes; /* log2 of those that were ever inserted, as bits */
	uint64_t victim;
	uint64_t evicted, invalidated;

	/* Optional: told of each entry that an invalidation removes. */
	void (*went)(void *ctx, const struct iotlb_entry *entry);
	void *went_ctx;
};

bool model_tag_matches(const struct model_inval *inval, struct model_tag tag);

void iotlb_init(struct iotlb *tlb, unsigned int sets_lg2, unsigned int ways);
void iotlb_fini(struct iotlb *tlb);

/* The first entry that translates some address from first to last, or NULL. */
struct iotlb_entry *iotlb_find(struct iotlb *tlb, struct model_tag tag, uint64_t first,
			       uint64_t last);

/* Is this very entry there? */
bool iotlb_has(const struct iotlb *tlb, const struct iotlb_entry *entry);

/* Replaces the oldest way of the set. */
void iotlb_insert(struct iotlb *tlb, const struct iotlb_entry *entry);

/* Would this command make this entry go? */
bool iotlb_matches(const struct iotlb_entry *e, const struct model_inval *inval);

/* How many entries went. */
unsigned int iotlb_invalidate(struct iotlb *tlb, const struct model_inval *inval);

/* 0, or -EUCLEAN if a lookup could miss an entry, or find one that does not say what it should. */
int iotlb_validate(const struct iotlb *tlb);

#endif /* MODEL_IOTLB_H */
