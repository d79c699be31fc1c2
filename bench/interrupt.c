// SPDX-License-Identifier: GPL-2.0-only
/*
 * interrupt: the handler. See interrupt.h.
 *
 * Who synchronises with whom: the flag is set in a handler, in whichever thread, and read relaxed
 * by all; nothing else is passed with it.
 */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SAME_SIGNAL_MS = 500 };

static _Atomic long long first_ms;
static char message[160];

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000 + 1;
}

static void handle(int signal)
{
	long long none = 0, now = now_ms();
	ssize_t written;

	(void)signal;
	if (!atomic_compare_exchange_strong(&first_ms, &none, now)) {
		if (now - none >= SAME_SIGNAL_MS)
			_exit(INTERRUPT_STATUS);
		return;
	}
	written = write(STDERR_FILENO, message, strlen(message));
	(void)written; /* there is no one to tell */
}

void interrupt_catch(const char *program)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };

	snprintf(message, sizeof(message),
		 "\n%s: stopping; once more ends it at once, without the report\n", program);
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool interrupt_came(void)
{
	return atomic_load_explicit(&first_ms, memory_order_relaxed) != 0;
}
