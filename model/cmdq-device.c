// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated command-queue consumer (cmdq-device.h).
 *
 * It keeps the architecture's rules and asserts them: PROD never runs ahead of CONS by more than
 * the ring, nothing is consumed while an error is active, an error leaves CONS at the command.
 */
#include "model/cmdq-device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE(dev) (1u << (dev)->config.size_lg2)

static uint32_t reg_read(const uint32_t *reg)
{
	return __atomic_load_n(reg, __ATOMIC_ACQUIRE);
}

static void reg_write(uint32_t *reg, uint32_t value)
{
	__atomic_store_n(reg, value, __ATOMIC_RELEASE);
}

static bool is_stopped(const struct device *dev)
{
	return (reg_read(&dev->gerror) ^ reg_read(&dev->gerrorn)) & 1;
}

/* The code of the fault that is planted at this command, or 0. */
static unsigned int planted(struct device *dev, const struct smmu_cmd *cmd)
{
	if (dev->judge)
		return dev->judge(dev, cmd);
	for (unsigned int i = 0; i < DEVICE_FAULTS; i++) {
		if (!dev->fault[i].times || dev->fault[i].nr != dev->executed)
			continue;
		dev->fault[i].times--;
		return dev->fault[i].code;
	}
	return 0;
}

static void stop(struct device *dev, uint32_t at, unsigned int code)
{
	reg_write(&dev->cons, at | code << 24);
	reg_write(&dev->gerror, reg_read(&dev->gerror) ^ 1);
}

static void execute(struct device *dev, const struct smmu_cmd *cmd)
{
	if (!dev->judge && dev->executed < DEVICE_LOG)
		dev->log[dev->executed] = *cmd;
	dev->executed++;
	if ((cmd->dword[0] & 0xff) == 0x46 && (cmd->dword[0] >> 12 & 3) == 1 && cmd->dword[1])
		__atomic_store_n((uint32_t *)(uintptr_t)cmd->dword[1],
				 (uint32_t)(cmd->dword[0] >> 32), __ATOMIC_RELEASE);
}

unsigned int device_run(struct device *dev, unsigned int max)
{
	uint32_t laps = 2 * SIZE(dev) - 1, at = reg_read(&dev->cons) & laps;
	unsigned int n = 0;

	for (; n < max && !is_stopped(dev) && at != reg_read(&dev->prod); n++) {
		const struct smmu_cmd *cmd = &dev->config.ring[at & (SIZE(dev) - 1)];
		unsigned int code;

		if (((reg_read(&dev->prod) - at) & laps) > SIZE(dev))
			abort();
		code = planted(dev, cmd);
		if (code) {
			stop(dev, at, code);
			break;
		}
		execute(dev, cmd);
		at = (at + 1) & laps;
		reg_write(&dev->cons, at | (reg_read(&dev->cons) & 0x7f000000));
	}
	return n;
}

static uint32_t read_cons(void *ctx)
{
	return reg_read(&((struct device *)ctx)->cons);
}

static void write_prod(void *ctx, uint32_t prod)
{
	struct device *dev = ctx;

	if (prod & ~(2 * SIZE(dev) - 1))
		abort();
	__atomic_fetch_add(&dev->doorbells, 1, __ATOMIC_RELAXED);
	reg_write(&dev->prod, prod);
	if (dev->eager)
		device_run(dev, UINT32_MAX);
}

static void ring_written(void *ctx, uint32_t index, uint32_t count)
{
	struct device *dev = ctx;

	if (index + count > SIZE(dev) || !count)
		abort();
	__atomic_fetch_add(&dev->cleaned, count, __ATOMIC_RELAXED);
}

static bool error_active(void *ctx)
{
	return is_stopped(ctx);
}

static void ack_error(void *ctx)
{
	struct device *dev = ctx;

	reg_write(&dev->gerrorn, reg_read(&dev->gerrorn) ^ 1);
	if (dev->eager)
		device_run(dev, UINT32_MAX);
}

static void report(void *ctx, const struct smmu_cmdq_error *error)
{
	struct device *dev = ctx;

	dev->reports++;
	dev->reported = *error;
}

static bool wait_hook(void *ctx, uint64_t polls)
{
	struct device *dev = ctx;

	dev->waits++;
	device_run(dev, dev->per_wait);
	return !dev->give_up_at || polls + 1 < dev->give_up_at;
}

const struct smmu_cmdq_ops device_ops = {
	.read_cons = read_cons,
	.write_prod = write_prod,
	.ring_written = ring_written,
	.error_active = error_active,
	.ack_error = ack_error,
	.report = report,
	.wait = wait_hook,
};

const struct smmu_cmdq_ops device_ops_minimal = {
	.read_cons = read_cons,
	.write_prod = write_prod,
};

struct device *device_make(unsigned int size_lg2)
{
	size_t size = (size_t)1 << size_lg2, bytes = size * sizeof(struct smmu_cmd);
	struct device *dev = calloc(1, sizeof(*dev));

	if (!dev)
		abort();
	dev->config.ops = &device_ops;
	dev->config.ctx = dev;
	dev->config.ring = aligned_alloc(bytes, bytes);
	dev->config.ready = malloc(size * sizeof(uint64_t));
	dev->config.size_lg2 = size_lg2;
	dev->config.max_polls = 10000;
	if (!dev->config.ring || !dev->config.ready)
		abort();
	memset(dev->config.ring, 0xff, bytes);
	return dev;
}

void device_free(struct device *dev)
{
	free(dev->config.ring);
	free(dev->config.ready);
	free(dev);
}

void device_enable_msi(struct device *dev)
{
	dev->config.sync = SMMU_SYNC_IRQ;
	dev->config.msi_word = &dev->msi_word;
	dev->config.msi_address = (uintptr_t)&dev->msi_word;
	dev->config.msi_attr = 15;
	dev->config.msi_shareability = 3;
}

const char *device_log(const struct device *dev)
{
	static char text[3 * DEVICE_LOG + 1];
	size_t at = 0;

	text[0] = 0;
	for (uint64_t i = 0; i < dev->executed && i < DEVICE_LOG; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, i ? " %02x" : "%02x",
				       (unsigned int)(dev->log[i].dword[0] & 0xff));
	return text;
}

void device_forget(struct device *dev)
{
	dev->executed = 0;
	dev->doorbells = 0;
}
