/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-behind: what is behind the figures of a trace: every chunk's time, events of the timed
 * segments, a profile of them.
 *
 * Invariants: the passes that are counted or recorded are further ones, whose times are not used;
 * they are cut by events, so a region (region.h) is a segment of up to REPLAY_EVENT_CHUNK
 * operations.
 */
#ifndef BENCH_REPLAY_BEHIND_H
#define BENCH_REPLAY_BEHIND_H

#include "replay-options.h"

/**
 * behind_open() - what was asked for can be written, or that is said
 * @opts: the options
 *
 * Return: 0 or a negative errno.
 */
int behind_open(const struct options *opts);

/**
 * behind_samples() - a line for each repeat: its chunks
 * @opts: the options
 * @trace: which
 * @repeat: from 1
 * @pass: by events
 */
void behind_samples(const struct options *opts, const struct trace *trace, unsigned int repeat,
		    const struct replay_pass *pass);

/**
 * behind_passes() - count and record, as was asked for
 * @opts: the options
 * @trace: which
 * @plan: of it
 * @counts: out, per operation
 * @msg: out, what is wrong, TRACE_MSG_BYTES long
 *
 * Return: as replay_run_pass().
 */
int behind_passes(const struct options *opts, const struct trace *trace,
		  const struct replay_plan *plan, struct counters_sum *counts, char *msg);

/**
 * behind_close() - files are whole, or that is said
 * @opts: the options
 *
 * Return: 0 or a negative errno.
 */
int behind_close(const struct options *opts);

#endif /* BENCH_REPLAY_BEHIND_H */
