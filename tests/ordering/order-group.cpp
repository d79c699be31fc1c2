// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping beside a group that is being rewritten (core/group.[ch]): one thread makes marks of all
 * of its entries, invalidates, and makes single leaves; others unmap runs that have a part of it,
 * if they find single leaves at both ends, the first end first. What is loaded between the ends is
 * only known to be valid, so it must not be a leaf of the group any more, and what is cleared must
 * stay so. Nor may a run's last entry be one of the group where its first is none: a range is
 * rounded to whole groups by that.
 */
#include "model.h"

enum bug { NONE, NO_ACQUIRE, NO_BARRIER, NO_MARKS, LAST_FIRST };
enum { N = 8, GROUP_FIRST = 2, GROUP_LAST = 5 };
enum { EMPTY, MARK, SINGLE, GROUP };

struct run {
	int first, last;
};

/* Where two runs meet: in the middle of the group, or one of them lies in it. */
static const run runs[2][2] = { { { 0, 3 }, { 4, 7 } }, { { 0, 2 }, { 3, 5 } } };

template <int bug, int where> struct group : rl::test_suite<group<bug, where>, 3> {
	rl::atomic<int> entry[N];
	bool cleared[N];

	static bool is_part(int i)
	{
		return i >= GROUP_FIRST && i <= GROUP_LAST;
	}

	void before()
	{
		for (int i = 0; i < N; i++) {
			entry[i]($).store(is_part(i) ? GROUP : SINGLE, rl::mo_relaxed);
			cleared[i] = false;
		}
	}

	void rewrite()
	{
		for (int i = GROUP_FIRST; i <= GROUP_LAST && bug != NO_MARKS; i++) {
			int seen = GROUP;

			RL_ASSERT(entry[i]($).compare_exchange_strong(seen, MARK, rl::mo_acq_rel));
		}
		/* Of the invalidation (pt_gather_finish). */
		if (bug != NO_BARRIER)
			rl::atomic_thread_fence(rl::mo_release, $);
		for (int i = GROUP_FIRST; i <= GROUP_LAST; i++)
			entry[i]($).store(SINGLE, rl::mo_relaxed);
	}

	int load_end(int i)
	{
		return entry[i]($).load(bug == NO_ACQUIRE ? rl::mo_relaxed : rl::mo_acquire);
	}

	void unmap(run r)
	{
		int last = bug == LAST_FIRST ? load_end(r.last) : EMPTY;
		int first = load_end(r.first);

		if (bug != LAST_FIRST)
			last = load_end(r.last);
		if (is_part(r.first) && is_part(r.last) && first == SINGLE)
			RL_ASSERT(last != GROUP);
		if (first != SINGLE || last != SINGLE)
			return;
		for (int i = r.first; i <= r.last; i++) {
			int seen = entry[i]($).load(rl::mo_relaxed);

			if (seen == MARK)
				return;
			RL_ASSERT(seen == SINGLE);
		}
		for (int i = r.first; i <= r.last; i++) {
			entry[i]($).store(EMPTY, rl::mo_relaxed);
			cleared[i] = true;
		}
	}

	void thread(unsigned i)
	{
		if (i)
			unmap(runs[where][i - 1]);
		else
			rewrite();
	}

	void after()
	{
		for (int i = 0; i < N; i++)
			RL_ASSERT(entry[i]($).load(rl::mo_relaxed) ==
				  (cleared[i] ? EMPTY : SINGLE));
	}
};

int main()
{
	bool good = must_hold<group<NONE, 0>>("unmap across the ends of a group");

	good &= must_break<group<NO_ACQUIRE, 0>>("order between an end and the rest");
	good &= must_break<group<NO_BARRIER, 0>>("order between marks and leaves");
	good &= must_break<group<NO_MARKS, 0>>("marks");
	good &= must_hold<group<NONE, 1>>("unmap within a group");
	good &= must_break<group<NO_ACQUIRE, 1>>("order between the ends");
	good &= must_break<group<LAST_FIRST, 1>>("the first end first");
	return good ? 0 : 1;
}
