/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sections (core/section.h) of two threads, in a model: what a reclaimer, or a root that shrinks,
 * waits for. The fence that it executes for all threads is a fence in each here.
 */
#ifndef TESTS_ORDERING_SECTIONS_H
#define TESTS_ORDERING_SECTIONS_H

#include "model.h"

template <bool fences, bool waits, bool releases> struct sections {
	rl::atomic<int> depth[2];

	void reset()
	{
		for (int i = 0; i < 2; i++)
			depth[i]($).store(0, rl::mo_relaxed);
	}

	void enter(int me)
	{
		depth[me]($).store(1, rl::mo_relaxed);
		if (fences)
			rl::atomic_thread_fence(rl::mo_seq_cst, $);
	}

	void exit(int me)
	{
		depth[me]($).store(0, releases ? rl::mo_release : rl::mo_relaxed);
	}

	bool quiesce()
	{
		if (fences)
			rl::atomic_thread_fence(rl::mo_seq_cst, $);
		for (int i = 0; i < 2 && waits; i++)
			if (depth[i]($).load(rl::mo_acquire))
				return false; /* a bounded wait that was too short */
		return true;
	}
};

#endif /* TESTS_ORDERING_SECTIONS_H */
