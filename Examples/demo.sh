#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh [RUNTIME...]: runs a container under each runtime, by default under both shims, which must
# be in PATH: `make demo`. Uses a containerd of its own and leaves nothing behind.
set -eu
support=$(dirname "$0")/../Tests/Support
[ $# -gt 0 ] || set -- io.containerd.swift.v2 com.example.sample.v2

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. "$support/private-containerd.sh"
start_containerd "$dir"
trap 'stop_containerd; rm -rf "$dir"' EXIT

# Shows a command, then runs it.
show() {
  echo "\$ $*"
  "$@"
}

"$support/make-image.sh" "$dir/busybox.tar"
show ctr image import "$dir/busybox.tar"
for runtime; do
  show ctr run --rm --runtime "$runtime" docker.io/library/busybox:test demo echo "Hello from $runtime"
done
