// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf-record: events that sample, their ring buffers, and the file. See perf-record.h.
 *
 * The file is perf's (Linux, tools/perf/Documentation/perf.data-file-format.txt): a header, one
 * attribute, and records: a name for each thread, where code is mapped, and what the kernel has put
 * into the ring buffers, as it is.
 *
 * Who synchronises with whom: the kernel adds to a ring and stores its head, which is loaded with
 * acquire; what was taken is given back by storing the tail with release. The file, and what is
 * counted of it, belong to who has the lock.
 */
#define _GNU_SOURCE
#include "perf-record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "perf-group.h"
#include "region.h"

enum {
	FREQUENCY_HZ = 10007, /* prime: not in step with anything */
	RING_BYTES = 256 << 10,
	FEATURE_BITS = 256,
	RECORD_BYTES = 1 << 16, /* whose size is 16 bits */
	NAME_BYTES = 16,
};

/* Without the lists of ids behind attributes: one attribute needs none. */
struct section {
	uint64_t offset, bytes;
};

struct file_header {
	char magic[8];
	uint64_t bytes, attr_bytes;
	struct section attrs, data, event_types;
	uint64_t features[FEATURE_BITS / 64];
};

struct file_attr {
	struct perf_event_attr attr;
	struct section ids;
};

struct comm_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	char name[NAME_BYTES];
};

struct mmap_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, bytes, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost;
};

static const char *program, *path;
static const struct perf_calls *kernel;
static struct perf_event_attr attr;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *file;
static unsigned long samples, lost_samples, all_regions;
static int thread_error; /* of a thread that could not be sampled */

static _Thread_local struct {
	int fd;
	struct perf_event_mmap_page *ring; /* and the data, behind a page */
	unsigned long regions;
	struct region_hook hook;
} self;

static void say(const char *what)
{
	fprintf(stderr, "%s: --perf-record=%s: %s\n", program, path, what);
}

/* ---- the file ---- */

static void put(const void *bytes, size_t nr)
{
	fwrite(bytes, 1, nr, file); /* ferror() tells, at the end */
}

static void put_header(uint64_t data_bytes)
{
	struct file_header header = {
		.magic = { 'P', 'E', 'R', 'F', 'I', 'L', 'E', '2' },
		.bytes = sizeof(header),
		.attr_bytes = sizeof(struct file_attr),
		.attrs = { sizeof(header), sizeof(struct file_attr) },
		.data = { sizeof(header) + sizeof(struct file_attr), data_bytes },
	};
	const struct file_attr attribute = { .attr = attr };

	put(&header, sizeof(header));
	put(&attribute, sizeof(attribute));
}

static void put_name(void)
{
	struct comm_record record = {
		.header = { PERF_RECORD_COMM, PERF_RECORD_MISC_USER, sizeof(record) },
		.pid = (uint32_t)getpid(),
		.tid = (uint32_t)gettid(),
	};

	snprintf(record.name, sizeof(record.name), "%s", program);
	put(&record, sizeof(record));
}

static void put_mapping(struct mmap_record *record, const char *name)
{
	static const char zeros[8];
	size_t bytes = strlen(name) + 1, padding = -bytes % 8;

	record->header = (struct perf_event_header){
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.size = (uint16_t)(sizeof(*record) + bytes + padding),
	};
	record->pid = record->tid = (uint32_t)getpid();
	put(record, sizeof(*record));
	put(name, bytes);
	put(zeros, padding);
}

/* Where code is, without which perf would have addresses only. */
static void put_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096 + 256], name[4096];

	while (maps && fgets(line, sizeof(line), maps)) {
		struct mmap_record record = { .protection = PROT_READ | PROT_EXEC };
		unsigned long start, end, offset, inode;
		char flags[5];

		if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %4095[^\n]", &start, &end, flags,
			   &offset, &record.major, &record.minor, &inode, name) != 8 ||
		    flags[2] != 'x')
			continue;
		record.start = start;
		record.bytes = end - start;
		record.offset = offset;
		record.inode = inode;
		put_mapping(&record, name);
	}
	if (maps)
		fclose(maps);
}

/* ---- the rings ---- */

static void put_record(const char *data, uint64_t at)
{
	static _Alignas(struct lost_record) char record[RECORD_BYTES];
	const struct perf_event_header *header = (const void *)record;
	size_t bytes;

	/* A record is a multiple of 8 bytes, and may begin again at the ring's beginning. */
	for (size_t i = 0; i < sizeof(*header); i++)
		record[i] = data[(at + i) % RING_BYTES];
	bytes = header->size;
	for (size_t i = sizeof(*header); i < bytes; i++)
		record[i] = data[(at + i) % RING_BYTES];
	samples += header->type == PERF_RECORD_SAMPLE;
	if (header->type == PERF_RECORD_LOST)
		lost_samples += ((const struct lost_record *)header)->lost;
	put(record, bytes);
}

static void empty_ring(void)
{
	const char *data = (const char *)self.ring + sysconf(_SC_PAGESIZE);
	uint64_t head = __atomic_load_n(&self.ring->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = self.ring->data_tail;

	pthread_mutex_lock(&lock);
	while (tail < head) {
		const struct perf_event_header *header =
			(const void *)(data + tail % RING_BYTES); /* 8 bytes, aligned */

		put_record(data, tail);
		tail += header->size;
	}
	pthread_mutex_unlock(&lock);
	__atomic_store_n(&self.ring->data_tail, tail, __ATOMIC_RELEASE);
}

static void begin(void *arg)
{
	(void)arg;
	self.regions++;
	kernel->control(self.fd, PERF_EVENT_IOC_ENABLE);
}

static void end(void *arg)
{
	uint64_t head;

	(void)arg;
	kernel->control(self.fd, PERF_EVENT_IOC_DISABLE);
	head = __atomic_load_n(&self.ring->data_head, __ATOMIC_RELAXED);
	if (head - self.ring->data_tail > RING_BYTES / 2)
		empty_ring();
}

static void thread_failed(int error)
{
	pthread_mutex_lock(&lock);
	thread_error = error;
	pthread_mutex_unlock(&lock);
}

void perf_record_start(void)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE) + RING_BYTES;

	memset(&self, 0, sizeof(self));
	self.fd = kernel->open(&attr, -1);
	if (self.fd < 0) {
		thread_failed(self.fd);
		return;
	}
	self.ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, self.fd, 0);
	if (self.ring == MAP_FAILED) {
		thread_failed(-errno);
		self.ring = NULL;
		return;
	}
	pthread_mutex_lock(&lock);
	put_name();
	pthread_mutex_unlock(&lock);
	self.hook = (struct region_hook){ begin, end, NULL };
	region_hook = &self.hook;
}

unsigned long perf_record_stop(void)
{
	region_hook = NULL;
	if (self.ring) {
		empty_ring();
		munmap(self.ring, (size_t)sysconf(_SC_PAGESIZE) + RING_BYTES);
	}
	if (self.fd >= 0)
		kernel->close(self.fd);
	pthread_mutex_lock(&lock);
	all_regions += self.regions;
	pthread_mutex_unlock(&lock);
	return self.regions;
}

/* ---- from beginning to end ---- */

/* More than that the kernel refuses; it lowers the figure by itself on a slow host. */
static uint64_t frequency_hz(void)
{
	FILE *setting = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	unsigned long most = FREQUENCY_HZ;

	if (setting && fscanf(setting, "%lu", &most) != 1)
		most = FREQUENCY_HZ;
	if (setting)
		fclose(setting);
	return most < FREQUENCY_HZ ? most : FREQUENCY_HZ;
}

/* Cycles where there are counters, otherwise the clock of the CPU. */
static int choose_event(void)
{
	int fd;

	attr = (struct perf_event_attr){
		.size = sizeof(attr),
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.sample_freq = frequency_hz(),
		.freq = 1,
		.sample_type =
			PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	fd = kernel->open(&attr, -1);
	if (fd < 0) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		fd = kernel->open(&attr, -1);
	}
	if (fd < 0)
		return fd;
	return kernel->close(fd);
}

int perf_record_open(const char *name, const char *of, const struct perf_calls *calls)
{
	char what[512];
	int error;

	program = name;
	path = of;
	kernel = calls;
	error = choose_event();
	if (error) {
		snprintf(what, sizeof(what), "sampling is %s", perf_why(error));
		say(what);
		return error;
	}
	file = fopen(of, "we");
	if (!file) {
		error = -errno;
		snprintf(what, sizeof(what), "cannot be written: %s", strerror(-error));
		say(what);
		return error;
	}
	samples = lost_samples = all_regions = 0;
	put_header(0);
	put_mappings();
	return 0;
}

bool perf_record_wanted(void)
{
	return file != NULL;
}

/* Now it is known how much there is. */
static int finish_file(void)
{
	long end = ftell(file);
	int error = 0;

	if (end < 0 || fseek(file, 0, SEEK_SET))
		error = -EIO;
	else
		put_header((uint64_t)end - sizeof(struct file_header) - sizeof(struct file_attr));
	if (ferror(file))
		error = -EIO;
	if (fclose(file))
		error = -errno;
	file = NULL;
	return error;
}

/* What became of a file that could be written: 0 or a negative errno. */
static int judge(char *what, size_t bytes)
{
	if (thread_error) {
		snprintf(what, bytes, "a thread is not in it: sampling is %s",
			 perf_why(thread_error));
		return thread_error;
	}
	if (lost_samples) {
		snprintf(what, bytes,
			 "%lu samples are not in it, for which a region was too long: take cases "
			 "whose regions are shorter",
			 lost_samples);
		return -EOVERFLOW;
	}
	if (!all_regions) {
		snprintf(what, bytes, "nothing was timed");
		return -ENODATA;
	}
	if (!samples) {
		snprintf(what, bytes, "no sample in %lu regions: let it run for longer",
			 all_regions);
		return -ENODATA;
	}
	snprintf(what, bytes, "%lu samples (%s, user) in %lu timed regions; perf report -i %s",
		 samples, attr.type == PERF_TYPE_HARDWARE ? "cycles" : "cpu-clock", all_regions,
		 path);
	return 0;
}

int perf_record_close(void)
{
	char what[512];
	int error;

	if (!file)
		return 0;
	error = finish_file();
	if (error)
		snprintf(what, sizeof(what), "could not be written (is the disk full?): %s",
			 strerror(-error));
	else
		error = judge(what, sizeof(what));
	say(what);
	return error;
}
