#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A containerd of one's own in a folder of one's own. Two ways to use it:
#   . private-containerd.sh; start_containerd DIR; ctr …; stop_containerd
#   private-containerd.sh DIR   prints its address once it is ready, stops it when standard input ends
# Both leave the folder to the caller; its log is DIR/containerd.log. CONTAINERD_CONFIG may name a
# configuration in place of the small one that is written here.

# Starts it and sets CONTAINERD_ADDRESS, which ctr reads; fails if it is not ready within TEST_PATIENCE
# (20 s).
start_containerd() {
  local dir=$1 plugin disabled='"io.containerd.grpc.v1.cri"'
  for plugin in aufs btrfs devmapper zfs; do
    disabled+=", \"io.containerd.snapshotter.v1.$plugin\""
  done
  containerd_dir=$dir
  export CONTAINERD_ADDRESS=$dir/containerd.sock

  # Version 2 is read by every containerd since 1.3.
  cat >"$dir/config.toml" <<EOF
version = 2
disabled_plugins = [$disabled]
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"
EOF
  # The flags override what any configuration says. The socket of ttrpc follows the address.
  containerd --config "${CONTAINERD_CONFIG:-$dir/config.toml}" --root "$dir/root" \
    --state "$dir/state" --address "$CONTAINERD_ADDRESS" \
    </dev/null >>"$dir/containerd.log" 2>&1 &
  containerd_pid=$!

  local deadline=$((SECONDS + ${TEST_PATIENCE:-20}))
  # The socket is there a little before it answers; to ask a socket that is not costs a slow machine
  # time.
  until [ -S "$CONTAINERD_ADDRESS" ] && ctr version >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ] || ! kill -0 $containerd_pid 2>/dev/null; then
      echo "private-containerd: not ready; the end of its log:" >&2
      tail -n 20 "$dir/containerd.log" >&2
      stop_containerd
      return 1
    fi
    sleep 0.05
  done
}

# Ends it, and unmounts what containers that were not deleted left in its folder.
stop_containerd() {
  kill "$containerd_pid" 2>/dev/null || true
  wait "$containerd_pid" || true
  awk -v dir="$containerd_dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac |
    xargs -r umount -l
}

if [ "$0" = "${BASH_SOURCE[0]}" ]; then
  set -eu
  start_containerd "$1"
  trap stop_containerd EXIT
  echo "$CONTAINERD_ADDRESS"
  cat >/dev/null
fi
