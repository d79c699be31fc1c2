// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library asks of its environment (core/port.h), on bare metal with one CPU: arenas from a
 * piece of RAM that is handed out once, cache cleaning by address, messages by semihosting.
 */
#include "core/port.h"

#include "image.h"

static uint64_t next = ARENAS_BASE;

void *memset(void *ptr, int value, size_t n)
{
	volatile uint8_t *p = ptr;

	while (n--)
		*p++ = (uint8_t)value;
	return ptr;
}

void *memcpy(void *to, const void *from, size_t n)
{
	volatile uint8_t *t = to;
	const uint8_t *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				enum port_pages *pages)
{
	uint64_t arena = (next + head_bytes + arena_bytes - 1) & ~(uint64_t)(arena_bytes - 1);

	if (arena + arena_bytes > RAM_BASE + RAM_BYTES)
		return NULL;
	next = arena + arena_bytes;
	*pages = PORT_PAGES_ORDINARY;
	return (void *)arena; /* RAM of a machine that was just started is zero */
}

/* Nothing is unmapped before the image ends: arenas stay where they are. */
void io_pgtable_port_arena_unmap(void *arena, size_t head_bytes, size_t arena_bytes)
{
}

bool io_pgtable_port_purge(void *ptr, size_t bytes)
{
	return false;
}

int io_pgtable_port_slot(void)
{
	return 0;
}

unsigned int io_pgtable_port_nodes(void)
{
	return 1;
}

unsigned int io_pgtable_port_node(void)
{
	return 0;
}

int io_pgtable_port_node_of(unsigned int system_number)
{
	return system_number ? -1 : 0;
}

size_t io_pgtable_port_page_bytes(void)
{
	return PORT_MIN_PAGE_BYTES;
}

size_t io_pgtable_port_line_bytes(void)
{
	uint64_t ctr;
	size_t bytes;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	bytes = 4u << (ctr >> 16 & 15);
	return bytes < 64 ? 64 : bytes;
}

void io_pgtable_port_clean(const void *ptr, size_t bytes)
{
	size_t line = io_pgtable_port_line_bytes();
	uint64_t at = (uint64_t)ptr & ~(uint64_t)(line - 1), end = (uint64_t)ptr + bytes;

	for (; at < end; at += line)
		__asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
	full_barrier();
}

void io_pgtable_port_report(bool fatal, const char *what, const char *file, int line)
{
	image_print("io-pgtable: ");
	image_print(what);
	image_print("\n");
	if (fatal)
		image_exit(3);
}
