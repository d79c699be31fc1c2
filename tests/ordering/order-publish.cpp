// SPDX-License-Identifier: GPL-2.0-only
/*
 * Publishing a table (core/tree.c, publish): filled by plain stores, installed by a
 * compare-and-swap with release; a loser uses the winner's. A third thread translates.
 */
#include "model.h"

enum bug { NONE, NO_RELEASE, NO_CAS, NO_ACQUIRE };

template <int bug> struct publish : rl::test_suite<publish<bug>, 3> {
	rl::atomic<int> entry;
	rl::var<int> filled[2];	    /* by its maker, before the table is published */
	rl::atomic<int> leaf[2][2]; /* of each table, one per mapper */

	void before()
	{
		entry($).store(0, rl::mo_relaxed);
		for (int t = 0; t < 2; t++)
			for (int i = 0; i < 2; i++)
				leaf[t][i]($).store(0, rl::mo_relaxed);
	}

	void map(int me)
	{
		int seen = entry($).load(rl::mo_acquire);

		if (!seen) {
			filled[me]($) = 7;
			if (bug == NO_CAS) {
				entry($).store(me + 1, rl::mo_release);
				seen = me + 1;
			} else if (entry($).compare_exchange_strong(
					   seen, me + 1,
					   bug == NO_RELEASE ? rl::mo_relaxed : rl::mo_acq_rel,
					   rl::mo_acquire)) {
				seen = me + 1;
			}
		}
		RL_ASSERT(filled[seen - 1]($) == 7);
		leaf[seen - 1][me]($).store(1, rl::mo_relaxed);
	}

	void thread(unsigned i)
	{
		if (i < 2) {
			map((int)i);
			return;
		}
		int seen = entry($).load(bug == NO_ACQUIRE ? rl::mo_relaxed : rl::mo_acquire);

		if (seen)
			RL_ASSERT(filled[seen - 1]($) == 7);
	}

	void after()
	{
		int seen = entry($).load(rl::mo_relaxed);

		for (int i = 0; i < 2; i++)
			RL_ASSERT(leaf[seen - 1][i]($).load(rl::mo_relaxed) == 1);
	}
};

int main()
{
	bool good = must_hold<publish<NONE>>("publish");

	good &= must_break<publish<NO_RELEASE>>("release by who installs");
	good &= must_break<publish<NO_CAS>>("compare-and-swap");
	good &= must_break<publish<NO_ACQUIRE>>("order between entry and table");
	return good ? 0 : 1;
}
