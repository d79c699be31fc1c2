/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays that grow: room doubles when it is used up. A size that does not fit 32 bits is refused.
 */
#ifndef BENCH_GROW_H
#define BENCH_GROW_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define GROW_FIRST 64

/* Makes room for item nr of *array: 0, -ENOMEM, or -E2BIG; *array is as it was unless 0. */
static inline int grow(void **array, uint32_t nr, uint32_t *room, size_t item_bytes)
{
	uint32_t more = *room ? 2 * *room : GROW_FIRST;
	void *memory;

	if (nr < *room)
		return 0;
	if (more <= *room)
		return -E2BIG;
	memory = realloc(*array, more * item_bytes);
	if (!memory)
		return -ENOMEM;
	*array = memory;
	*room = more;
	return 0;
}

#endif /* BENCH_GROW_H */
