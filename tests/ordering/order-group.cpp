// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping beside a group that is being rewritten (core/group.[ch]): one thread makes marks, then single leaves,
 * of all of its entries; two others each unmap a half, as a run, if they find single leaves at both of its ends.
 * What is loaded between the ends is only known to be valid, so it must not be a leaf of the group any more, and
 * what is cleared must stay so.
 */
#include "model.h"

enum bug { NONE, NO_ACQUIRE, NO_RELEASE, NO_MARKS };
enum { N = 6, HALF = N / 2 };
enum { EMPTY, MARK, SINGLE, GROUP };

template <int bug> struct group : rl::test_suite<group<bug>, 3> {
	rl::atomic<int> entry[N];
	bool cleared[2];

	void before()
	{
		for (int i = 0; i < N; i++)
			entry[i]($).store(GROUP, rl::mo_relaxed);
		cleared[0] = cleared[1] = false;
	}

	void rewrite()
	{
		for (int i = 0; i < N && bug != NO_MARKS; i++) {
			int seen = GROUP;

			RL_ASSERT(entry[i]($).compare_exchange_strong(
				seen, MARK, bug == NO_RELEASE ? rl::mo_relaxed : rl::mo_acq_rel));
		}
		/* Here the group is invalidated, with a barrier of its own that the model does without. */
		for (int i = 0; i < N; i++)
			entry[i]($).store(SINGLE, rl::mo_relaxed);
	}

	bool end_is_single(int i)
	{
		return entry[i]($).load(bug == NO_ACQUIRE ? rl::mo_relaxed : rl::mo_acquire) ==
		       SINGLE;
	}

	void unmap(int half)
	{
		int first = half * HALF, last = first + HALF - 1;

		if (!end_is_single(first) || !end_is_single(last))
			return;
		for (int i = first; i <= last; i++) {
			int seen = entry[i]($).load(rl::mo_relaxed);

			if (seen == MARK)
				return;
			RL_ASSERT(seen == SINGLE);
		}
		for (int i = first; i <= last; i++)
			entry[i]($).store(EMPTY, rl::mo_relaxed);
		cleared[half] = true;
	}

	void thread(unsigned i)
	{
		if (i)
			unmap((int)i - 1);
		else
			rewrite();
	}

	void after()
	{
		for (int i = 0; i < N; i++)
			RL_ASSERT(entry[i]($).load(rl::mo_relaxed) ==
				  (cleared[i / HALF] ? EMPTY : SINGLE));
	}
};

int main()
{
	bool good = must_hold<group<NONE>>("unmap beside a group");

	good &= must_break<group<NO_ACQUIRE>>("order between an end and the rest");
	good &= must_break<group<NO_RELEASE>>("release by the marks");
	good &= must_break<group<NO_MARKS>>("marks");
	return good ? 0 : 1;
}
