#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# boot.sh, in the guest: installs the package, plays its tour, runs the suites with each OCI runtime and
# cgroup driver, and prints a table. The last line is for run.sh.
set -u

. /run/disk/settings # root, tour, combinations and those of cri, limit, rounds, suites
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LD_LIBRARY_PATH=/run/disk/lib
export TEST_PATIENCE=300 OOM_ROUNDS=$rounds # the processor is emulated
export NO_COLOR=1                           # through a pipe, too, Swift Testing looks at TERM
export SHIM_DIRECTORY=/usr/bin
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$root" # which may be below it
mount --bind /run/disk/checkout "$root"
modprobe -a overlay loop

echo "guest: $(uname -r), $(stat -fc %T /sys/fs/cgroup), $(containerd --version | cut -d ' ' -f 3)," \
  "$(runc --version | head -n 1), $(crun --version | head -n 1), up $(cut -d ' ' -f 1 /proc/uptime) s"
failed=0
dpkg --install /run/disk/*.deb >/run/dpkg.log 2>&1 || {
  cat /run/dpkg.log
  failed=1
}
containerd-shim-swift-v2 -v || failed=1

# What every test's containerd begins with: an import takes it seconds.
. "$root/Tests/Support/private-containerd.sh"
mkdir /tmp/template
start_containerd /tmp/template && ctr image import "$root/.build/busybox.tar" >/dev/null || failed=1
stop_containerd
export TEST_CONTAINERD_ROOT=/tmp/template/root

log=/run/vm-test.log
rows=()

# check NAME RUNTIME DRIVER COMMAND...: runs it, and makes a row of what it prints: as Swift Testing or
# Examples/lesson.sh does, or at its end `N passed, N failed`.
check() {
  local name=$1 runtime=$2 driver=$3 began=$SECONDS status passed bad
  shift 3
  echo "--- $name: $runtime, $driver, up $(cut -d ' ' -f 1 /proc/uptime) s"
  OCI_RUNTIME=$runtime CGROUP_DRIVER=$driver timeout "$limit" "$@" 2>&1 | tee $log |
    grep --line-buffered -iE '^(✘|✗|➜|↳ [^T/])|^✔ Test [^ ]+\(|fail'
  status=${PIPESTATUS[0]}
  [ "$status" -eq 0 ] || failed=1
  [ "$status" -ne 124 ] || echo "not within $limit s: $(grep ' started' $log | tail -n 1)"
  read -r passed bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' $log) || {
    passed=$(grep -cE '^(✔ Test [^ ]+\(|✓ )' $log)
    bad=$(grep -cE '^(✘ Test [^ ]+\(.* failed after|✗ )' $log)
  }
  [ "$passed" -gt 0 ] || failed=1 # a pattern that names nothing
  rows+=("$name $runtime $driver $passed $bad $((SECONDS - began))")
}

[ "$tour" = no ] || check tour runc cgroupfs "$root/debian/tests/tour"
for combination in $combinations; do
  runtime=${combination%/*} driver=${combination#*/}
  check tests "$runtime" "$driver" "$root/.build/tests.xctest" --testing-library swift-testing \
    --filter "IntegrationTests\..*(${suites[$combination]})"
done
for combination in $cri; do
  check cri "${combination%/*}" "${combination#*/}" "$root/Tests/CRI/run.sh"
done

row='%-8s %-8s %-10s %6s %6s %8s\n'
printf "\n$row" what runtime driver passed failed seconds
for words in "${rows[@]}"; do printf "$row" $words; done
echo "vm-test: $failed"
