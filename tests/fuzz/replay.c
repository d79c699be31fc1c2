// SPDX-License-Identifier: GPL-2.0-only
/*
 * A main() for a fuzz target without a fuzzer: runs every file of the folders that are named, each
 * also cut short at every length and with bits flipped, so that a small corpus reaches further.
 * What libFuzzer (tests/fuzz/run.sh) found belongs into the corpus.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "input.h"

#define MOST_BYTES 4096

static unsigned int files, runs;

static void run_one(const uint8_t *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
	runs++;
}

static void run_file(const char *path)
{
	uint8_t data[MOST_BYTES];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	files++;
	run_one(data, size);
	for (size_t i = 0; i < size; i++)
		run_one(data, i);
	for (size_t i = 0; i < size; i++) {
		data[i] ^= (uint8_t)(1u << i % 8);
		run_one(data, size);
		data[i] ^= (uint8_t)(1u << i % 8);
	}
}

static void run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];

	if (!dir) {
		perror(folder);
		exit(1);
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		run_file(path);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_folder(argv[i]);
	printf("%u files, %u runs\n", files, runs);
	if (files < 5) {
		fprintf(stderr, "usage: %s FOLDER...: with at least 5 files in all\n", argv[0]);
		return 1;
	}
	return fuzz_is_complete() ? 0 : 1;
}
