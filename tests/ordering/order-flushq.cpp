// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flush queue's one rule (core/flush-queue.c): nothing is released before an invalidation that
 * began after it was queued has completed. Two threads unmap a page each, queue it, and flush or
 * use the other's flush; the device accesses both pages, out of its cache where it has them there.
 *
 * Releasing is a write of a variable that the device reads when it gets at the page: a release that
 * is not ordered behind the device's last access is a data race, which relacy finds.
 */
#include "model.h"

enum bug {
	NONE,
	NO_FENCE_WHO_QUEUES,
	NO_FENCE_WHO_FLUSHES,
	STAMP_BEFORE_CLEAR,
	ASK_BEFORE_BEGUN,
	COMPLETE_BEFORE_ASK,
	COMPLETE_RELAXED,
	EARLY,
	TWO_FLUSH,
};

enum { PAGES = 2, TRIES = 2 };

template <int bug> struct flushq : rl::test_suite<flushq<bug>, 3> {
	rl::atomic<int> begun, completed, flushing, desc[PAGES];
	rl::var<int> memory[PAGES], cached[PAGES];
	rl::mutex device;

	void before()
	{
		begun($).store(0, rl::mo_relaxed);
		completed($).store(0, rl::mo_relaxed);
		flushing($).store(0, rl::mo_relaxed);
		for (int i = 0; i < PAGES; i++) {
			desc[i]($).store(1, rl::mo_relaxed);
			memory[i]($) = 0;
			cached[i]($) = 0;
		}
	}

	/* tlb_sync: accesses that were under way have ended, later ones walk anew. */
	void ask()
	{
		device.lock($);
		for (int i = 0; i < PAGES; i++)
			cached[i]($) = 0;
		device.unlock($);
	}

	void flush()
	{
		int mine;

		if (bug == ASK_BEFORE_BEGUN)
			ask();
		mine = begun($).fetch_add(1, rl::mo_seq_cst) + 1;
		if (bug != NO_FENCE_WHO_FLUSHES)
			rl::atomic_thread_fence(rl::mo_seq_cst, $);
		if (bug == COMPLETE_BEFORE_ASK)
			completed($).store(mine, rl::mo_release);
		if (bug != ASK_BEFORE_BEGUN)
			ask();
		if (bug != COMPLETE_BEFORE_ASK) {
			/* A ticket that is done stays done. */
			RL_ASSERT(completed($).load(rl::mo_relaxed) < mine);
			completed($).store(mine, bug == COMPLETE_RELAXED ? rl::mo_relaxed
									 : rl::mo_release);
		}
	}

	bool is_safe(int stamp)
	{
		int done = completed($).load(bug == COMPLETE_RELAXED ? rl::mo_relaxed
								     : rl::mo_acquire);

		return bug == EARLY ? done >= stamp && done > 0 : done > stamp;
	}

	/* flush_until(), which gives up after some tries instead of waiting. */
	void flush_until(int stamp)
	{
		for (int i = 0; i < TRIES && !is_safe(stamp); i++) {
			if (bug != TWO_FLUSH && flushing($).exchange(1, rl::mo_acquire)) {
				rl::yield(1, $);
				continue;
			}
			if (!is_safe(stamp))
				flush();
			if (bug != TWO_FLUSH)
				flushing($).store(0, rl::mo_release);
		}
	}

	int read_stamp()
	{
		if (bug != NO_FENCE_WHO_QUEUES)
			rl::atomic_thread_fence(rl::mo_seq_cst, $);
		return begun($).load(rl::mo_relaxed);
	}

	void unmap(int page)
	{
		int stamp = bug == STAMP_BEFORE_CLEAR ? read_stamp() : 0;

		desc[page]($).store(0, rl::mo_relaxed);
		if (bug != STAMP_BEFORE_CLEAR)
			stamp = read_stamp();
		flush_until(stamp);
		if (is_safe(stamp))
			memory[page]($) = 1;
	}

	void access(int page)
	{
		device.lock($);
		if (cached[page]($) || desc[page]($).load(rl::mo_relaxed)) {
			int released = memory[page]($);

			RL_ASSERT(!released);
			cached[page]($) = 1;
		}
		device.unlock($);
	}

	void thread(unsigned i)
	{
		if (i < PAGES) {
			unmap((int)i);
			return;
		}
		for (int n = 0; n < 2; n++)
			for (int page = 0; page < PAGES; page++)
				access(page);
	}
};

int main()
{
	bool good = must_hold<flushq<NONE>>("flush queue");

	good &= must_break<flushq<NO_FENCE_WHO_QUEUES>>("the fence of who queues");
	good &= must_break<flushq<NO_FENCE_WHO_FLUSHES>>("the fence of who flushes");
	good &= must_break<flushq<STAMP_BEFORE_CLEAR>>("clearing before the stamp");
	good &= must_break<flushq<ASK_BEFORE_BEGUN>>("begun before asking");
	good &= must_break<flushq<COMPLETE_BEFORE_ASK>>("asking before completed");
	good &= must_break<flushq<COMPLETE_RELAXED>>("order of completed");
	good &= must_break<flushq<EARLY>>("waiting for the flush after");
	good &= must_break<flushq<TWO_FLUSH>>("one flush at a time");
	return good ? 0 : 1;
}
