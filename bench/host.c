// SPDX-License-Identifier: GPL-2.0-only
/*
 * host: what this host can do. See host.h.
 */
#include "host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

uint64_t host_available_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	bool found = false;
	char line[128];

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "MemAvailable: %llu kB", &kib) == 1;
	if (file)
		fclose(file);
	return found ? kib << 10 : UINT64_MAX;
}

static sigjmp_buf after_trap;

static void on_trap(int sig)
{
	siglongjmp(after_trap, 1);
}

static void clean_line(char *line)
{
#if defined(__aarch64__)
	__asm__ volatile("dc cvac, %0" : : "r"(line) : "memory");
#elif defined(__x86_64__)
	__asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
#endif
}

bool host_can_clean_lines(void)
{
	static int answer = -1;
	struct sigaction trap = { .sa_handler = on_trap }, before;
	char line[64] = { 0 };

	if (answer >= 0)
		return answer;
	sigaction(SIGILL, &trap, &before);
	if (sigsetjmp(after_trap, 1) == 0) {
		clean_line(line);
		answer = 1;
	} else {
		answer = 0;
	}
	sigaction(SIGILL, &before, NULL);
	return answer;
}
