#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpu.sh TOP WORK CPU COMPILER: core/ and fmt/ compile for that processor, as freestanding.sh has it; 77
# if the compiler does not know it.
set -eu
top=$1 work=$2 cpu=$3 compiler=$4
if ! echo 'int x;' | "$compiler" "-mcpu=$cpu" -x c -c - -o /dev/null 2>/dev/null; then
	echo "skipped: $compiler does not know $cpu"
	exit 77
fi
exec "$(dirname "$0")/freestanding.sh" "$top" "$work" "$compiler" "-mcpu=$cpu"
