// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-sanitizers: what a sanitizer has to report, so that its silence about everything else means
 * something. Built in sanitized builds only; CTest looks for the report.
 *
 * usage: test-sanitizers address|undefined
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Through a pointer that the compiler knows nothing of: UBSan would see it first. */
static int read_behind(char *volatile *memory, size_t bytes)
{
	volatile char *at = *memory;

	return at[bytes];
}

static int overflow(volatile int *most)
{
	return *most + 1;
}

int main(int argc, char **argv)
{
	volatile int most = INT_MAX;
	char *volatile memory = calloc(1, 16);
	int read;

	if (argc != 2 || !memory)
		return 2;
	read = strcmp(argv[1], "address") ? overflow(&most) : read_behind(&memory, 16);
	printf("not reported: %s, %d\n", argv[1], read);
	free(memory);
	return 0;
}
