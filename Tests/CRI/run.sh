#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [CHECK...]: plays the checks of CRI under a containerd of its own, against the release, and
# leaves nothing behind. Needs root. Variables:
#   RUNTIME          the runtime that is checked (io.containerd.swift.v2); io.containerd.runc.v2 is
#                    containerd's own, for comparison
#   OCI_RUNTIME      runc or crun
#   CGROUP_DRIVER    cgroupfs, or systemd where that runs
#   TEST_PATIENCE    seconds that anything is awaited (20)
#   CRI_LOG          a file that gets the whole log of containerd and its shims
set -eu
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8 PATH=$PWD/.build/static/release:$PATH PYTHONDONTWRITEBYTECODE=1

[ "$(id -u)" -eq 0 ] || {
  echo "cri-test: needs root: containerd and its shims run as root" >&2
  exit 1
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/shim-cri.XXXXXX")
export PYTHONPATH=$dir/generated
python=/usr/bin/python3 # Debian's, which has grpc

# However it ends.
finish() {
  local status=$?
  trap '' INT TERM HUP
  # Has it ended by itself, there is nobody to kill.
  if [ -n "${table:-}" ] && kill "$table" 2>/dev/null; then wait "$table" || true; fi
  [ -z "${CRI_LOG:-}" ] || cp "$dir/containerd.log" "$CRI_LOG"
  "$python" Tests/CRI/sweep.py "$dir" >&2 || status=1
  rm -rf --one-file-system "$dir"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

mkdir "$dir/generated"
protoc -I Tests/CRI --python_out="$dir/generated" Tests/CRI/cri.proto
Tests/Support/make-image.sh "$dir/busybox.tar"
Tests/Support/make-image.sh "$dir/pause.tar" docker.io/library/pause:test sleep 2147483647
# In the background, for bash obeys a signal only between commands.
"$python" Tests/CRI/table.py "$dir" "$@" &
table=$!
wait $table
