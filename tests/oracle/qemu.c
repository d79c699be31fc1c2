// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine (qemu.h): a child process on two pipes, its memory a file that both have mapped.
 */
#define _GNU_SOURCE
#include "qemu.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS  64
#define RAM_ALIGN (1ul << 20)

static FILE *to, *from;
static pid_t child;
static uint8_t *ram;
static uint64_t base;
static size_t used;

static void __attribute__((format(printf, 1, 2), noreturn)) fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("oracle: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputs("\n", stderr);
	va_end(ap);
	exit(2);
}

/* One request, one answer; what QEMU says besides (IRQ lines) is passed over. */
static uint64_t ask(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vfprintf(to, fmt, ap);
	va_end(ap);
	fputc('\n', to);
	fflush(to);
	do {
		if (!fgets(line, sizeof(line), from))
			fail("QEMU ended without an answer (its message is above)");
	} while (!strncmp(line, "IRQ", 3));
	if (strncmp(line, "OK", 2))
		fail("QEMU refused a request: %s", line);
	return line[2] ? strtoull(line + 2, NULL, 0) : 0;
}

uint32_t qemu_read32(uint64_t pa)
{
	return (uint32_t)ask("readl 0x%llx", (unsigned long long)pa);
}

uint64_t qemu_read64(uint64_t pa)
{
	return ask("readq 0x%llx", (unsigned long long)pa);
}

void qemu_write32(uint64_t pa, uint32_t value)
{
	ask("writel 0x%llx 0x%x", (unsigned long long)pa, value);
}

void qemu_write64(uint64_t pa, uint64_t value)
{
	ask("writeq 0x%llx 0x%llx", (unsigned long long)pa, (unsigned long long)value);
}

void qemu_out32(unsigned int port, uint32_t value)
{
	ask("outl 0x%x 0x%x", port, value);
}

uint32_t qemu_in32(unsigned int port)
{
	return (uint32_t)ask("inl 0x%x", port);
}

static int memory_file(size_t bytes)
{
	int fd = memfd_create("oracle", 0);

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		fail("no memory file of %zu bytes", bytes);
	return fd;
}

static void *map_file(int fd, size_t bytes)
{
	void *ptr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (ptr == MAP_FAILED)
		fail("a memory file could not be mapped");
	return ptr;
}

/* Tables are aligned to their size, by either address. */
static void *map_aligned(int fd, size_t bytes, size_t align)
{
	uint8_t *all = mmap(NULL, bytes + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at = (uint8_t *)(((uintptr_t)all + align - 1) & ~(align - 1));

	if (all == MAP_FAILED ||
	    mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		fail("no %zu bytes of memory for the machine", bytes);
	return at;
}

/* A BIOS whose reset vector, 16 bytes below its end, holds the code. */
static int bios_file(const struct qemu_machine *m)
{
	int fd = memory_file(m->bios_bytes);
	uint8_t *bios = map_file(fd, m->bios_bytes);

	memcpy(bios + m->bios_bytes - 16, m->code, m->code_words * sizeof(*m->code));
	munmap(bios, m->bios_bytes);
	return fd;
}

struct arguments {
	char text[MAX_ARGS][160];
	char *argv[MAX_ARGS + 1];
	unsigned int n;
};

static void __attribute__((format(printf, 2, 3))) add(struct arguments *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == MAX_ARGS)
		fail("too many arguments for QEMU");
	va_start(ap, fmt);
	vsnprintf(a->text[a->n], sizeof(a->text[0]), fmt, ap);
	va_end(ap);
	a->argv[a->n] = a->text[a->n];
	a->argv[++a->n] = NULL;
}

/* -icount: the edu device takes 100 ms for a DMA, by the machine's clock. */
static void build_arguments(struct arguments *a, const struct qemu_machine *m, int ram_fd)
{
	static const char *const common[] = {
		"-accel",   "tcg",   "-icount",	    "shift=10,sleep=off",
		"-qtest",   "stdio", "-qtest-log",  "/dev/null",
		"-display", "none",  "-nodefaults", "-vga",
		"none",	    NULL
	};

	a->n = 0;
	add(a, "%s", m->program);
	for (const char *const *arg = common; *arg; arg++)
		add(a, "%s", *arg);
	for (const char *const *arg = m->args; *arg; arg++)
		add(a, "%s", *arg);
	add(a, "-m");
	add(a, "%llu", QEMU_RAM_BYTES >> 20);
	add(a, "-object");
	add(a, "memory-backend-file,id=ram,size=%llu,mem-path=/proc/self/fd/%d,share=on",
	    QEMU_RAM_BYTES, ram_fd);
	add(a, "-device");
	add(a, "edu,addr=4,dma_mask=0xffffffffffffffff");
	if (m->cpu_start) {
		add(a, "-device");
		add(a, "%s", m->cpu_start);
	}
	if (m->bios_bytes) {
		add(a, "-bios");
		add(a, "/proc/self/fd/%d", bios_file(m));
	}
}

void qemu_start(const struct qemu_machine *m)
{
	int ram_fd = memory_file(QEMU_RAM_BYTES), in[2], out[2];
	struct arguments *a = malloc(sizeof(*a));

	if (!a || pipe(in) || pipe(out))
		fail("no pipes for QEMU");
	ram = map_aligned(ram_fd, QEMU_RAM_BYTES, RAM_ALIGN);
	base = m->ram_base;
	used = QEMU_LOW_BYTES;
	if (!m->bios_bytes)
		memcpy(ram + m->code_offset, m->code, m->code_words * sizeof(*m->code));
	build_arguments(a, m, ram_fd);
	child = fork();
	if (child < 0)
		fail("QEMU could not be started");
	if (!child) {
		/* So that a test that crashes leaves nothing running. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execvp(a->argv[0], a->argv);
		fprintf(stderr, "oracle: %s cannot be executed\n", a->argv[0]);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to = fdopen(in[1], "w");
	from = fdopen(out[0], "r");
	free(a);
	if (!to || !from)
		fail("no streams for QEMU");
}

void qemu_stop(void)
{
	fclose(to);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	fclose(from);
	munmap(ram, QEMU_RAM_BYTES);
}

const char *qemu_version(const char *program)
{
	static char line[200];
	char command[512];
	FILE *f;

	snprintf(command, sizeof(command), "'%s' --version 2>/dev/null", program);
	f = popen(command, "r");
	if (!f || !fgets(line, sizeof(line), f))
		line[0] = 0;
	if (f)
		pclose(f);
	line[strcspn(line, "\n")] = 0;
	return line[0] ? line : NULL;
}

void *qemu_alloc(size_t bytes)
{
	size_t at = (used + bytes - 1) & ~(bytes - 1);

	if (bytes & (bytes - 1) || at + bytes > QEMU_RAM_BYTES / 2)
		return NULL;
	used = at + bytes;
	return ram + at;
}

uint64_t qemu_pa(const void *ptr)
{
	return (uint64_t)((const uint8_t *)ptr - ram) + base;
}

void *qemu_ptr(uint64_t pa)
{
	return ram + (pa - base);
}

uint64_t qemu_data_pa(void)
{
	return base + QEMU_RAM_BYTES / 2;
}

/* The lower half is more than all tables of a test take together: nothing is reused. */
static void *mem_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	return qemu_alloc(size_bytes < 64 ? 64 : size_bytes);
}

/* A table that is walked after this has lost its content: such a walk would not go unseen. */
static void mem_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	memset(ptr, 0, size_bytes);
}

static phys_addr_t mem_virt_to_phys(void *ctx, const void *ptr)
{
	return qemu_pa(ptr);
}

static void *mem_phys_to_virt(void *ctx, phys_addr_t pa)
{
	return qemu_ptr(pa);
}

const struct io_pgtable_mem qemu_mem = {
	.alloc = mem_alloc,
	.free = mem_free,
	.virt_to_phys = mem_virt_to_phys,
	.phys_to_virt = mem_phys_to_virt,
};
