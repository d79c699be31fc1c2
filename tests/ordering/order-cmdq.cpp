// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue's algorithm (core/smmu-cmdq.c): two producers of two batches each, and the
 * SMMU, or a third producer of one: it may leave while another waits.
 *
 * last stands for the doorbell: only one thread at a time may be at it, and what it writes grows.
 * relacy finds two that are not ordered as a data race on it. In the end everything must be
 * published, although producers leave when another one publishes. Producers that have met are
 * forgotten after one turn, so that a run goes from lone turns to shared ones and back.
 *
 * IMPATIENT is not a bug: who met a lone producer does not wait for it at all, as the library does
 * not beyond a bound; then whoever waits for commands has to help.
 */
#include "model.h"

enum bug {
	NONE,
	IMPATIENT,
	READY_RELAXED,
	NO_LOOK_AGAIN,
	NOBODY_TAKES_OVER,
	TAKES_OVER_RELAXED,
	GIVES_BACK_RELAXED,
	BLIND_CLAIM,
	BLIND_RETIRE,
	DOORBELL_BEHIND,
	CLAIM_BY_PUBLISHED,
	RUNG_RELAXED,
	BLIND_REACH,
	TWO_LOOKS,
	NO_WAIT_FOR_LONE,
	NO_HELP,
};

enum { SLOTS = 8, PUBLISHING = 256, MET = 512 };
enum turn { LONE, PUBLISHER, WAITS, LEAVES };

template <int bug, bool third = false> struct cmdq : rl::test_suite<cmdq<bug, third>, 3> {
	static constexpr int TOTAL = third ? 7 : 6;
	rl::atomic<int> head, published, rung, prod, ready[SLOTS];
	rl::var<int> command[SLOTS], last;

	static constexpr bool helps = bug == IMPATIENT || bug == BLIND_REACH || bug == TWO_LOOKS;
	static constexpr bool patient = !helps && bug != NO_WAIT_FOR_LONE && bug != NO_HELP;

	void before()
	{
		head($).store(0, rl::mo_relaxed);
		published($).store(0, rl::mo_relaxed);
		rung($).store(0, rl::mo_relaxed);
		prod($).store(0, rl::mo_relaxed);
		last($) = 0;
		for (int i = 0; i < SLOTS; i++) {
			ready[i]($).store(0, rl::mo_relaxed);
			command[i]($) = 0;
		}
	}

	static int position_in(int head)
	{
		return head & ~(PUBLISHING | MET);
	}

	void ring_doorbell(int to)
	{
		int before = last($);

		RL_ASSERT(before < to);
		published($).store(to, rl::mo_release);
		last($) = to;
		prod($).store(to, rl::mo_release);
		rung($).store(to, bug == RUNG_RELAXED ? rl::mo_relaxed : rl::mo_release);
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

	bool retire(int to, bool calm)
	{
		int seen = head($).load(rl::mo_relaxed);

		if (bug == BLIND_RETIRE) {
			give_back();
			return true;
		}
		return position_in(seen) == to &&
		       head($).compare_exchange_strong(seen, calm ? to : seen & ~PUBLISHING,
						       bug == GIVES_BACK_RELAXED ? rl::mo_relaxed
										 : rl::mo_acq_rel,
						       rl::mo_acquire);
	}

	int ready_end(int position)
	{
		return position < SLOTS ? ready[position]($).load(rl::mo_acquire) : 0;
	}

	bool reach(int &to)
	{
		int before = bug == TWO_LOOKS ? published($).load(rl::mo_acquire) : 0;
		int from = published($).load(rl::mo_acquire), end;

		to = from;
		if (bug != BLIND_REACH && rung($).load(rl::mo_acquire) != from)
			return bug == TWO_LOOKS && before != from;
		while ((end = ready_end(to)) != 0)
			to = end;
		return to != from;
	}

	void publish()
	{
		int to;

		for (;;) {
			if (reach(to))
				ring_doorbell(to);
			if (retire(to, false))
				return;
			if (reach(to))
				continue;
			give_back();
			if (bug == NO_LOOK_AGAIN || !reach(to) || !become_publisher())
				return;
		}
	}

	void help()
	{
		int to;

		if (reach(to) && become_publisher())
			publish();
	}

	turn turn_at(int seen)
	{
		int to = bug == CLAIM_BY_PUBLISHED ? published($).load(rl::mo_acquire)
						   : rung($).load(rl::mo_acquire);

		if (to == seen)
			return LONE;
		if (bug == BLIND_CLAIM ? (seen & MET) && !(seen & PUBLISHING) : to == (seen & ~MET))
			return PUBLISHER;
		return seen & MET ? LEAVES : WAITS;
	}

	int submit(int n)
	{
		static const int sets[] = { 0, PUBLISHING, MET, 0 };
		int seen = head($).load(rl::mo_relaxed), first, end;
		turn turn;

		do {
			first = position_in(seen);
			end = first + n;
			turn = turn_at(seen);
		} while (!head($).compare_exchange_weak(seen, (seen + n) | sets[turn],
							rl::mo_acq_rel, rl::mo_relaxed));
		for (int i = first; i < end; i++)
			command[i]($) = 1;
		if (turn == LONE) {
			ring_doorbell(end);
			if (head($).load(rl::mo_relaxed) & MET)
				help();
			return end;
		}
		if (turn == PUBLISHER) {
			if (bug == DOORBELL_BEHIND) {
				if (!retire(end, true))
					publish();
				ring_doorbell(end);
				return end;
			}
			ring_doorbell(end);
			if (!retire(end, true))
				publish();
			return end;
		}
		ready[first]($).store(end, bug == READY_RELAXED ? rl::mo_relaxed : rl::mo_release);
		while (patient && turn == WAITS && rung($).load(rl::mo_acquire) < first)
			rl::yield(1, $);
		if (become_publisher())
			publish();
		return end;
	}

	/* What a waiter does until the SMMU may have what it waits for. */
	void wait(int end)
	{
		while (published($).load(rl::mo_acquire) < end) {
			if (helps)
				help();
			rl::yield(1, $);
		}
	}

	void thread(unsigned i)
	{
		if (i < 2) {
			submit(1);
			int end = submit(2);

			if (helps || bug == NO_HELP)
				wait(end);
			return;
		}
		if (third) {
			submit(1);
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
		RL_ASSERT(position_in(head($).load(rl::mo_relaxed)) == TOTAL);
		RL_ASSERT(published($).load(rl::mo_relaxed) == TOTAL);
		RL_ASSERT(rung($).load(rl::mo_relaxed) == TOTAL);
		RL_ASSERT(prod($).load(rl::mo_relaxed) == TOTAL);
	}
};

int main()
{
	bool good = must_hold<cmdq<NONE>>("command queue", 2);

	good &= must_hold<cmdq<IMPATIENT>>("who met a lone producer leaves", 1);
	good &= must_hold<cmdq<NONE, true>>("three producers", 0);
	good &= must_break<cmdq<READY_RELAXED>>("release with the ready word");
	good &= must_break<cmdq<NO_LOOK_AGAIN>>("a look after giving back");
	good &= must_break<cmdq<NOBODY_TAKES_OVER>>("taking over");
	good &= must_break<cmdq<TAKES_OVER_RELAXED>>("order in taking over");
	good &= must_break<cmdq<GIVES_BACK_RELAXED>>("order in giving back");
	good &= must_break<cmdq<BLIND_CLAIM>>("a look before the claim");
	good &= must_break<cmdq<BLIND_RETIRE>>("the compare in retiring");
	good &= must_break<cmdq<DOORBELL_BEHIND>>("the doorbell inside the turn");
	good &= must_break<cmdq<CLAIM_BY_PUBLISHED>>("a claim that looks at the doorbell");
	good &= must_break<cmdq<RUNG_RELAXED>>("release behind the doorbell");
	good &= must_break<cmdq<BLIND_REACH>>("a publisher's look at the doorbell");
	good &= must_break<cmdq<NO_WAIT_FOR_LONE>>("waiting for a lone producer");
	good &= must_break<cmdq<TWO_LOOKS>>("one look at where the chain begins");
	good &= must_break<cmdq<NO_HELP>>("help from who waits");
	return good ? 0 : 1;
}
