// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue's algorithm (core/smmu-cmdq.c): two producers of two batches each, and the SMMU.
 *
 * last stands for the doorbell: only one thread at a time may be at it, and what it writes grows. relacy
 * finds two that are not ordered as a data race on it. In the end everything must be published,
 * although producers leave when another one publishes.
 */
#include "model.h"

enum bug {
	NONE,
	READY_RELAXED,
	NO_LOOK_AGAIN,
	NOBODY_TAKES_OVER,
	TAKES_OVER_RELAXED,
	GIVES_BACK_RELAXED,
	BLIND_CLAIM,
	BLIND_RETIRE,
	DOORBELL_BEHIND,
};

enum { SLOTS = 8, TOTAL = 6, PUBLISHING = 256 };

template <int bug> struct cmdq : rl::test_suite<cmdq<bug>, 3> {
	rl::atomic<int> head, published, prod, ready[SLOTS];
	rl::var<int> command[SLOTS], last;

	void before()
	{
		head($).store(0, rl::mo_relaxed);
		published($).store(0, rl::mo_relaxed);
		prod($).store(0, rl::mo_relaxed);
		last($) = 0;
		for (int i = 0; i < SLOTS; i++) {
			ready[i]($).store(0, rl::mo_relaxed);
			command[i]($) = 0;
		}
	}

	void ring_doorbell(int to)
	{
		int before = last($);

		RL_ASSERT(before < to);
		published($).store(to, rl::mo_release);
		last($) = to;
		prod($).store(to, rl::mo_release);
	}

	bool become_publisher()
	{
		if (bug == NOBODY_TAKES_OVER)
			return false;
		/* relacy has no fetch_or: the bit is not there where it is added. */
		int seen = head($).load(rl::mo_relaxed);

		for (;;)
			if (head($).compare_exchange_strong(
				    seen, seen | PUBLISHING,
				    bug == TAKES_OVER_RELAXED ? rl::mo_relaxed : rl::mo_acq_rel,
				    rl::mo_relaxed))
				return !(seen & PUBLISHING);
	}

	void give_back()
	{
		int seen = head($).load(rl::mo_relaxed);

		while (!head($).compare_exchange_strong(seen, seen & ~PUBLISHING,
							bug == GIVES_BACK_RELAXED ? rl::mo_relaxed
										  : rl::mo_acq_rel,
							rl::mo_relaxed))
			;
	}

	bool retire(int to)
	{
		int seen = to | PUBLISHING;

		if (bug == BLIND_RETIRE) {
			give_back();
			return true;
		}
		return head($).compare_exchange_strong(
			seen, to, bug == GIVES_BACK_RELAXED ? rl::mo_relaxed : rl::mo_acq_rel,
			rl::mo_acquire);
	}

	int ready_end(int position)
	{
		return position < SLOTS ? ready[position]($).load(rl::mo_acquire) : 0;
	}

	void publish()
	{
		for (;;) {
			int from = published($).load(rl::mo_relaxed), to = from, end;

			while ((end = ready_end(to)) != 0)
				to = end;
			if (to != from)
				ring_doorbell(to);
			if (retire(to))
				return;
			if (ready_end(to))
				continue;
			give_back();
			if (bug == NO_LOOK_AGAIN || !ready_end(to) || !become_publisher())
				return;
		}
	}

	void submit(int n)
	{
		int seen = head($).load(rl::mo_relaxed), first, end;
		bool publisher;

		do {
			first = seen & ~PUBLISHING;
			end = first + n;
			publisher = published($).load(rl::mo_relaxed) == seen;
			if (bug == BLIND_CLAIM)
				publisher = !(seen & PUBLISHING);
		} while (!head($).compare_exchange_weak(
			seen, end | (publisher ? PUBLISHING : seen & PUBLISHING), rl::mo_acq_rel,
			rl::mo_relaxed));
		for (int i = first; i < end; i++)
			command[i]($) = 1;
		if (publisher) {
			if (bug == DOORBELL_BEHIND) {
				if (!retire(end))
					publish();
				ring_doorbell(end);
				return;
			}
			ring_doorbell(end);
			if (!retire(end))
				publish();
			return;
		}
		ready[first]($).store(end, bug == READY_RELAXED ? rl::mo_relaxed : rl::mo_release);
		if (become_publisher())
			publish();
	}

	void thread(unsigned i)
	{
		if (i < 2) {
			submit(1);
			submit(2);
			return;
		}
		for (int look = 0; look < 2; look++) {
			int to = prod($).load(rl::mo_acquire);

			for (int k = 0; k < to; k++)
				RL_ASSERT(command[k]($) == 1);
		}
	}

	void after()
	{
		RL_ASSERT(head($).load(rl::mo_relaxed) == TOTAL);
		RL_ASSERT(published($).load(rl::mo_relaxed) == TOTAL);
		RL_ASSERT(prod($).load(rl::mo_relaxed) == TOTAL);
	}
};

int main()
{
	bool good = must_hold<cmdq<NONE>>("command queue", 2);

	good &= must_break<cmdq<READY_RELAXED>>("release with the ready word");
	good &= must_break<cmdq<NO_LOOK_AGAIN>>("a look after giving back");
	good &= must_break<cmdq<NOBODY_TAKES_OVER>>("taking over");
	good &= must_break<cmdq<TAKES_OVER_RELAXED>>("order in taking over");
	good &= must_break<cmdq<GIVES_BACK_RELAXED>>("order in giving back");
	good &= must_break<cmdq<BLIND_CLAIM>>("a look before the claim");
	good &= must_break<cmdq<BLIND_RETIRE>>("the compare in retiring");
	good &= must_break<cmdq<DOORBELL_BEHIND>>("the doorbell inside the turn");
	return good ? 0 : 1;
}
