// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every bare-metal image begins and ends with: results on the console, and the status of the
 * emulator: 0 if everything held.
 */
#include "image.h"

static unsigned int passed, failed;

void image_print_hex(const char *name, uint64_t value)
{
	char text[2 + 16 + 1] = "0x";

	for (unsigned int i = 0; i < 16; i++)
		text[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	text[18] = 0;
	image_print(name);
	image_print(text);
}

void image_check(bool good, const char *what)
{
	image_print(good ? "ok: " : "FAILED: ");
	image_print(what);
	image_print("\n");
	good ? passed++ : failed++;
}

/* boot.S: none is expected. */
void image_exception(uint64_t esr, uint64_t far, uint64_t elr);
void image_exception(uint64_t esr, uint64_t far, uint64_t elr)
{
	image_print_hex("exception: ESR ", esr);
	image_print_hex(", FAR ", far);
	image_print_hex(", ELR ", elr);
	image_print("\n");
	image_exit(2);
}

int main(void)
{
	image_run();
	image_print_hex("passed ", passed);
	image_print_hex(", failed ", failed);
	image_print("\n");
	image_exit(failed ? 1 : 0);
}
