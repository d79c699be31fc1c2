/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a fuzzer's input: bytes until there are none, then zeros. Each program that includes this
 * has its LLVMFuzzerTestOneInput() and fuzz_is_complete().
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct input {
	const uint8_t *data;
	size_t left;
};

static inline uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- && in->left) {
		value = value << 8 | *in->data++;
		in->left--;
	}
	return value;
}

/* What must hold whatever the input is. */
#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of fuzz_is_complete(): this had so many effects. */
static inline bool was_reached(const char *name, unsigned long times)
{
	if (!times)
		fprintf(stderr, "%s: never had an effect: the corpus needs an input for it\n",
			name);
	return times;
}

/*
 * After a corpus was replayed: did it reach all that the target is for? Says on stderr what it did
 * not.
 */
bool fuzz_is_complete(void);

#endif /* TESTS_FUZZ_INPUT_H */
