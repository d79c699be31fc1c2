// SPDX-License-Identifier: GPL-2.0-only
/* fmt/plain-cfg.c for descriptors of 32 bits: core/entry.h. */
#define PT_ENTRY_BITS 32
#include "core/entry.h"

/* NOLINTNEXTLINE(bugprone-suspicious-include): that is what it is for */
#include "fmt/plain-cfg.c"
