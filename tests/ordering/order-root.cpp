// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root that grows and shrinks (core/root.c; docs/adr/0010-root-by-chain.md): two mappers beyond the lower root
 * and a trim that would like to have it.
 *
 * What hardware was told is one variable: who has mapped beyond the lower root has to find the higher one there,
 * and so has whoever looks when all is over.
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
	return good ? 0 : 1;
}
