/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three levels of assertion, chosen by IO_PGTABLE_ASSERT (a build option).
 *
 * 1, misuse(): the caller broke the API's contract. Reported once per place, never fatal: the call
 * returns its documented error. 2, pt_assert(): the library broke an invariant of its own; fatal.
 * 3, pt_assert_slow(): the same where the check costs more than the work. Below its level a check
 * is not evaluated, except that misuse() always yields its condition.
 */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

#include "core/port.h"

#ifndef IO_PGTABLE_ASSERT
#define IO_PGTABLE_ASSERT 1
#endif

#if IO_PGTABLE_ASSERT >= 1
#define misuse(cond, what)                                                                      \
	({                                                                                      \
		static bool reported_;                                                          \
		bool bad_ = (cond);                                                             \
		if (unlikely(bad_) && !__atomic_exchange_n(&reported_, true, __ATOMIC_RELAXED)) \
			io_pgtable_port_report(false, what, __FILE__, __LINE__);                \
		bad_;                                                                           \
	})
#else
#define misuse(cond, what) (cond)
#endif

#define pt_check_(level, cond)                                                   \
	do {                                                                     \
		if (IO_PGTABLE_ASSERT >= (level) && unlikely(!(cond)))           \
			io_pgtable_port_report(true, #cond, __FILE__, __LINE__); \
	} while (0)

#define pt_assert(cond)	     pt_check_(2, cond)
#define pt_assert_slow(cond) pt_check_(3, cond)

#endif /* CORE_ASSERT_H */
