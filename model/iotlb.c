// SPDX-License-Identifier: GPL-2.0-only
/*
 * The translation cache (iotlb.h): an entry of size s for address a lives in set (a >> s) modulo
 * the sets, so a lookup probes one set for each size that was ever inserted.
 */
#include "model/iotlb.h"

#include <errno.h>
#include <stdlib.h>

bool model_tag_matches(const struct model_inval *inval, struct model_tag tag)
{
	if (inval->vmid != MODEL_ANY_VMID && inval->vmid != tag.vmid)
		return false;
	if (tag.stage == 2)
		return inval->stage_2;
	return inval->stage_1 && (inval->asid == MODEL_ANY_ASID || inval->asid == tag.asid);
}

static bool same_tag(struct model_tag a, struct model_tag b)
{
	return a.stage == b.stage && a.vmid == b.vmid && (a.stage == 2 || a.asid == b.asid);
}

void iotlb_init(struct iotlb *tlb, unsigned int sets_lg2, unsigned int ways)
{
	*tlb = (struct iotlb){ .sets_lg2 = sets_lg2, .ways = ways };
	tlb->entry = calloc((size_t)ways << sets_lg2, sizeof(*tlb->entry));
	if (!tlb->entry)
		abort();
}

void iotlb_fini(struct iotlb *tlb)
{
	free(tlb->entry);
}

static size_t entries(const struct iotlb *tlb)
{
	return (size_t)tlb->ways << tlb->sets_lg2;
}

static struct iotlb_entry *set_of(const struct iotlb *tlb, uint64_t iova, unsigned int size_lg2)
{
	size_t set = (size_t)(iova >> size_lg2) & (((size_t)1 << tlb->sets_lg2) - 1);

	return &tlb->entry[set * tlb->ways];
}

static uint64_t last_of(const struct iotlb_entry *e)
{
	return e->iova + ((1ull << e->size_lg2) - 1);
}

static bool overlaps(const struct iotlb_entry *e, uint64_t first, uint64_t last)
{
	return e->iova <= last && first <= last_of(e);
}

static struct iotlb_entry *probe(struct iotlb *tlb, struct model_tag tag, uint64_t iova)
{
	for (uint64_t sizes = tlb->sizes; sizes; sizes &= sizes - 1) {
		unsigned int size_lg2 = (unsigned int)__builtin_ctzll(sizes);
		struct iotlb_entry *e = set_of(tlb, iova, size_lg2);

		for (unsigned int way = 0; way < tlb->ways; way++, e++)
			if (e->valid && e->size_lg2 == size_lg2 && same_tag(e->tag, tag) &&
			    overlaps(e, iova, iova))
				return e;
	}
	return NULL;
}

struct iotlb_entry *iotlb_find(struct iotlb *tlb, struct model_tag tag, uint64_t first,
			       uint64_t last)
{
	if (first == last)
		return probe(tlb, tag, first);
	for (size_t i = 0; i < entries(tlb); i++) {
		struct iotlb_entry *e = &tlb->entry[i];

		if (e->valid && same_tag(e->tag, tag) && overlaps(e, first, last))
			return e;
	}
	return NULL;
}

bool iotlb_has(const struct iotlb *tlb, const struct iotlb_entry *entry)
{
	const struct iotlb_entry *e = set_of(tlb, entry->iova, entry->size_lg2);

	for (unsigned int way = 0; way < tlb->ways; way++, e++)
		if (e->valid && e->size_lg2 == entry->size_lg2 && e->iova == entry->iova &&
		    same_tag(e->tag, entry->tag))
			return true;
	return false;
}

void iotlb_insert(struct iotlb *tlb, const struct iotlb_entry *entry)
{
	struct iotlb_entry *set = set_of(tlb, entry->iova, entry->size_lg2);
	unsigned int way = 0;

	while (way < tlb->ways && set[way].valid)
		way++;
	if (way == tlb->ways && way) {
		way = (unsigned int)(tlb->victim++ % tlb->ways);
		tlb->evicted++;
	}
	set[way] = *entry;
	set[way].valid = true;
	tlb->sizes |= 1ull << entry->size_lg2;
}

bool iotlb_matches(const struct iotlb_entry *e, const struct model_inval *inval)
{
	return overlaps(e, inval->first, inval->last) &&
	       (inval->level == MODEL_ANY_LEVEL || inval->level == e->level) &&
	       model_tag_matches(inval, e->tag);
}

unsigned int iotlb_invalidate(struct iotlb *tlb, const struct model_inval *inval)
{
	unsigned int n = 0;

	/* One that was never used costs nothing. */
	for (size_t i = 0; tlb->sizes && i < entries(tlb); i++) {
		if (!tlb->entry[i].valid || !iotlb_matches(&tlb->entry[i], inval))
			continue;
		tlb->entry[i].valid = false;
		if (tlb->went)
			tlb->went(tlb->went_ctx, &tlb->entry[i]);
		n++;
	}
	tlb->invalidated += n;
	return n;
}

int iotlb_validate(const struct iotlb *tlb)
{
	for (size_t i = 0; i < entries(tlb); i++) {
		const struct iotlb_entry *e = &tlb->entry[i];
		size_t set = (size_t)(e->iova >> e->size_lg2) & (((size_t)1 << tlb->sets_lg2) - 1);

		if (!e->valid)
			continue;
		if (i / tlb->ways != set || !(tlb->sizes >> e->size_lg2 & 1))
			return -EUCLEAN;
		if ((e->iova | e->pa) & ((1ull << e->size_lg2) - 1))
			return -EUCLEAN;
	}
	return 0;
}
