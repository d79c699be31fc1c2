# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the guest of capture-traces does (its head is made by tools/guest.sh): loads the drivers, brings the
# network up, records a workload with record-trace, and writes the trace to the disk, behind a line that
# says how long it is.
for module in /mod/*.ko*; do
	insmod "$module" 2>/dev/null || true
done
mount -t tracefs t /sys/kernel/tracing
sleep 2
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
sleep 3
disk=/dev/nvme0n1
word() {
	sed -n "s/.*\b$1=\([a-z0-9-]*\).*/\1/p" /proc/cmdline
}
fetch="wget -q -O /dev/null http://10.0.2.2:$(word port)/blob"
# What runs beside the last command is in $jobs; the workload fails if any of it does, and record-trace says so.
beside='& jobs="$jobs $!"'
case $(word workload) in
nvme-4k) work="for j in 0 1 2 3; do dd if=$disk of=/dev/null bs=4k count=8000 skip=\$((j * 8192)) iflag=direct $beside; done" ;;
nvme-buffered) work="dd if=$disk of=/dev/null bs=64k count=3000 $beside; dd if=/dev/zero of=$disk bs=64k seek=1000 count=3000 conv=fsync" ;;
net-rx) work=$fetch ;;
mixed) work="$fetch $beside; dd if=$disk of=/dev/null bs=4k count=6000 iflag=direct $beside; dd if=$disk of=/dev/null bs=256k count=300 skip=100 iflag=direct" ;;
esac
uname -r
sh /record-trace --with tracefs --buffer-kb 100000 /tmp/trace -- \
	sh -c "exec 2>/dev/null; set -e; $work; for job in \$jobs; do wait \$job; done"
echo "record-trace: status $?"
{
	printf '%-31s\n' "$(wc -c </tmp/trace)"
	cat /tmp/trace
} | dd of=$disk bs=1M 2>/dev/null
sync
