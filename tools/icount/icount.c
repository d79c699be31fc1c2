// SPDX-License-Identifier: GPL-2.0-only
/*
 * icount: a QEMU user-mode plugin that counts what an arm64 program executes between two markers.
 *
 * The program executes A64_COUNT_BEGIN and A64_COUNT_END (hints, that is no-ops, on a processor and
 * without the plugin). At each end one line goes to the file named by the argument out=FILE:
 *
 *	PID instructions=N loads=N stores=N exclusive=N lse=N acquire_release=N dmb=N dsb=N
 *	l1d_misses=N
 *
 * The markers themselves are not counted. Misses are those of a model (l1d.h), which sees every
 * access since the program began. The file is appended to with one write() per line, so
 * that forked children can share it. The counters are plain memory that the translated code adds
 * to: exact for programs with one thread, and only for those.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "a64.h"
#include "l1d.h"
#include "qemu-plugin.h"

enum { NR_COUNTED = 1 + A64_KINDS, L1D_MISSES = NR_COUNTED, NR_COUNTERS };

static const char *const names[NR_COUNTERS] = {
	"instructions",	   "loads", "stores", "exclusive",  "lse",
	"acquire_release", "dmb",   "dsb",    "l1d_misses",
};

static uint64_t counter[NR_COUNTERS];
static uint64_t at_begin[NR_COUNTERS];
static struct l1d cache;
static int out_fd = -1;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static void count_begin(unsigned int vcpu_index, void *userdata)
{
	memcpy(at_begin, counter, sizeof(counter));
}

static void count_end(unsigned int vcpu_index, void *userdata)
{
	char line[512];
	int used = snprintf(line, sizeof(line), "%ld", (long)getpid());

	for (int i = 0; i < NR_COUNTERS; i++)
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %s=%llu", names[i],
				 (unsigned long long)(counter[i] - at_begin[i]));
	line[used++] = '\n';
	if (write(out_fd, line, (size_t)used) != used)
		perror("icount: the counts were not written");
}

static void accessed(unsigned int vcpu_index, qemu_plugin_meminfo_t info, uint64_t vaddr,
		     void *userdata)
{
	counter[L1D_MISSES] += l1d_access(&cache, vaddr);
}

static void instrument(struct qemu_plugin_insn *insn)
{
	unsigned int kinds;
	uint32_t opcode;

	memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
	if (opcode == A64_COUNT_BEGIN || opcode == A64_COUNT_END) {
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, opcode == A64_COUNT_BEGIN ? count_begin : count_end,
			QEMU_PLUGIN_CB_NO_REGS, NULL);
		return;
	}
	/* The first counter is of all instructions, the others follow the order of enum a64_kind.
	 */
	kinds = a64_kinds(opcode) << 1 | 1;
	for (int i = 0; i < NR_COUNTED; i++)
		if (kinds & 1u << i)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
								   &counter[i], 1);
	qemu_plugin_register_vcpu_mem_cb(insn, accessed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
					 NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++)
		instrument(qemu_plugin_tb_get_insn(tb, i));
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	if (strcmp(info->target_name, "aarch64") != 0) {
		fprintf(stderr, "icount: %s is not aarch64\n", info->target_name);
		return -1;
	}
	if (argc == 1 && !strncmp(argv[0], "out=", 4))
		out_fd = open(argv[0] + 4, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out_fd < 0) {
		fprintf(stderr, "icount: needs one argument, out=FILE, of a file to append to\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
