// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-full: options, counting and listing; --stream is flush-stream.c. See flush-full.h.
 */
#include "flush-full.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush-match.h"
#include "grow.h"
#include "model/virtual-machine.h"

static int complain(const char *text, const char *what)
{
	fprintf(stderr, "bench_flush: %s: %s (see --help)\n", text, what);
	return 2;
}

static int parse_only(struct flush_full *f, const char *text)
{
	char what[256];

	switch (flush_select(&f->selection, text)) {
	case 0:
		return 0;
	case -ENOENT:
		snprintf(what, sizeof(what), "no such key; there are %s", flush_keys());
		return complain(text, what);
	case -ENOSPC:
		return complain(text, "too many values");
	default:
		return complain(text, "not KEY:VALUE or KEY:VALUE,VALUE");
	}
}

static int parse_slice(struct flush_full *f, const char *text)
{
	int end = 0;

	if (sscanf(text, "%u/%u%n", &f->slice, &f->slices, &end) != 2 || text[end] || !f->slice ||
	    f->slice > f->slices)
		return complain(text, "not K/N, with K from 1 to N");
	f->slice--;
	return 0;
}

static int parse_profile(struct flush_full *f, const char *text)
{
	f->selection.profile = text;
	return machine_profile_find(text) ? 0 : complain(text, "no such profile");
}

static int parse_stream(struct flush_full *f, const char *text)
{
	f->stream = text;
	return *text ? 0 : complain("--stream=", "needs a file");
}

static int parse_count(struct flush_full *f, const char *text)
{
	f->count = true;
	return *text ? complain("--count", "takes no value") : 0;
}

static int note_matrix(struct flush_full *f, const char *text)
{
	f->wanted = strcmp(text, "full") == 0;
	return 0;
}

static int note_filter(struct flush_full *f, const char *text)
{
	f->filter = text;
	return 0;
}

static int note_list(struct flush_full *f, const char *text)
{
	f->list = strcmp(text, "=false") != 0;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct flush_full *f, const char *value);
	bool ours; /* others need it too */
} options[] = {
	{ "--only=", parse_only, true },
	{ "--slice=", parse_slice, true },
	{ "--host-profile=", parse_profile, true },
	{ "--stream=", parse_stream, true },
	{ "--count", parse_count, true },
	{ "--matrix=", note_matrix, false },
	{ "--benchmark_filter=", note_filter, false },
	{ "--benchmark_list_tests", note_list, false },
};

static const char *const hi1620 = "hi1620";

int flush_full_parse(struct flush_full *f, int *argc, char **argv)
{
	int kept = 1, status = 0;
	bool any = false;

	*f = (struct flush_full){ .selection = { .profile = hi1620 }, .slices = 1 };
	for (int i = 1; i < *argc && !status; i++) {
		bool ours = false;

		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
			size_t len = strlen(options[k].name);

			if (strncmp(argv[i], options[k].name, len) != 0 ||
			    (options[k].name[len - 1] != '=' && argv[i][len] &&
			     argv[i][len] != '='))
				continue;
			ours = options[k].ours;
			any = any || ours;
			status = options[k].parse(f, argv[i] + len);
			break;
		}
		if (!ours)
			argv[kept++] = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
	if (!status && any && !f->wanted)
		return complain("--only, --slice, --host-profile, --stream, --count",
				"are for --matrix=full");
	return status;
}

/* A mistake, not an empty result. */
static int check_known(const struct flush_selection *s)
{
	const char *unknown = flush_unknown(s);

	return unknown ? complain(unknown, "no combination has this") : 0;
}

struct collect {
	struct flush_match match;
	struct flush_case *cases;
	uint32_t nr, room;
	uint64_t all;
	bool print, failed;
};

static bool collect(void *ctx, const struct flush_case *c)
{
	struct collect *k = ctx;

	if (!flush_matches(&k->match, c))
		return true;
	k->all++;
	if (k->print) {
		puts(k->match.name);
		return !ferror(stdout);
	}
	if (k->nr == FLUSH_LIBRARY_MOST)
		return true;
	if (grow((void **)&k->cases, k->nr, &k->room, sizeof(*k->cases))) {
		k->failed = true;
		return false;
	}
	k->cases[k->nr++] = *c;
	return true;
}

/* Everything that is wanted, through @visit. */
static int walk(struct flush_full *f, struct flush_match *match,
		bool (*visit)(void *ctx, const struct flush_case *c), void *ctx)
{
	int status = flush_match_init(match, f);

	if (status)
		return status;
	flush_cross(&f->selection, visit, ctx);
	flush_match_fini(match);
	return check_known(&f->selection);
}

int flush_full_cases(struct flush_full *f, size_t *nr, struct flush_case **cases)
{
	struct collect k = { 0 };
	int status = walk(f, &k.match, collect, &k);

	if (!status && k.failed)
		status = complain("--matrix=full", "not enough memory");
	if (!status && k.all > FLUSH_LIBRARY_MOST) {
		fprintf(stderr,
			"bench_flush: %llu combinations are too many for one report (%u). With "
			"--stream=FILE they are\n"
			"run one after the other, a row for each appended to FILE; "
			"--only=KEY:VALUE, "
			"--benchmark_filter and\n"
			"--slice=K/N make them fewer (see --help)\n",
			(unsigned long long)k.all, FLUSH_LIBRARY_MOST);
		status = 2;
	}
	if (status) {
		free(k.cases);
		return status;
	}
	*nr = k.nr;
	*cases = k.cases;
	return 0;
}

struct tally {
	struct flush_match match;
	uint64_t all, refused;
};

static bool tally(void *ctx, const struct flush_case *c)
{
	struct tally *t = ctx;

	if (!flush_matches(&t->match, c))
		return true;
	t->all++;
	t->refused += flush_case_refused(c) != NULL;
	return true;
}

int flush_full_print(struct flush_full *f)
{
	struct collect k = { .print = true };
	struct tally t = { 0 };
	int status = f->count ? walk(f, &t.match, tally, &t) : walk(f, &k.match, collect, &k);

	if (f->count && !status)
		printf("%llu combinations, of which %llu are skipped, with the reason\n",
		       (unsigned long long)t.all, (unsigned long long)t.refused);
	if (fflush(stdout))
		return complain("standard output", strerror(errno));
	return status;
}
