# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by capture-traces and tests/guest/run.sh: boots a Debian arm64 kernel (tools/kernel.sh) under QEMU
# (tools/qemu.sh) with an initramfs of one's own. The caller defines die and say.
#
# What holds: the guest ends by itself or is ended after its time; nothing of the host's is written to but
# the folder that is given.

GUEST_CPUS=${GUEST_CPUS:-2} GUEST_MB=${GUEST_MB:-2048}

# guest_needs PAGES: what is missing for a guest with pages of 4k or 16k, in words; nothing if it can boot.
guest_needs() {
	local pages=$1
	if ! [ -x build/qemu/run/qemu-system-aarch64 ]; then
		echo "qemu-system-aarch64 is not there: tools/qemu.sh fetches it"
	elif ! compgen -G "build/kernels/$pages/boot/vmlinuz-*" >/dev/null || ! [ -f build/kernels/busybox ]; then
		echo "Debian's arm64 kernel with pages of $pages is not there: tools/kernel.sh fetches it"
	elif ! command -v cpio >/dev/null; then
		echo "cpio is not there: install the package cpio"
	fi
}

# guest_root FOLDER INIT: an initramfs with busybox and INIT, which gets the file systems it needs mounted
# and the commands of busybox. To be filled up by the caller.
guest_root() {
	mkdir -p "$1/bin"
	cp build/kernels/busybox "$1/bin/"
	{
		cat <<'END'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
mkdir -p /dev/shm
mount -t tmpfs m /tmp
mount -t tmpfs m /dev/shm
END
		cat "$2"
		# Whatever happens: a kernel whose init ends panics, and -no-reboot with panic=-1 ends QEMU.
		echo 'poweroff -f'
	} >"$1/init"
	chmod 755 "$1/init"
}

# guest_boot PAGES ROOT LOG SECONDS "COMMAND LINE" QEMU-ARGUMENTS...: false if it did not end by itself.
guest_boot() {
	local pages=$1 root=$2 log=$3 seconds=$4 line=$5 kernel
	shift 5
	kernel=$(compgen -G "build/kernels/$pages/boot/vmlinuz-*")
	(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1) >"$root.cpio.gz"
	# An N1 has pages of 16K, an A72 has not.
	timeout "$seconds" build/qemu/run/qemu-system-aarch64 -M virt,iommu=smmuv3,gic-version=3 \
		-cpu neoverse-n1 -smp "$GUEST_CPUS" -m "$GUEST_MB" -nographic -no-reboot -monitor none \
		-serial "file:$log" -kernel "$kernel" -initrd "$root.cpio.gz" \
		-append "console=ttyAMA0 quiet panic=-1 $line" "$@" </dev/null >"$log.qemu" 2>&1
}
