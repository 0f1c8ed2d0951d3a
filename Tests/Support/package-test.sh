#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# package-test.sh DEB: installs, upgrades and purges the Debian package while tasks run, under a
# containerd of its own (`make deb-test`). It leaves the machine without the package. Exits 1 when
# something was not as it should be. Needs root; takes about half a minute.
set -u
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
# The installed shim, and no other.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

support=$(dirname "$0")
. "$support/private-containerd.sh"
. "$support/../../Examples/lesson.sh"

package=containerd-shim-swift
image=docker.io/library/busybox:test
deb=$(realpath "${1:?usage: package-test.sh DEB}") || exit 1

[ "$(id -u)" -eq 0 ] || {
  echo "package-test: needs root: it installs a package" >&2
  exit 1
}
# Whether dpkg knows of it, if only of its configuration.
is_known() {
  local status
  status=$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null) || return 1
  [ "$status" != not-installed ]
}
! is_known || {
  echo "package-test: $package is installed here; purge it first" >&2
  exit 1
}
[ -z "$(type -P containerd-shim-sample-v2)" ] || {
  echo "package-test: another shim is in the way: $(type -P containerd-shim-sample-v2)" >&2
  exit 1
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/shim-package.XXXXXX")
declare -A pids shims_of sockets_of
reached_the_end=no

# However it ends: no task, no containerd, no package, no file.
finish() {
  local status=$? id left=
  trap '' INT TERM HUP
  step "Nothing is left" "Neither of the package nor of the tasks."
  clean_up
  for id in "${!shims_of[@]}"; do kill -9 -- "-${shims_of[$id]}" 2>/dev/null; done
  ! is_known || apt_get purge $package
  for id in "${!shims_of[@]}"; do left+=$(group "${shims_of[$id]}"); done
  check "no process" [ -z "$left$(ours)" ]
  check "no mount" not grep -qF " $dir" /proc/self/mountinfo
  check "no socket" no_socket_of_ours
  check "no folder" [ ! -e "$dir" ]
  check "no package" not is_known
  echo
  if [ $reached_the_end = no ]; then
    echo "The test was cut short."
    exit $((status ? status : 1))
  fi
  echo "$failures of the checks failed; it took $SECONDS seconds."
  [ $failures -eq 0 ] || exit 1
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

version_of_package() { dpkg-query -W -f '${Version}' $package; }

apt_get() {
  apt-get -q -y --no-install-recommends "$@" >"$dir.apt" 2>&1
  local status=$?
  [ $status -eq 0 ] || cat "$dir.apt"
  rm -f "$dir.apt"
  return $status
}

# -- Tasks: what is noted of each at its start -----------------------------------------------------

create() { ctr container create --runtime com.example.sample.v2 $image "$1"; }

start() {
  local id=$1
  create "$id" && run ctr task start --detach "$id"
  check "$id: its task starts" is "$id" RUNNING || exit 1
  pids[$id]=$(task_pid "$id")
  shims_of[$id]=$(shims "$id")
  note_fifos "${shims_of[$id]}"
  note_socket "$id"
  sockets_of[$id]=$socket
}

# The kernel keeps an executable that is replaced or removed, and tells of it.
keeps_its_executable() { [[ $(readlink "/proc/${shims_of[$1]}/exe") == *' (deleted)' ]]; }

still_runs() {
  check "$1: the task is RUNNING" is "$1" RUNNING
  check "$1: its pid is the same" [ "$(task_pid "$1")" = "${pids[$1]}" ]
  check "$1: its shim lives, and keeps the old executable" keeps_its_executable "$1"
}

is_gone() {
  [ -z "$(group "${shims_of[$1]}")" ] && [ ! -e "${sockets_of[$1]}" ] && [ ! -e "$(bundle "$1")" ]
}

ends_as_asked() {
  run ctr task kill "$1"
  check "$1: ends" eventually is "$1" STOPPED
  run ctr task rm "$1"
  check "$1: exit status 143 (128 + SIGTERM)" says "exit code 143"
  check "$1: processes, socket and bundle are gone" eventually is_gone "$1"
}

loses_its_shim() {
  run kill -9 "${shims_of[$1]}"
  eventually not lives "${shims_of[$1]}"
}

# -- The test --------------------------------------------------------------------------------------

step "Install" "apt-get takes the file and what it depends on."
check "apt-get install" apt_get install "$deb" || exit 1
version=$(version_of_package)
dpkg-query -L $package | while read -r file; do [ -d "$file" ] || echo "$file"; done >"$dir/files"
check "all files are as packed" [ -z "$(dpkg --verify $package)" ]
for name in containerd-shim-swift-v2 containerd-shim-sample-v2; do
  run $name -v
  check "$name tells its version, $version" says "$version"
  check "$name has a man page" test -e "/usr/share/man/man8/$name.8.gz"
done

step "Tasks" "Two tasks of the version that is installed."
"$support/make-image.sh" "$dir/busybox.tar" && start_containerd "$dir" || exit 1
run ctr image import "$dir/busybox.tar" || exit 1
start asked
start crashed

step "Upgrade" "The same package with a higher version replaces the executable under the tasks."
dpkg-deb -R "$deb" "$dir/higher"
sed -i 's/^Version: .*/&+test1/' "$dir/higher/DEBIAN/control"
dpkg-deb --root-owner-group -b "$dir/higher" "$dir/higher.deb" >/dev/null
check "apt-get install" apt_get install "$dir/higher.deb" || exit 1
check "the version is $version+test1" [ "$(version_of_package)" = "$version+test1" ]
check "all files are as packed" [ -z "$(dpkg --verify $package)" ]
still_runs asked
still_runs crashed
ends_as_asked asked
loses_its_shim crashed
check "crashed: the new executable's delete has ended the task; all is gone" \
  eventually is_gone crashed
check "crashed: containerd has forgotten it" eventually is_forgotten crashed

step "Purge" "The package goes while two tasks run."
start kept
start stranded
check "apt-get purge" apt_get purge $package || exit 1
check "no file of the package is left" [ -z "$(xargs -a "$dir/files" ls -d 2>/dev/null)" ]
check "nor its folder of documents" [ ! -e /usr/share/doc/$package ]
still_runs kept
still_runs stranded
ends_as_asked kept
create late
run ctr task start --detach late
late=$?
check "late: without the package no task starts" [ $late -ne 0 ]

step "A shim is killed after the purge" "containerd has no program by which to clean up. It forgets
the task and says so in its log, but the task's process goes on. The package and a restart put it
right."
loses_its_shim stranded
check "stranded: containerd has forgotten it" eventually is_forgotten stranded
run "grep 'failed to clean up' $dir/containerd.log"
check "stranded: its log names it" says stranded
run ps -o pid,ppid,args -p "${pids[stranded]}"
check "stranded: its process lives on" lives "${pids[stranded]}"
check "stranded: its bundle is left" [ -e "$(bundle stranded)" ]
check "stranded: its socket is left" [ -e "${sockets_of[stranded]}" ]
check "apt-get install" apt_get install "$deb" || exit 1
stop_containerd
start_containerd "$dir" || exit 1
echo "(containerd runs again)"
check "stranded: processes, socket and bundle are gone" eventually is_gone stranded
reached_the_end=yes
