// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim (core/reclaim.c, core/section.h; docs/adr/0005-reclaim-by-sections.md): two mappers of
 * neighbouring pages, one of them with a cursor, and a reclaimer that takes the empty table out and
 * frees it.
 *
 * Touching a table's memory is a read of a variable that the one who frees it writes: a touch that
 * is not ordered before is a data race, which relacy finds.
 */
#include "sections.h"

enum bug {
	NONE,
	NO_FENCE,
	NO_WAIT,
	NO_MARK_SEEN,
	NO_SECOND_LOOK,
	NO_RELEASE_AT_EXIT,
	NO_COUNT,
	COUNT_BEFORE_MARK,
	COUNT_AFTER_WAIT,
};

enum { TABLES = 3, MARK = 1, OUT = 0 };

static int link_of(int table)
{
	return (table + 1) * 2;
}

static int table_of(int link)
{
	return link / 2 - 1;
}

template <int bug> struct reclaim : rl::test_suite<reclaim<bug>, 3> {
	rl::atomic<int> entry, removals, leaf[TABLES][2];
	sections<bug != NO_FENCE, bug != NO_WAIT, bug != NO_RELEASE_AT_EXIT> section;
	rl::var<int> memory[TABLES];

	void before()
	{
		entry($).store(link_of(0), rl::mo_relaxed);
		removals($).store(0, rl::mo_relaxed);
		section.reset();
		for (int t = 0; t < TABLES; t++) {
			memory[t]($) = 0;
			for (int i = 0; i < 2; i++)
				leaf[t][i]($).store(0, rl::mo_relaxed);
		}
	}

	void touch(int table)
	{
		int freed = memory[table]($);

		RL_ASSERT(!freed);
	}

	/* pt_tree_slot() and pt_tree_see(): the table that entry points to, without a mark. */
	int find(int me)
	{
		for (;;) {
			int seen = entry($).load(rl::mo_acquire);

			if (seen == OUT) {
				if (entry($).compare_exchange_strong(
					    seen, link_of(1 + me), rl::mo_acq_rel, rl::mo_acquire))
					return 1 + me;
				continue;
			}
			if (!(seen & MARK) || bug == NO_MARK_SEEN)
				return table_of(seen & ~MARK);
			if (entry($).compare_exchange_strong(seen, seen & ~MARK, rl::mo_acq_rel,
							     rl::mo_acquire))
				return table_of(seen & ~MARK);
		}
	}

	void store_leaf(int me, int table)
	{
		touch(table);
		leaf[table][me]($).store(1, rl::mo_relaxed);
	}

	void map(int me)
	{
		section.enter(me);
		store_leaf(me, find(me));
		section.exit(me);
	}

	/* remember(), and then a map through the cursor. */
	void cursor_map(int me)
	{
		int count = removals($).load(rl::mo_acquire), seen;

		section.enter(me);
		seen = entry($).load(rl::mo_acquire);
		section.exit(me);
		if (seen == OUT || (seen & MARK)) {
			map(me);
			return;
		}
		section.enter(me);
		if (removals($).load(rl::mo_acquire) == count) {
			store_leaf(me, table_of(seen));
			section.exit(me);
			return;
		}
		section.exit(me);
		map(me);
	}

	bool is_empty(int table)
	{
		return !leaf[table][0]($).load(rl::mo_relaxed) &&
		       !leaf[table][1]($).load(rl::mo_relaxed);
	}

	void count()
	{
		removals($).fetch_add(1, rl::mo_release);
	}

	void round()
	{
		int seen = link_of(0);
		bool taken;

		if (!is_empty(0))
			return;
		if (bug == COUNT_BEFORE_MARK)
			count();
		if (!entry($).compare_exchange_strong(seen, seen | MARK, rl::mo_acq_rel,
						      rl::mo_acquire))
			return;
		if (bug != COUNT_BEFORE_MARK && bug != COUNT_AFTER_WAIT && bug != NO_COUNT)
			count();
		taken = section.quiesce();
		if (bug == COUNT_AFTER_WAIT)
			count();
		seen = link_of(0) | MARK;
		if (taken && (bug == NO_SECOND_LOOK || is_empty(0)) &&
		    entry($).compare_exchange_strong(seen, OUT, rl::mo_acq_rel, rl::mo_acquire)) {
			memory[0]($) = 1; /* invalidated, synced, given to somebody else */
			return;
		}
		seen = link_of(0) | MARK;
		entry($).compare_exchange_strong(seen, link_of(0), rl::mo_acq_rel, rl::mo_acquire);
	}

	void thread(unsigned i)
	{
		if (i == 0)
			map(0);
		else if (i == 1)
			cursor_map(1);
		else
			round();
	}

	void after()
	{
		int seen = entry($).load(rl::mo_relaxed);

		RL_ASSERT(!(seen & MARK) && seen != OUT);
		for (int i = 0; i < 2; i++)
			RL_ASSERT(leaf[table_of(seen)][i]($).load(rl::mo_relaxed) == 1);
	}
};

int main()
{
	bool good = must_hold<reclaim<NONE>>("reclaim");

	good &= must_break<reclaim<NO_FENCE>>("the fences");
	good &= must_break<reclaim<NO_WAIT>>("waiting for sections");
	good &= must_break<reclaim<NO_MARK_SEEN>>("looking for the mark");
	good &= must_break<reclaim<NO_SECOND_LOOK>>("a second look at the table");
	good &= must_break<reclaim<NO_RELEASE_AT_EXIT>>("release at a section's end");
	good &= must_break<reclaim<NO_COUNT>>("the count that cursors compare");
	good &= must_break<reclaim<COUNT_BEFORE_MARK>>("the mark before the count");
	good &= must_break<reclaim<COUNT_AFTER_WAIT>>("the count before the wait");
	return good ? 0 : 1;
}
