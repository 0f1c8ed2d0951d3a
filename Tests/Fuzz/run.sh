#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [TARGET...]: feeds each decoder, or those that are named, with libFuzzer's bytes. What it finds
# new goes into a corpus below .build, from which the next run goes on. Variables:
#   SECONDS_EACH   per target (60)
#   SEED           of the first target's random numbers (now)
#   PLANTS         if set: each target has a bug, and must find it within that time
# Prints a table; a line for each target goes into Documentation/reliability/fuzz.tsv, if nothing was
# planted. A crash is kept in .build/fuzz/found.
set -eu
cd "$(dirname "$0")/../.."

targets=${*:-frames messages bootstrap options spec runtime-log cgroup records}
seconds=${SECONDS_EACH:-60}
seed=${SEED:-$(date +%s)}
out=.build/fuzz
log=$out/log
found=$out/found
record=Documentation/reliability/fuzz.tsv
commit=$(git rev-parse --short HEAD 2>/dev/null || echo none)

# With the counters of coverage in every module, ours to report and libFuzzer's to follow.
FUZZ=1 swift build -c release --product fuzz --scratch-path $out -Xswiftc -enable-testing \
  -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld \
  -Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping
fuzz=$PWD/$out/release/fuzz
# Swift's own: another LLVM's may not read its profiles.
PATH=$(swift -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1/bin|p'):$PATH
mkdir -p $log $found "${record%/*}"
[ -e $record ] || printf 'date\tcommit\ttarget\tseed\tseconds\tinputs\tcorpus\tlines covered\n' >$record
[ -z "${PLANTS:-}" ] || export FUZZ_PLANT=1

# The decoders of a target, whose lines are counted.
sources() {
  case $1 in
  frames) echo TTRPC/FrameDecoder TTRPC/Frame ;;
  messages) echo TTRPCEnvelope/Generated/ttrpc.pb ContainerdAPI/Generated/task.pb ;;
  bootstrap) echo Main/Bootstrap TaskService/RuntimeOptions+Any ;;
  options) echo Runtime/OptionsTable Runtime/TOMLScanner Runtime/TOMLNumber Runtime/RuntimeOptions ;;
  spec) echo Runtime/JSONScanner Runtime/JSONDocument Runtime/JSONString Runtime/HostCommand ;;
  runtime-log) echo Runtime/OCILog ;;
  cgroup) echo Linux/CgroupHierarchies Linux/ControlGroup TaskService/Metrics+V1 \
    TaskService/Metrics+V2 TaskService/NamedValues ;;
  records) echo Runtime/ExitLog Linux/ProcessIdentity ;;
  esac
}

# covered TARGET CORPUS...: the share of their lines that all these inputs reach.
covered() {
  local target=$1 files
  files=$(for name in $(sources "$target"); do echo "Sources/Shim/$name.swift"; done)
  shift
  LLVM_PROFILE_FILE=$PWD/$log/$target.profraw FUZZ_TARGET=$target \
    "$fuzz" -runs=0 "$@" >/dev/null 2>&1
  llvm-profdata merge -o $log/$target.profdata $log/$target.profraw
  llvm-cov report "$fuzz" -instr-profile=$log/$target.profdata $files 2>/dev/null |
    awk '$1 == "TOTAL" { print $10 }'
}

failed=0
printf '%-12s %10s %10s %8s %s\n' target seed inputs lines result
for target in $targets; do
  corpus=$out/corpus/$target
  mkdir -p $corpus
  status=0
  FUZZ_TARGET=$target LLVM_PROFILE_FILE=/dev/null "$fuzz" -seed="$seed" -timeout=10 \
    -rss_limit_mb=2048 -max_total_time="$seconds" -use_value_profile=1 -print_final_stats=1 \
    -dict=Tests/Fuzz/words.dict -artifact_prefix=$found/$target- \
    $corpus Tests/Fuzz/Corpus/$target >$log/$target.log 2>&1 || status=$?
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' $log/$target.log)
  lines=-
  if [ -n "${PLANTS:-}" ]; then
    result='not found'
    ! grep -q 'the planted bug' $log/$target.log || result=found
    [ "$result" = found ] || failed=1
  elif [ $status -ne 0 ]; then
    result="failed: $(grep -am 1 -E 'Fatal error|ERROR' $log/$target.log), see $log/$target.log"
    failed=1
  else
    result=passed
    lines=$(unset FUZZ_PLANT; covered "$target" $corpus Tests/Fuzz/Corpus/$target)
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(date +%F)" "$commit" "$target" "$seed" "$seconds" \
      "$inputs" "$(find $corpus Tests/Fuzz/Corpus/$target -type f | wc -l)" "$lines" >>$record
  fi
  printf '%-12s %10s %10s %8s %s\n' "$target" "$seed" "${inputs:--}" "$lines" "$result"
  seed=$((seed + 1))
done
exit $failed
