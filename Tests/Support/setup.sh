#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# setup.sh [PACKAGE...]: installs those Debian packages that are missing, by default what building and
# testing need. Says nothing when none is. No service that a package brings is started or enabled:
# the tests run a containerd of their own.
set -eu

if [ $# -eq 0 ]; then
  set -- containerd runc libevent-dev libmd-dev busybox-static binutils crun criu \
    procps bsdutils mount strace python3-grpcio python3-protobuf protobuf-compiler
fi

command -v apt-get >/dev/null || {
  echo "setup: no apt-get here: install the equivalents of $*" >&2
  exit 1
}

missing=()
for package; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(id -u)" -eq 0 ] || {
  echo "setup: missing ${missing[*]}: run \`make setup\` as root" >&2
  exit 1
}

# Maintainer scripts ask policy-rc.d before they start a service (101 forbids it), and systemd's
# presets before they enable one.
policy=/usr/sbin/policy-rc.d
preset=/run/systemd/system-preset/00-containerd-shim-swift.preset
undo=("$preset")
trap 'rm -f "${undo[@]}"' EXIT
mkdir -p "${preset%/*}"
echo 'disable *' >"$preset"
if [ ! -e "$policy" ]; then
  undo+=("$policy")
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
