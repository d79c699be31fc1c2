/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu-model: what the processor is called, and whether it is the real one.
 */
#ifndef BENCH_CPU_MODEL_H
#define BENCH_CPU_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum { CPU_TEXT_BYTES = 128 };

/**
 * struct cpu_model - the processor
 * @name: as the vendor or the kernel calls it
 * @id: family and model, or MIDR, in the architecture's own terms
 * @hypervisor: who runs this virtual machine, "none", or "unknown"
 * @emulated: the program's instructions are those of another architecture than the CPU's
 */
struct cpu_model {
	char name[CPU_TEXT_BYTES];
	char id[CPU_TEXT_BYTES];
	char hypervisor[CPU_TEXT_BYTES];
	bool emulated;
};

/**
 * cpu_model_get() - find out
 * @cpu: out
 */
void cpu_model_get(struct cpu_model *cpu);

/**
 * read_line() - the first line of a file
 * @path: the file
 * @line: out, without the newline; empty if there is none
 * @bytes: room in @line
 *
 * Return: whether there was one.
 */
bool read_line(const char *path, char *line, size_t bytes);

#endif /* BENCH_CPU_MODEL_H */
