/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking into a table: a walk with a callback, a dump for people and for programs, and statistics.
 *
 * For debugging, tests and saving a table's contents: none of it is fast, none of it allocates or
 * writes to the table, and all of it works for every format. What holds: nothing is reported that
 * lies outside the range asked for, except the ends of leaves and tables that the range's ends lie
 * in.
 */
#ifndef IO_PGTABLE_WALK_H
#define IO_PGTABLE_WALK_H

#include "io-pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Levels that a table can have; level 0 has the smallest pages. */
#define IO_PGTABLE_WALK_LEVELS 6

/**
 * enum io_pgtable_walk_kind - what a walk has found
 * @IO_PGTABLE_WALK_LEAF: a page or a block
 * @IO_PGTABLE_WALK_TABLE: a table below the root; what is in it follows
 * @IO_PGTABLE_WALK_HOLE: a run of empty entries of one table
 */
enum io_pgtable_walk_kind {
	IO_PGTABLE_WALK_LEAF,
	IO_PGTABLE_WALK_TABLE,
	IO_PGTABLE_WALK_HOLE,
};

/**
 * struct io_pgtable_walk_entry - one thing that a walk has found
 * @kind: what it is
 * @level: of the descriptor; the table that a table descriptor points to is of the level below
 * @prot: of a leaf: IOMMU_*. IOMMU_READ and IOMMU_WRITE are what the device may do; of the others
 *	those that the format expresses. 0: attributes that no prot gives
 * @iova: where it begins; that of a hole is within the range walked
 * @size: bytes it covers, likewise
 * @paddr: a leaf's output address, a table's own address; 0 for a hole
 * @desc: the descriptor as it is in memory; 0 for a hole
 */
struct io_pgtable_walk_entry {
	enum io_pgtable_walk_kind kind;
	unsigned int level;
	int prot;
	uint64_t iova;
	uint64_t size;
	phys_addr_t paddr;
	uint64_t desc;
};

/**
 * io_pgtable_walk_fn() - what a walk calls
 * @entry: what was found; valid during the call
 * @ctx: the walk's
 *
 * Return: 0 to go on. It must not change what is mapped in the range.
 */
typedef int io_pgtable_walk_fn(const struct io_pgtable_walk_entry *entry, void *ctx);

/**
 * io_pgtable_walk() - report what is in a range
 * @iop: the table
 * @iova: first input address, any
 * @size: length in bytes, any but 0; the range must not run through address 0 or the end of
 *	the input addresses
 * @callback: called for each leaf, table and hole, in ascending order, a table before what is
 *	in it; anything but 0 ends the walk. It must not change the table
 * @ctx: its second argument
 *
 * Descriptors are believed as far as io_pgtable_validate() believes them: one that is not
 * well-formed, a table that is not aligned, or more tables than were allocated end the walk, so
 * that it ends on any content. An aligned table address inside a well-formed descriptor is
 * followed, wherever it leads, unless phys_to_virt() of the memory hooks says that there is no
 * table.
 *
 * Return: 0; what @callback returned; -EINVAL (@size is 0); -ERANGE; -EUCLEAN (a descriptor that
 * the library does not write). Context: any; nobody changes what is mapped in the range meanwhile.
 * Never allocates, never sleeps.
 */
int io_pgtable_walk(struct io_pgtable *iop, uint64_t iova, uint64_t size,
		    io_pgtable_walk_fn *callback, void *ctx);

/**
 * struct io_pgtable_stats - what a table consists of
 * @tables: tables by the level of their entries, the root with them
 * @leaves: leaves by level
 * @leaf_bytes: what one leaf of each level maps that takes a single entry, in bytes
 * @leaves_by_lg2: leaves by the log2 of the bytes that they map; a leaf of several entries is
 *	one leaf
 * @table_bytes: what the tables occupy
 * @mapped_bytes: what all leaves map
 */
struct io_pgtable_stats {
	uint64_t tables[IO_PGTABLE_WALK_LEVELS];
	uint64_t leaves[IO_PGTABLE_WALK_LEVELS];
	uint64_t leaf_bytes[IO_PGTABLE_WALK_LEVELS];
	uint64_t leaves_by_lg2[64];
	uint64_t table_bytes;
	uint64_t mapped_bytes;
};

/**
 * io_pgtable_read_stats() - count tables and leaves
 * @iop: the table
 * @stats: out
 *
 * Walks everything. Return: 0, or -EUCLEAN (see io_pgtable_walk(); @stats has what was seen until
 * then). Context: as io_pgtable_walk() of all addresses.
 */
int io_pgtable_read_stats(struct io_pgtable *iop, struct io_pgtable_stats *stats);

/**
 * io_pgtable_fmt_name() - what a format is called
 * @fmt: the format
 *
 * Return: its enumerator in lower case, such as "arm_64_lpae_s1"; NULL if there is no such format.
 * Context: any.
 */
const char *io_pgtable_fmt_name(enum io_pgtable_fmt fmt);

/**
 * enum io_pgtable_dump_form - how a dump looks
 * @IO_PGTABLE_DUMP_TEXT: a line for each run
 * @IO_PGTABLE_DUMP_JSON: one object; addresses are strings, because JSON's numbers may be rounded
 */
enum io_pgtable_dump_form {
	IO_PGTABLE_DUMP_TEXT,
	IO_PGTABLE_DUMP_JSON,
};

/**
 * io_pgtable_emit_fn() - what a dump writes with
 * @text: a piece of text, ended by 0; valid during the call
 * @ctx: the dump's
 */
typedef void io_pgtable_emit_fn(const char *text, void *ctx);

/**
 * io_pgtable_dump() - write out what a table maps
 * @iop: the table
 * @emit: gets the text, a piece of at most one line at a time, ended by 0
 * @ctx: its second argument
 * @form: text or JSON
 *
 * Leaves of one size with the same attributes that continue each other, in iova and address, are
 * one line; so are holes that do. Before them the format's name, the smallest page and the number
 * of levels, after them the number of tables and leaves by level.
 *
 * Return: 0; -EINVAL (no such form); -EUCLEAN (see io_pgtable_walk()): the dump then ends with that
 * place and says that it is not complete; its JSON is whole. Context: as io_pgtable_walk() of all.
 */
int io_pgtable_dump(struct io_pgtable *iop, io_pgtable_emit_fn *emit, void *ctx,
		    enum io_pgtable_dump_form form);

#ifdef __cplusplus
}
#endif

#endif /* IO_PGTABLE_WALK_H */
