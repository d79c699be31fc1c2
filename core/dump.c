// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dump of a table as text or JSON, made of the walk and a small formatter of its own.
 *
 * Nothing of the C library's, nothing allocated: a line is put together in a buffer on the stack,
 * and is cut where that ends (it holds the longest line there can be). Both forms come from the
 * same runs; what differs is a table of strings.
 */
#include <errno.h>
#include <string.h>

#include "core/walk.h"

#define LINE_BYTES 256

struct line {
	size_t length;
	char text[LINE_BYTES];
};

/* How a form is written, in order of appearance. */
struct form {
	const char *start, *granule, *levels, *runs; /* before each of them */
	const char *kind[IO_PGTABLE_WALK_HOLE + 1];  /* before a run */
	const char *between, *last, *level, *paddr, *size, *prot, *desc, *end;
	const char *stats, *tables, *leaves, *leaf_bytes, *next, *close, *whole, *cut;
};

static const struct form forms[] = {
	[IO_PGTABLE_DUMP_TEXT] = {
		.start = "table format ", .granule = " granule ", .levels = " levels ",
		.runs = "\n", .kind = { "leaf ", "", "hole " }, .between = "", .last = " to ",
		.level = " level ", .paddr = " at ", .size = " in pages of ", .prot = " ",
		.desc = " first ", .end = "\n", .stats = "", .tables = " tables ",
		.leaves = " leaves ", .leaf_bytes = " of ", .next = "\n", .close = "\n",
		.whole = "complete\n", .cut = "not complete: a descriptor makes no sense\n",
	},
	[IO_PGTABLE_DUMP_JSON] = {
		.start = "{\"format\": \"", .granule = "\", \"granule\": ", .levels = ", \"levels\": ",
		.runs = ", \"runs\": [\n",
		.kind = { "{\"kind\": \"leaf\", \"iova\": \"", "",
			  "{\"kind\": \"hole\", \"iova\": \"" },
		.between = ",\n", .last = "\", \"last\": \"", .level = "\", \"level\": ",
		.paddr = ", \"paddr\": \"", .size = "\", \"page\": \"",
		.prot = "\", \"prot\": \"", .desc = "\", \"desc\": \"", .end = "}",
		.stats = "\n], \"stats\": [\n", .tables = ", \"tables\": ",
		.leaves = ", \"leaves\": ", .leaf_bytes = ", \"leaf_bytes\": ", .next = "},\n",
		.close = "}\n], \"complete\": ", .whole = "true}\n", .cut = "false}\n",
	},
};

struct dump {
	const struct pt_domain *d;
	const struct form *form;
	io_pgtable_emit_fn *emit;
	void *ctx;
	struct io_pgtable_walk_entry run; /* not written yet; size 0: there is none */
	uint64_t page;			  /* what a leaf of run maps */
	bool any;			  /* something was written */
};

static void add(struct line *l, const char *text)
{
	for (; *text && l->length < LINE_BYTES - 1; text++)
		l->text[l->length++] = *text;
	l->text[l->length] = 0;
}

static void add_number(struct line *l, uint64_t value, unsigned int base, unsigned int width)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value || sizeof(digits) - 1 - at < width);
	add(l, digits + at);
}

static void add_decimal(struct line *l, const char *before, uint64_t value)
{
	add(l, before);
	add_number(l, value, 10, 1);
}

static void add_hex(struct line *l, const char *before, uint64_t value)
{
	add(l, before);
	add(l, "0x");
	add_number(l, value, 16, 16);
}

/* A letter for each bit of prot, in their order, or a dash. */
static void add_prot(struct line *l, int prot)
{
	char text[] = "rwcnmp";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		if (!(prot & (1 << i)))
			text[i] = '-';
	add(l, text);
}

static void put(const struct dump *dump, const struct line *l)
{
	dump->emit(l->text, dump->ctx);
}

static void write_run(struct dump *dump)
{
	const struct form *form = dump->form;
	const struct io_pgtable_walk_entry *run = &dump->run;
	bool json = form == &forms[IO_PGTABLE_DUMP_JSON];
	struct line l = { 0 };

	if (!run->size)
		return;
	if (dump->any)
		add(&l, form->between);
	dump->any = true;
	add_hex(&l, form->kind[run->kind], run->iova);
	add_hex(&l, form->last, run->iova + run->size - 1);
	add_decimal(&l, form->level, run->level);
	if (run->kind == IO_PGTABLE_WALK_LEAF) {
		add_hex(&l, form->paddr, run->paddr);
		add_hex(&l, form->size, dump->page);
		add(&l, form->prot);
		add_prot(&l, run->prot);
		add_hex(&l, form->desc, run->desc);
		add(&l, json ? "\"" : "");
	}
	add(&l, form->end);
	put(dump, &l);
}

/* Does the entry continue the run? Never from the negative addresses to 0. */
static bool continues(const struct dump *dump, const struct io_pgtable_walk_entry *e)
{
	const struct pt_format *f = dump->d->format;
	const struct io_pgtable_walk_entry *run = &dump->run;

	if (!run->size || run->kind != e->kind || !e->iova || run->iova + run->size != e->iova)
		return false;
	if (e->kind == IO_PGTABLE_WALK_HOLE)
		return true;
	return run->level == e->level && dump->page == e->size &&
	       run->paddr + run->size == e->paddr &&
	       f->leaf_attr(run->desc, run->level) == f->leaf_attr(e->desc, e->level);
}

static int add_entry(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct dump *dump = ctx;

	if (e->kind == IO_PGTABLE_WALK_TABLE)
		return 0;
	if (continues(dump, e)) {
		dump->run.size += e->size;
		/* A hole has the level of its largest part. */
		if (e->level > dump->run.level)
			dump->run.level = e->level;
		return 0;
	}
	write_run(dump);
	dump->run = *e;
	dump->page = e->size;
	return 0;
}

static void write_head(const struct dump *dump)
{
	const struct form *form = dump->form;
	struct line l = { 0 };

	add(&l, form->start);
	add(&l, io_pgtable_fmt_name(dump->d->iop.fmt));
	add_decimal(&l, form->granule, pt_span(dump->d->format, 0));
	add_decimal(&l, form->levels, dump->d->top + 1u);
	add(&l, form->runs);
	put(dump, &l);
}

static void write_stats(const struct dump *dump, const struct io_pgtable_stats *stats)
{
	const struct form *form = dump->form;
	bool json = form == &forms[IO_PGTABLE_DUMP_JSON];

	dump->emit(form->stats, dump->ctx);
	for (unsigned int level = 0; level <= dump->d->top; level++) {
		struct line l = { 0 };

		add_decimal(&l, json ? "{\"level\": " : "level ", level);
		add_decimal(&l, form->tables, stats->tables[level]);
		add_decimal(&l, form->leaves, stats->leaves[level]);
		add_decimal(&l, form->leaf_bytes, stats->leaf_bytes[level]);
		add(&l, level < dump->d->top ? form->next : form->close);
		put(dump, &l);
	}
}

int io_pgtable_dump(struct io_pgtable *iop, io_pgtable_emit_fn *emit, void *ctx,
		    enum io_pgtable_dump_form form)
{
	struct io_pgtable_stats stats;
	struct dump dump = { .d = pt_domain(iop), .emit = emit, .ctx = ctx };
	int err;

	if ((unsigned int)form > IO_PGTABLE_DUMP_JSON)
		return -EINVAL;
	dump.form = &forms[form];
	write_head(&dump);
	err = pt_walk_all(dump.d, add_entry, &dump);
	write_run(&dump);
	io_pgtable_read_stats(iop, &stats);
	write_stats(&dump, &stats);
	emit(err ? dump.form->cut : dump.form->whole, ctx);
	return err;
}
