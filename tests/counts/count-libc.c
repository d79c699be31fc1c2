// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library calls of libc between two arenas, for count-ops.
 *
 * The C library chooses its own by processor, kernel and version, so that clearing a page, or
 * asking for the CPU, would be counted differently on every host. These are always the same, and
 * the CPU is always the first. Compiled freestanding, or the compiler would make calls of
 * themselves out of their loops.
 */
#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
int sched_getcpu(void);

typedef uint64_t lanes __attribute__((vector_size(16), aligned(1), may_alias));

#ifdef __aarch64__
enum { ZVA_BYTES = 64 }; /* what DC ZVA clears on a Neoverse N1 */

/* What can be cleared by DC ZVA, as the kernel and the C library clear pages. Returns the bytes. */
static size_t clear_lines(unsigned char *p, size_t n)
{
	size_t lines = (uintptr_t)p % ZVA_BYTES ? 0 : n / ZVA_BYTES;

	for (size_t i = 0; i < lines; i++, p += ZVA_BYTES)
		__asm__ volatile("dc zva, %0" ::"r"(p) : "memory");
	return lines * ZVA_BYTES;
}
#else
static size_t clear_lines(unsigned char *p, size_t n)
{
	return 0;
}
#endif

void *memset(void *to, int byte, size_t n)
{
	uint64_t word = 0x0101010101010101ull * (uint8_t)byte;
	unsigned char *p = to;
	size_t cleared = byte ? 0 : clear_lines(p, n);

	p += cleared;
	n -= cleared;
	for (; n >= sizeof(lanes); n -= sizeof(lanes), p += sizeof(lanes))
		*(lanes *)p = (lanes){ word, word };
	for (; n; n--)
		*p++ = (uint8_t)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	const unsigned char *q = from;
	unsigned char *p = to;

	for (; n >= sizeof(lanes); n -= sizeof(lanes), p += sizeof(lanes), q += sizeof(lanes))
		*(lanes *)p = *(const lanes *)q;
	for (; n; n--)
		*p++ = *q++;
	return to;
}

int sched_getcpu(void)
{
	return 0;
}
