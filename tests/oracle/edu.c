// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device (edu.h). Its buffer has two places of 8 bytes: the token, and what was read.
 */
#include "edu.h"

#include <stdio.h>
#include <stdlib.h>

#include "qemu.h"

#define EDU_ID	      0x010000edu
#define EDU_SOURCE    0x80
#define EDU_TARGET    0x88
#define EDU_COUNT     0x90
#define EDU_COMMAND   0x98
#define EDU_START     1u
#define EDU_TO_MEMORY 2u
#define EDU_BUFFER    0x40000
#define TOKEN_AT      (EDU_BUFFER + 0)
#define FETCHED_AT    (EDU_BUFFER + 64)
#define TOKEN	      0x1d6a3c5b79e8f024ull
#define MAX_POLLS     100000

static uint64_t bar;

bool edu_init(uint64_t at)
{
	bar = at;
	return qemu_read32(bar) == EDU_ID;
}

uint64_t edu_token(void)
{
	return TOKEN;
}

static void transfer(uint64_t source, uint64_t target, unsigned int direction)
{
	qemu_write64(bar + EDU_SOURCE, source);
	qemu_write64(bar + EDU_TARGET, target);
	qemu_write64(bar + EDU_COUNT, 8);
	qemu_write64(bar + EDU_COMMAND, EDU_START | direction);
	for (unsigned int polls = 0; qemu_read64(bar + EDU_COMMAND) & EDU_START; polls++) {
		if (polls == MAX_POLLS) {
			fprintf(stderr, "oracle: a DMA did not end\n");
			exit(2);
		}
	}
}

void edu_write(uint64_t iova)
{
	transfer(TOKEN_AT, iova, EDU_TO_MEMORY);
}

bool edu_lands(uint64_t iova, volatile uint64_t *ptr)
{
	bool landed;

	*ptr = 0;
	edu_write(iova);
	landed = *ptr == TOKEN;
	*ptr = 0;
	return landed;
}

void edu_read(uint64_t iova)
{
	transfer(iova, FETCHED_AT, 0);
}

uint64_t edu_fetched(uint64_t iova, const volatile uint64_t *ptr)
{
	transfer(FETCHED_AT, iova, EDU_TO_MEMORY);
	return *ptr;
}

void edu_load_token(uint64_t iova, volatile uint64_t *ptr)
{
	*ptr = TOKEN;
	transfer(iova, TOKEN_AT, 0);
	*ptr = 0;
}
