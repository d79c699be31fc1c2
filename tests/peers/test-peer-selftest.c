// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the self-test that a file of the kernel brings, as its initcall. Passing shows that the shim
 * means what the kernel means by the same names; a warning is a failure even where the self-test
 * itself goes on after it.
 */
#include <stdio.h>

#include "peer-runtime.h"

int selftest_peer_initcall(void);

int main(void)
{
	int result = selftest_peer_initcall();

	printf("self-test: %d, %llu warnings\n", result, (unsigned long long)peer_warnings());
	return result || peer_warnings();
}
