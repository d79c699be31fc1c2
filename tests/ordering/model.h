/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running one model and its planted bugs. A model is a template over the bug, NONE being 0.
 */
#ifndef TESTS_ORDERING_MODEL_H
#define TESTS_ORDERING_MODEL_H

#include <cstdio>
#include <ostream>
#include <streambuf>

#include <relacy/relacy.hpp>

/*
 * Schedules that are tried: all of them with up to a bound of preemptions, and so many at random.
 */
enum { AT_RANDOM = 200000 };

/* Takes everything and keeps nothing: relacy replaces the allocator that a string would use. */
struct nowhere : std::streambuf {
	int overflow(int c) override
	{
		return c;
	}
};

template <typename model> bool holds(bool full, int bound)
{
	nowhere buffer;
	std::ostream quiet(&buffer);
	rl::test_params p;

	p.search_type = full ? rl::sched_bound : rl::sched_random;
	p.context_bound = (rl::iteration_t)bound;
	p.iteration_count = AT_RANDOM;
	p.output_stream = &quiet;
	p.progress_stream = &quiet;
	return rl::simulate<model>(p);
}

template <typename model> bool must_hold(const char *name, int bound = 3)
{
	bool good = holds<model>(true, bound) && holds<model>(false, bound);

	std::printf("%-44s %s\n", name, good ? "holds" : "DOES NOT HOLD");
	return good;
}

template <typename model> bool must_break(const char *name, int bound = 3)
{
	bool found = !holds<model>(false, bound) || !holds<model>(true, bound);

	std::printf("  without %-34s %s\n", name, found ? "found" : "NOT FOUND");
	return found;
}

#endif /* TESTS_ORDERING_MODEL_H */
