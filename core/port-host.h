/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the hosted environment share (core/port-host*.c); core/port.h is what they
 * supply.
 */
#ifndef CORE_PORT_HOST_H
#define CORE_PORT_HOST_H

#include "core/port.h"

/* core/port-host-numa.c: asks for memory of a node; ordinary memory where that is not to be had. */
void pt_numa_bind(void *ptr, size_t bytes, unsigned int node);

#endif /* CORE_PORT_HOST_H */
