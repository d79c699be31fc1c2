#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh TOP WORK QEMU [COMPILER]: builds the images, runs them, and holds the sizes against the limits in
# tests/baremetal/limits (which are of one compiler; another's sizes are only printed). Status 77:
# skipped, with the reason. --refresh as a last argument writes the limits: what there is and 2% more.
set -eu
top=$1 work=$2 qemu=$3 cc=${4:-aarch64-linux-gnu-gcc} refresh=${5-}
here=$top/tests/baremetal
if ! command -v "$cc" > /dev/null; then
	echo "SKIPPED baremetal: no $cc (./test.sh --oracle installs it)"
	exit 77
fi
"$here/build.sh" "$top" "$work" "$cc"
key="gcc-$("$cc" -dumpversion)"
if [ "$refresh" = --refresh ]; then
	{
		sed -n 's/^#/#/p' "$here/limits"
		echo "$key"
		awk '{ printf "%s %d\n", $1, $2 * 1.02 }' "$work/sizes"
	} > "$work/limits"
	cp "$work/limits" "$here/limits"
fi
if ! grep -qx "$key" "$here/limits"; then
	echo "sizes are not compared: the limits are of $(grep -m1 '^gcc' "$here/limits"), this is $key"
elif ! awk 'NR == FNR { if (NF == 2) limit[$1] = $2; next }
	!($1 in limit) { print $1 ": has no limit"; bad = 1; next }
	$2 > limit[$1] { print $1 ": " $2 " bytes, limit " limit[$1]; bad = 1 }
	END { exit bad }' "$here/limits" "$work/sizes"; then
	echo "larger than the limits; if it has to be, run: tests/baremetal/run.sh . $work $qemu $cc --refresh"
	exit 1
fi
if ! "$qemu" --version > /dev/null 2>&1; then
	echo "SKIPPED baremetal: $qemu does not start (tools/qemu.sh fetches it); the image was built"
	exit 77
fi
run() {
	image=$1
	shift
	echo "== $image"
	timeout 60 "$qemu" "$@" -m 512 -display none -serial none -monitor none -nic none \
		-semihosting-config enable=on,target=native -kernel "$work/$image.elf" 2>&1
}
run driver -M virt,iommu=smmuv3,highmem=off -cpu cortex-a57 -icount shift=10,sleep=off \
	-device edu,addr=4,dma_mask=0xffffffffffffffff
run walks -M virt,virtualization=on -cpu max
