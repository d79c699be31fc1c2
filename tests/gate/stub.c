// SPDX-License-Identifier: GPL-2.0-only
/*
 * stub: a driver of the gate without a library, good or broken in one way (STUB_...).
 *
 * Invariant: but for that way it does what driver.h asks for.
 */
#include <stddef.h>

#include "driver.h"

static int state;

static const char *stub_name(uint32_t i)
{
#ifdef STUB_CASES
	return "another/case:1";
#else
	return i ? "second/case:2" : "first/case:1";
#endif
}

static void *stub_open(uint32_t i)
{
	return &state;
}

static uint64_t stub_run(void *at, uint64_t operations)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < operations; i++) {
		sum += i;
		__asm__ volatile("" : "+r"(sum));
	}
#ifdef STUB_WRONG
	sum++;
#endif
	return sum;
}

static void stub_close(void *at)
{
}

#ifdef STUB_DELAY
static void stub_delay(uint64_t rounds)
{
}

#define DELAY stub_delay
#else
#define DELAY NULL
#endif

static const struct gate_driver driver = {
#ifdef STUB_ABI
	.abi = GATE_DRIVER_ABI + 1,
#else
	.abi = GATE_DRIVER_ABI,
#endif
	.cases = 2,
	.name = stub_name,
	.open = stub_open,
	.run = stub_run,
	.close = stub_close,
	.delay = DELAY,
};

#ifdef STUB_NONE
const struct gate_driver *not_gate_driver(void);
const struct gate_driver *not_gate_driver(void)
#else
const struct gate_driver *gate_driver(void)
#endif
{
	return &driver;
}
