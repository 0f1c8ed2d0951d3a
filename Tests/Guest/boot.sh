#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# boot.sh, in the guest: runs the suites with each OCI runtime and cgroup driver, and prints a table.
# The last line is for run.sh.
set -u

. /run/disk/settings # root, combinations, limit, and suites of runc and of crun
mkdir -p "$root"
mount --bind /run/disk/package "$root"
export LD_LIBRARY_PATH=/run/disk/lib PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export TEST_PATIENCE=300 OOM_ROUNDS=5 # the processor is emulated
export NO_COLOR=1       # through a pipe, too, Swift Testing looks at TERM
modprobe overlay

echo "guest: $(uname -r), $(stat -fc %T /sys/fs/cgroup), $(containerd --version | cut -d ' ' -f 3)," \
  "$(runc --version | head -n 1), $(crun --version | head -n 1), up $(cut -d ' ' -f 1 /proc/uptime) s"
log=/run/vm-test.log
rows=() failed=0
for combination in $combinations; do
  export OCI_RUNTIME=${combination%/*} CGROUP_DRIVER=${combination#*/}
  suites=suites_of_$OCI_RUNTIME
  began=$SECONDS
  echo "--- $combination"
  timeout "$limit" "$root/.build/tests.xctest" --testing-library swift-testing \
    --filter "IntegrationTests\..*(${!suites})" 2>&1 |
    tee $log | grep --line-buffered -E '^(✘|↳ [^T/])|^✔ Test [^ ]+\('
  status=${PIPESTATUS[0]}
  [ "$status" -eq 0 ] || failed=1
  [ "$status" -ne 124 ] || echo "not within $limit s: $(grep ' started' $log | tail -n 1)"
  rows+=("$OCI_RUNTIME $CGROUP_DRIVER $(grep -cE '^✔ Test [^ ]+\(' $log) $(
    grep -cE '^✘ Test [^ ]+\(.* failed after' $log) $((SECONDS - began))")
done

printf '\n%-8s %-10s %6s %6s %8s\n' runtime driver passed failed seconds
for row in "${rows[@]}"; do printf '%-8s %-10s %6s %6s %8s\n' $row; done
echo "vm-test: $failed"
