#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An OCI runtime that makes no containers and fails on request, to inject faults. FAKE_CREATE,
# FAKE_START, FAKE_EXEC, FAKE_CHECKPOINT, FAKE_RESTORE and FAKE_DELETE say what a call does before or in
# place of its work, and FAKE_ID for which container alone (default: all):
#   hang        never ends: `sleep infinity`, until somebody kills it
#   fail        logs an error and fails
#   silent      fails and logs nothing
#   signal      dies by SIGKILL
#   half        makes one and another outside of the container, keeps no record, and dies by SIGKILL
#   megabyte    prints one, then fails
#   bad-pid     writes a pid file that is none
#   stranger    writes the pid of a process that is no child of anybody here
#   sibling     writes the pid of the first container's init, `a`
#   late        waits for a file `go` in the root before its work
#   outlive     makes one that ends at once, and exits after that
#   flood       makes one that prints without end
#   numbers     makes one that prints the numbers to 200000, and ends
#   criu        fails as runc does when CRIU has: two lines, and a log in the work folder
# A checkpoint is a file `arguments` in the image folder, with those it was called with. A restore
# leaves the same in the bundle.
# Init goes into the control groups FAKE_GROUP, if that is set; FAKE_NEW_GROUP is a folder that `create`
# makes before.
set -eu

log= root= pidfile= bundle= image= work= verb= id= signal= all=$*
while [ $# -gt 0 ]; do
  case $1 in
  --log) log=$2 && shift ;;
  --pid-file) pidfile=$2 && shift ;;
  --root) root=$2 && shift ;;
  --bundle) bundle=$2 && shift ;;
  --image-path) image=$2 && shift ;;
  --work-path) work=$2 && shift ;;
  --log-format | --process | --console-socket | --criu | --parent-path | --empty-ns) shift ;;
  --*) ;;
  *) if [ -z "$verb" ]; then verb=$1; elif [ -z "$id" ]; then id=$1; else signal=$1; fi ;;
  esac
  shift
done

fault=FAKE_${verb^^}
fault=${!fault:-}
[ "${FAKE_ID:-$id}" = "$id" ] || fault=
case $fault in
hang) exec sleep infinity ;;
fail)
  echo '{"level":"warning","msg":"not this","time":"x"}' >>"$log"
  echo '{"level":"error","msg":"  as it was told to\n","time":"x"}' >>"$log"
  exit 1
  ;;
silent) exit 3 ;;
signal) kill -9 $$ ;;
criu)
  mkdir "$work"
  echo 'Error: as CRIU tells it' >"$work/dump.log"
  printf 'criu failed: type DUMP\nlog file: somewhere\n' >&2
  exit 1
  ;;
late) until [ -e "${root%/*}/go" ]; do sleep 0.01; done ;;
megabyte)
  head -c 1000000 /dev/zero | tr '\0' x
  exit 1
  ;;
esac

# make COMMAND…: a process that is nobody's child but the shim's (a shell would reap its own), and
# that writes its pid itself. `delete` ends it.
make() {
  local pid
  rm -f "$pidfile"
  setsid --fork sh -c 'printf %s $$ >"$1.new" && mv "$1.new" "$1"; shift; exec "$@"' \
    sh "$pidfile" "$@"
  until [ -e "$pidfile" ]; do :; done
  pid=$(<"$pidfile")
  for group in ${FAKE_GROUP:+/sys/fs/cgroup/*"$FAKE_GROUP" /sys/fs/cgroup"$FAKE_GROUP"}; do
    [ ! -e "$group" ] || echo "$pid" >"$group/cgroup.procs"
  done
  mkdir -p "$root/$id"
  : >"$root/$id/$pid"
  case $fault in
  bad-pid) printf 'no pid' >"$pidfile" ;;
  stranger) printf 2 >"$pidfile" ;;
  sibling) cp "${bundle%/*}/a/init.pid" "$pidfile" ;;
  outlive) while kill -0 "$pid" 2>/dev/null; do :; done ;;
  esac
}

case $verb in
create)
  [ -z "${FAKE_NEW_GROUP:-}" ] || mkdir -p "$FAKE_NEW_GROUP"
  case $fault in
  outlive) make true ;;
  flood) make yes ;;
  numbers) make seq 200000 ;;
  half)
    make sleep 100000
    setsid --fork sleep 100001
    rm -r "$pidfile" "${root:?}/$id"
    kill -9 $$
    ;;
  *) make sleep 100000 ;;
  esac
  ;;
exec) make sh -c 'exit 7' ;;
checkpoint)
  mkdir "$work"
  : >"$work/stats-dump"
  echo "$all" >"$image/arguments"
  ;;
restore)
  echo "$all" >"$bundle/arguments"
  make sh -c 'echo restored; exec sleep 100000'
  ;;
delete)
  for file in "$root/$id"/*; do kill -9 "${file##*/}" 2>/dev/null || true; done
  rm -rf "${root:?}/$id"
  ;;
esac
