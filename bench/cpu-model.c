// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpu-model: reads CPUID on x86-64, MIDR_EL1 as the kernel shows it on arm64.
 *
 * A program that runs under qemu-user sees the host's /sys, where an arm64 CPU's MIDR is missing:
 * that is how emulation is told from hardware, so that no figure can pass for what it is not.
 */
#include "cpu-model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_text(char to[CPU_TEXT_BYTES], const char *text)
{
	snprintf(to, CPU_TEXT_BYTES, "%s", text);
}

bool read_line(const char *path, char *line, size_t bytes)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, (int)bytes, file);

	if (file)
		fclose(file);
	if (!got)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return got && line[0];
}

#if defined(__x86_64__)

#include <cpuid.h>

static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != ' ' || (to > text && to[-1] != ' '))
			*to++ = *from;
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static void brand(char *name)
{
	uint32_t reg[3][4] = { { 0 } };

	for (unsigned int i = 0; i < 3; i++)
		__get_cpuid(0x80000002 + i, &reg[i][0], &reg[i][1], &reg[i][2], &reg[i][3]);
	memcpy(name, reg, sizeof(reg));
	name[sizeof(reg)] = '\0';
	squeeze(name);
}

static void signature(unsigned int leaf, char *text)
{
	uint32_t a, b, c, d, reg[3];

	__cpuid(leaf, a, b, c, d);
	reg[0] = b;
	reg[1] = leaf ? c : d;
	reg[2] = leaf ? d : c;
	memcpy(text, reg, sizeof(reg));
	text[sizeof(reg)] = '\0';
}

static const struct {
	const char *signature, *name;
	bool emulates;
} hypervisors[] = {
	{ "KVMKVMKVM", "kvm", false },	     { "Microsoft Hv", "hyper-v", false },
	{ "VMwareVMware", "vmware", false }, { "XenVMMXenVMM", "xen", false },
	{ "TCGTCGTCGTCG", "qemu", true },
};

static void find_hypervisor(struct cpu_model *cpu)
{
	char text[16];

	signature(0x40000000, text);
	set_text(cpu->hypervisor, text[0] ? text : "unknown");
	for (size_t i = 0; i < sizeof(hypervisors) / sizeof(hypervisors[0]); i++)
		if (strcmp(text, hypervisors[i].signature) == 0) {
			set_text(cpu->hypervisor, hypervisors[i].name);
			cpu->emulated = hypervisors[i].emulates;
		}
}

void cpu_model_get(struct cpu_model *cpu)
{
	uint32_t a = 0, b, c = 0, d, family, model;
	char vendor[16];

	memset(cpu, 0, sizeof(*cpu));
	brand(cpu->name);
	signature(0, vendor);
	__get_cpuid(1, &a, &b, &c, &d);
	family = a >> 8 & 15;
	model = (a >> 4 & 15) | (a >> 12 & 0xf0);
	if (family == 15)
		family += a >> 20 & 255;
	snprintf(cpu->id, sizeof(cpu->id), "%s family %u model %u stepping %u", vendor, family,
		 model, a & 15);
	if (!cpu->name[0])
		set_text(cpu->name, cpu->id);
	/* Bit 31 is reserved to mean "there is a hypervisor". */
	if (c >> 31)
		find_hypervisor(cpu);
	else
		set_text(cpu->hypervisor, "none");
}

#else

static const struct {
	uint16_t implementer, part;
	const char *name;
} parts[] = {
	{ 0x41, 0xd08, "Cortex-A72" },	{ 0x41, 0xd0c, "Neoverse-N1" },
	{ 0x41, 0xd40, "Neoverse-V1" }, { 0x41, 0xd49, "Neoverse-N2" },
	{ 0x41, 0xd4f, "Neoverse-V2" }, { 0x41, 0xd84, "Neoverse-V3" },
	{ 0x41, 0xd8e, "Neoverse-N3" }, { 0x46, 0x001, "A64FX" },
	{ 0x48, 0xd01, "Kunpeng-920" }, { 0xc0, 0xac3, "Ampere-1" },
	{ 0xc0, 0xac4, "Ampere-1a" },	{ 0x43, 0x0af, "ThunderX2" },
};

static bool read_midr(uint64_t *midr)
{
	char line[64];

	if (!read_line("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", line,
		       sizeof(line)))
		return false;
	*midr = strtoull(line, NULL, 16);
	return true;
}

void cpu_model_get(struct cpu_model *cpu)
{
	unsigned int implementer, part;
	uint64_t midr;

	memset(cpu, 0, sizeof(*cpu));
	if (!read_line("/sys/hypervisor/type", cpu->hypervisor, sizeof(cpu->hypervisor)))
		set_text(cpu->hypervisor, "unknown");
	/* Implementer 0 is for software: QEMU's "max". */
	cpu->emulated = !read_midr(&midr) || midr >> 24 == 0;
	if (cpu->emulated) {
		set_text(cpu->name, "emulated arm64");
		set_text(cpu->id, "no MIDR_EL1");
		return;
	}
	implementer = midr >> 24 & 0xff;
	part = midr >> 4 & 0xfff;
	snprintf(cpu->id, sizeof(cpu->id), "implementer 0x%02x part 0x%03x variant %u revision %u",
		 implementer, part, (unsigned int)(midr >> 20 & 15), (unsigned int)(midr & 15));
	snprintf(cpu->name, sizeof(cpu->name), "arm64 %02x-%03x", implementer, part);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].implementer == implementer && parts[i].part == part)
			set_text(cpu->name, parts[i].name);
}

#endif
