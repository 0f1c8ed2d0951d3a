#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh WHAT [KEY=VALUE...]: builds the long runs and starts one. A run tells its seed, which plays it
# again; CTRL-C ends it after what is under way, and the same seed goes on from there. Each adds a line
# to Documentation/reliability/WHAT.tsv. What failed is told, and containerd's log kept in
# .build/reliability/failed.
#   killrounds   N= rounds (100), LANES= at once (3), FIRST= plays from that round on
#   soak         MINUTES= (5), FIRST= step
#   execs        N= (100000)
#   stream       MIB= (10240), AWAY= seconds that containerd is once away (0)
#   WHAT-plants  the same with a bug planted, one after the other, each of which is to be found
# SEED= is of all random choices. PLANT= names one bug.
set -eu
cd "$(dirname "$0")/../.."

what=$1
shift
out=.build/reliability
# On a busy machine a wait may be long, and a shim without a task takes 30 s to go.
export TEST_PATIENCE=${TEST_PATIENCE:-60}
mkdir -p $out/bin
# Another run may be using it.
clang -O2 -static -D_GNU_SOURCE -Wall -Wextra -Werror -ITests/Reliability/CPattern/include \
  Tests/Reliability/Runtime/main.c Tests/Reliability/CPattern/pattern.c -o $out/bin/fast-runtime.$$
mv $out/bin/fast-runtime.$$ $out/bin/fast-runtime
RELIABILITY=1 swift build -c release --product reliability --scratch-path $out
run=$out/release/reliability

# plants RUN WORDS PLANT...: WORDS are of all these runs.
log=$out/plant-$$.log
failed=0
plants() {
  local run_of=$1 words=$2 plant
  shift 2
  for plant; do
    # Each must make the run fail, and by a violation.
    if "$run" "$run_of" $words PLANT="$plant" >$log 2>&1; then
      echo "$run_of: $plant was not found"
      failed=1
    elif grep -q '^failed: ' $log; then
      echo "$run_of: $plant found: $(grep -m 1 -o '^failed: .*' $log | cut -c 9-140)"
    else
      echo "$run_of: $plant: $(tail -n 1 $log)"
      failed=1
    fi
  done
}

case $what in
killrounds-plants)
  TEST_PATIENCE=15
  plants killrounds "N=60 LANES=1 SEED=1 $*" stale-running event-twice events-swapped \
    delete-forgets delete-spares delete-says-zero delete-kills-namesakes output-changed
  ;;
soak-plants)
  TEST_PATIENCE=15
  plants soak "MINUTES=2 SEED=1 $*" stale-running event-twice events-swapped event-lost exit-twice \
    execs-swapped exec-status memory descriptor thread bytes-lost orphan
  plants execs "N=2000 SEED=1" event-lost exit-twice execs-swapped exec-status memory descriptor thread
  plants stream "MIB=64 SEED=1" byte-changed bytes-lost memory descriptor thread
  ;;
*) exec "$run" "$what" "$@" ;;
esac
exit $failed
