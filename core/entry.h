/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How wide a descriptor is: 64 bits, but for the one format that has 32 (ARMv7's short
 * descriptors).
 *
 * The width is a constant of a translation unit. In memory a descriptor is a pt_entry, everywhere
 * else a uint64_t, so that formats and the walker have one type for both. What core/ compiles once
 * for all formats it therefore compiles once for each width: core/NAME-32.c is core/NAME.c with
 * PT_ENTRY_BITS 32, and a format of that width begins with the same definition. The functions of
 * the second kind have names that end in _32, by the list below, so a wide format pays nothing for
 * the narrow one: not an instruction.
 *
 * Calls that come through the API arrive in the first kind, and pass on tables that are not theirs
 * (core/narrow.h). Files that only hand tables on (gathers, queues) are compiled once: a narrow
 * format has two levels, so all that they ever hold is tables of leaves, in which nobody looks for
 * more.
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include <stdint.h>

#ifndef PT_ENTRY_BITS
#define PT_ENTRY_BITS 64
#endif

#if PT_ENTRY_BITS == 64
typedef uint64_t pt_entry;
#else
typedef uint32_t pt_entry;

/* core/coalesce.c */
#define io_pgtable_coalesce   io_pgtable_coalesce_32
/* core/cursor.c */
#define pt_cursor_map_slow    pt_cursor_map_slow_32
#define pt_cursor_unmap_slow  pt_cursor_unmap_slow_32
/* core/domain.c */
#define pt_domain_create      pt_domain_create_32
#define pt_domain_destroy     pt_domain_destroy_32
/* core/fill.c */
#define pt_vectors_choose     pt_vectors_choose_32
#define pt_vectors_nr	      pt_vectors_nr_32
#define pt_vectors_versions   pt_vectors_versions_32
/* core/group.c */
#define pt_group_fill	      pt_group_fill_32
#define pt_group_join	      pt_group_join_32
#define pt_group_rewrite      pt_group_rewrite_32
#define pt_group_split	      pt_group_split_32
#define pt_group_validate     pt_group_validate_32
/* core/reclaim.c */
#define io_pgtable_trim	      io_pgtable_trim_32
#define pt_reclaim_cleared    pt_reclaim_cleared_32
#define pt_reclaim_create     pt_reclaim_create_32
#define pt_reclaim_destroy    pt_reclaim_destroy_32
#define pt_reclaim_end	      pt_reclaim_end_32
#define pt_reclaim_flush      pt_reclaim_flush_32
#define pt_reclaim_hold	      pt_reclaim_hold_32
#define pt_reclaim_is_pending pt_reclaim_is_pending_32
#define pt_reclaim_last	      pt_reclaim_last_32
#define pt_reclaim_quiesce    pt_reclaim_quiesce_32
#define pt_reclaim_release    pt_reclaim_release_32
#define pt_reclaim_settle     pt_reclaim_settle_32
#define pt_reclaim_synced     pt_reclaim_synced_32
#define pt_reclaim_unlink     pt_reclaim_unlink_32
#define pt_reclaim_vacant     pt_reclaim_vacant_32
#define pt_reclaim_validate   pt_reclaim_validate_32
/* core/tree.c */
#define io_pgtable_validate   io_pgtable_validate_32
#define pt_tree_detach	      pt_tree_detach_32
#define pt_tree_drop_empty    pt_tree_drop_empty_32
#define pt_tree_fill	      pt_tree_fill_32
#define pt_tree_free	      pt_tree_free_32
#define pt_tree_free_root     pt_tree_free_root_32
#define pt_tree_gather	      pt_tree_gather_32
#define pt_tree_install	      pt_tree_install_32
#define pt_tree_is_empty      pt_tree_is_empty_32
#define pt_tree_is_full	      pt_tree_is_full_32
#define pt_tree_quarantine    pt_tree_quarantine_32
#define pt_tree_replace	      pt_tree_replace_32
#define pt_tree_see	      pt_tree_see_32
#define pt_tree_slot	      pt_tree_slot_32
#define pt_tree_split	      pt_tree_split_32
/* core/update.c */
#define io_pgtable_protect    io_pgtable_protect_32
/* core/walk.c */
#define io_pgtable_read_stats io_pgtable_read_stats_32
#define io_pgtable_walk	      io_pgtable_walk_32
#define pt_prot_of_attr	      pt_prot_of_attr_32
#define pt_walk_all	      pt_walk_all_32
/* fmt/plain-cfg.c */
#define pt_plain_alloc	      pt_plain_alloc_32
#define pt_plain_check	      pt_plain_check_32
#endif

#endif /* CORE_ENTRY_H */
