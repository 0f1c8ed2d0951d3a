#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh: runs integration tests of the Debian package in a virtual machine with cgroups of version 2,
# with each OCI runtime and cgroup driver (`make vm-test`). It emulates the processor: no KVM is needed,
# and ten times the time is. Variables:
#   VM_DEBIAN         the guest's suite (bookworm), and so the versions of all but the shim
#   VM_SUITES         a regular expression of suites or tests, for all combinations; then without the tour
#   VM_COMBINATIONS   such as `runc/systemd crun/cgroupfs`
#   VM_CRI            combinations for the table of CRI, as Kubernetes uses them; may be empty
#   VM_LIMIT          seconds for each combination
#   OOM_ROUNDS        see ResourceTests
set -eu
cd "$(dirname "$0")/../.."

image=$(Tests/Guest/image.sh "${VM_DEBIAN:-bookworm}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
disk=$work/disk
checkout=$disk/checkout
mkdir -p "$disk/lib" "$checkout/.build"

cp Tests/Guest/boot.sh .build/deb/containerd-shim-swift_*.deb "$disk"
cp -r Tests Examples debian "$checkout"
Tests/Support/make-image.sh "$checkout/.build/busybox.tar" # would take a minute in the guest
tests=$(echo .build/debug/*.xctest)
install -s "$tests" "$checkout/.build/tests.xctest"
# The guest has no Swift; what else the tests link is Debian's.
ldd "$tests" | awk '$3 ~ /\/swift\// { print $3 }' | xargs cp -t "$disk/lib"

# What differs by runtime and driver; the rest runs once. Of pods not those with a hundred containers:
# `make test` has them.
each='ResourceTests|OptionsTests/shimCgroup|PodTests/(shutdown|aKilledShim|theGroup)'
each="$each|FrozenTests|SharedPIDTests|StrangersTests|ScarcityTests"
runc="StateTableTests|$each"
crun="CrunTests|$each"
once='ContainerTests|CheckpointTests|LoggerTests|MountTests'
driver='ContainerTests/(pause|pids|aKilledShim|shortLives)|CheckpointTests/ended'
cat >"$disk/settings" <<END
root='$PWD'
tour='${VM_SUITES:+no}'
limit=${VM_LIMIT:-1800}
rounds=${OOM_ROUNDS:-50}
combinations='${VM_COMBINATIONS:-runc/cgroupfs runc/systemd crun/cgroupfs crun/systemd}'
cri='${VM_CRI-runc/systemd crun/systemd}'
declare -A suites=(
  [runc/cgroupfs]='${VM_SUITES:-$runc|$once}'
  [runc/systemd]='${VM_SUITES:-$runc|$driver}'
  [crun/cgroupfs]='${VM_SUITES:-$crun}'
  [crun/systemd]='${VM_SUITES:-$crun}'
)
END
mke2fs -q -t ext4 -d "$disk" "$work/disk.ext4" 1G >/dev/null

# A processor without what costs its emulation time, and a kernel that defends itself against none.
# What the guest writes goes to the host's temporary folder and is gone afterwards.
timeout 7200 qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-la57,-smap,-smep,-umip,-pku \
  -smp 2 -m 3072 -nodefaults -no-user-config -display none -no-reboot -serial stdio \
  -kernel "$image/vmlinuz" -initrd "$image/initrd.img" \
  -append 'console=ttyS0 root=/dev/vda rw quiet panic=-1 no_timer_check mitigations=off audit=0 loglevel=2' \
  -drive "file=$image/disk.ext4,format=raw,if=virtio,snapshot=on" \
  -drive "file=$work/disk.ext4,format=raw,if=virtio,snapshot=on" </dev/null | tee "$work/console"
grep -q '^vm-test: 0' "$work/console"
