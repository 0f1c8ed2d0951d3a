#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh: runs integration tests of the release in a virtual machine with cgroups of version 2, with
# each OCI runtime and cgroup driver (`make vm-test`). It emulates the processor: no KVM is needed, and
# ten times the time is. Variables:
#   VM_SUITES         a regular expression of suites or tests, for all combinations
#   VM_COMBINATIONS   such as `runc/systemd crun/cgroupfs`
#   VM_LIMIT          seconds for each combination
set -eu
cd "$(dirname "$0")/../.."

image=$(Tests/Guest/image.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
disk=$work/disk
package=$disk/package
mkdir -p "$disk/lib" "$package/.build/static/release" "$package/Tests/Support"

cp Tests/Guest/boot.sh "$disk"
cp Tests/Support/*.sh "$package/Tests/Support"
Tests/Support/make-image.sh "$package/.build/busybox.tar" # would take a minute in the guest
install -s .build/static/release/containerd-shim-swift-v2 "$package/.build/static/release"
ln -s containerd-shim-swift-v2 "$package/.build/static/release/containerd-shim-sample-v2"
tests=$(echo .build/debug/*.xctest)
install -s "$tests" "$package/.build/tests.xctest"
# The guest has no Swift; what else the tests link is Debian's.
ldd "$tests" | awk '$3 ~ /\/swift\// { print $3 }' | xargs cp -t "$disk/lib"

cat >"$disk/settings" <<END
root='$PWD'
limit=${VM_LIMIT:-900}
combinations='${VM_COMBINATIONS:-runc/cgroupfs runc/systemd crun/cgroupfs crun/systemd}'
suites_of_runc='${VM_SUITES:-ContainerTests|ResourceTests|StateTableTests}'
suites_of_crun='${VM_SUITES:-CrunTests|ResourceTests}'
END
mke2fs -q -t ext4 -d "$disk" "$work/disk.ext4" 1G >/dev/null

# What the guest writes goes to the host's temporary folder and is gone afterwards.
timeout 3600 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 \
  -nodefaults -no-user-config -display none -no-reboot -serial stdio \
  -kernel "$image/vmlinuz" -initrd "$image/initrd.img" \
  -append 'console=ttyS0 root=/dev/vda rw quiet panic=-1 no_timer_check' \
  -drive "file=$image/disk.ext4,format=raw,if=virtio,snapshot=on" \
  -drive "file=$work/disk.ext4,format=raw,if=virtio,snapshot=on" </dev/null | tee "$work/console"
grep -q '^vm-test: 0' "$work/console"
