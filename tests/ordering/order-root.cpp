// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root that grows and shrinks (core/root.c; docs/adr/0010-root-by-chain.md): two mappers beyond
 * the lower root and a trim that would like to have it.
 *
 * What hardware was told is one variable: who has mapped beyond the lower root has to find the
 * higher one there, and so has whoever looks when all is over.
 *
 * The second model is of what is held of the chain: one thread takes the lower root's table out
 * (all of it is unmapped) and frees it, one maps beyond, one trims. Hardware must never start from
 * a table that was taken out.
 */
#include "sections.h"

enum bug {
	NONE,
	NO_FENCE,
	NO_WAIT,
	NO_SECOND_LOOK,
	NO_RECHECK,
	NO_RELEASE,
	LAST_BEFORE_TELLING,
	TOLD_BEFORE_WAIT,
};

enum { LOW, HIGH };

template <int bug> struct root : rl::test_suite<root<bug>, 3> {
	rl::atomic<int> map_last, told, beyond[2];
	sections<bug != NO_FENCE, bug != NO_WAIT, true> section;
	rl::mutex lock;

	void before()
	{
		map_last($).store(HIGH, rl::mo_relaxed);
		told($).store(HIGH, rl::mo_relaxed);
		section.reset();
		for (int i = 0; i < 2; i++)
			beyond[i]($).store(0, rl::mo_relaxed);
	}

	void set_last(int to)
	{
		map_last($).store(to, bug == NO_RELEASE ? rl::mo_relaxed : rl::mo_release);
	}

	/* pt_root_grow() */
	void grow()
	{
		lock.lock($);
		if (bug == LAST_BEFORE_TELLING)
			set_last(HIGH);
		if (told($).load(rl::mo_relaxed) == LOW)
			told($).store(HIGH, rl::mo_relaxed);
		set_last(HIGH);
		lock.unlock($);
	}

	void map(int me)
	{
		section.enter(me);
		if (map_last($).load(rl::mo_acquire) == LOW)
			grow();
		beyond[me]($).store(1, rl::mo_relaxed);
		RL_ASSERT(told($).load(rl::mo_relaxed) == HIGH);
		section.exit(me);
	}

	bool is_unused()
	{
		return !beyond[0]($).load(rl::mo_relaxed) && !beyond[1]($).load(rl::mo_relaxed);
	}

	/* pt_root_shrink() */
	void shrink()
	{
		bool quiet;

		lock.lock($);
		if (!is_unused()) {
			lock.unlock($);
			return;
		}
		set_last(LOW);
		if (bug == TOLD_BEFORE_WAIT)
			told($).store(LOW, rl::mo_relaxed);
		lock.unlock($);
		quiet = section.quiesce();
		lock.lock($);
		if (bug == NO_RECHECK || map_last($).load(rl::mo_relaxed) == LOW) {
			if (quiet && (bug == NO_SECOND_LOOK || is_unused())) {
				told($).store(LOW, rl::mo_relaxed);
			} else {
				told($).store(HIGH, rl::mo_relaxed);
				set_last(HIGH);
			}
		}
		lock.unlock($);
	}

	void thread(unsigned i)
	{
		if (i < 2)
			map((int)i);
		else
			shrink();
	}

	void after()
	{
		RL_ASSERT(told($).load(rl::mo_relaxed) == HIGH);
	}
};

enum chain_bug {
	NOT_HELD = TOLD_BEFORE_WAIT + 1,
	HELD_WHEN_TOLD,
	RAISED_BEFORE_TELLING,
	NOT_MADE_AGAIN,
	NOT_GIVEN_BACK,
	RAISED_RELAXED,
	READ_RELAXED,
};

/*
 * The entry that points to the lower root's table, which is 1 or the one in its place; what
 * hardware starts from.
 */
enum { OUT = 0, FIRST = 1, SECOND = 2, FROM_TOP = 0 };

template <int bug> struct chain : rl::test_suite<chain<bug>, 3> {
	rl::atomic<int> map_last, held, told, beyond, entry;
	sections<bug != NO_FENCE, bug != NO_WAIT, true> section;
	rl::mutex lock;
	rl::var<int> freed[SECOND + 1];

	void before()
	{
		map_last($).store(HIGH, rl::mo_relaxed);
		held($).store(HIGH, rl::mo_relaxed);
		told($).store(FROM_TOP, rl::mo_relaxed);
		beyond($).store(0, rl::mo_relaxed);
		entry($).store(FIRST, rl::mo_relaxed);
		section.reset();
		for (int i = 0; i <= SECOND; i++)
			freed[i]($) = 0;
	}

	/*
	 * The driver has returned: hardware has it, whatever a thread sees. So the newest value is
	 * read.
	 */
	int hardware()
	{
		return told($).fetch_add(0, rl::mo_relaxed);
	}

	void set_held(int to)
	{
		held($).store(to, bug == RAISED_RELAXED ? rl::mo_relaxed : rl::mo_release);
		map_last($).store(to, rl::mo_release);
	}

	int what_is_held()
	{
		return held($).load(bug == READ_RELAXED ? rl::mo_relaxed : rl::mo_acquire);
	}

	/* pt_root_grow() */
	void grow()
	{
		lock.lock($);
		if (bug == RAISED_BEFORE_TELLING)
			set_held(HIGH);
		told($).store(FROM_TOP, rl::mo_relaxed);
		set_held(HIGH);
		lock.unlock($);
	}

	void map()
	{
		section.enter(0);
		if (map_last($).load(rl::mo_acquire) == LOW)
			grow();
		beyond($).store(1, rl::mo_relaxed);
		section.exit(0);
	}

	/* pt_tree_replace() and pt_root_holds(); what is held is left as it is. */
	void take()
	{
		int seen;
		bool taken;

		section.enter(1);
		seen = entry($).load(rl::mo_acquire);
		taken = bug == NOT_HELD || what_is_held() == HIGH;
		taken = taken &&
			entry($).compare_exchange_strong(seen, OUT, rl::mo_acq_rel, rl::mo_acquire);
		section.exit(1);
		if (!taken)
			return;
		RL_ASSERT(hardware() != seen);
		freed[seen]($) = 1;
	}

	/* settled() */
	bool settled()
	{
		int none = OUT;

		if (!section.quiesce())
			return false;
		if (bug != NOT_MADE_AGAIN)
			entry($).compare_exchange_strong(none, SECOND, rl::mo_acq_rel,
							 rl::mo_acquire);
		return true;
	}

	/*
	 * pt_root_shrink(): needed() looks at the table once more, and hardware reads it as soon as
	 * it is told.
	 */
	void tell_lower()
	{
		int table = entry($).load(rl::mo_acquire), gone = freed[table]($);

		RL_ASSERT(table != OUT && !gone);
		if (bug == HELD_WHEN_TOLD)
			set_held(LOW);
		told($).store(table, rl::mo_relaxed);
	}

	void shrink()
	{
		bool enough;

		lock.lock($);
		if (beyond($).load(rl::mo_relaxed)) {
			lock.unlock($);
			return;
		}
		if (bug == HELD_WHEN_TOLD)
			map_last($).store(LOW, rl::mo_release);
		else
			set_held(LOW);
		lock.unlock($);
		enough = settled();
		lock.lock($);
		if (map_last($).load(rl::mo_relaxed) == LOW) {
			if (enough && !beyond($).load(rl::mo_relaxed))
				tell_lower();
			else if (bug != NOT_GIVEN_BACK)
				set_held(HIGH);
		}
		lock.unlock($);
	}

	void thread(unsigned i)
	{
		if (i == 0)
			map();
		else if (i == 1)
			take();
		else
			shrink();
	}

	/* pt_root_validate() */
	void after()
	{
		int root = hardware(), gone = freed[root]($);

		RL_ASSERT(root == FROM_TOP || (root == entry($).load(rl::mo_relaxed) && !gone));
		RL_ASSERT((root == FROM_TOP) == (held($).load(rl::mo_relaxed) == HIGH));
	}
};

int main()
{
	bool good = must_hold<root<NONE>>("a root that grows and shrinks");

	good &= must_break<root<NO_FENCE>>("the fences");
	good &= must_break<root<NO_WAIT>>("waiting for sections");
	good &= must_break<root<NO_SECOND_LOOK>>("a second look at what is used");
	good &= must_break<root<NO_RECHECK>>("asking whether it grew meanwhile");
	good &= must_break<root<NO_RELEASE>>("release of what it reaches");
	good &= must_break<root<LAST_BEFORE_TELLING>>("telling before it counts");
	good &= must_break<root<TOLD_BEFORE_WAIT>>("waiting before it is told");
	good &= must_hold<chain<NONE>>("the part of the chain that is held");
	good &= must_break<chain<NO_FENCE>>("the fences");
	good &= must_break<chain<NO_WAIT>>("waiting for sections");
	good &= must_break<chain<NOT_HELD>>("asking what is held");
	good &= must_break<chain<HELD_WHEN_TOLD>>("holding before the wait");
	good &= must_break<chain<RAISED_BEFORE_TELLING>>("telling before less is held");
	good &= must_break<chain<NOT_MADE_AGAIN>>("the table that was out, made again");
	good &= must_break<chain<NOT_GIVEN_BACK>>("less held if it does not shrink");
	good &= must_break<chain<RAISED_RELAXED>>("release of what is held");
	good &= must_break<chain<READ_RELAXED>>("acquire of what is held");
	return good ? 0 : 1;
}
