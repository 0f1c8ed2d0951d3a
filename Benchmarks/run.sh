#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [QUICK=1] [ONLY=NAME,NAME...]: measures our shim and containerd's own in turns, and prints a table of
# ratios and goals. A whole run leaves its figures and plots in Documentation/benchmarks. Figures of
# a machine that does other work at the same time are worth nothing.
# run.sh plots: draws the plots again from the figures of the last whole run.
# run.sh hot-symbols MAP: lists what a shim writes and executes in Sources/Shim/hot-symbols.txt.
set -eu
cd "$(dirname "$0")/.."

out=.build/bench
mkdir -p $out/bin
compile() { clang -O2 -static -D_GNU_SOURCE -Wall -Wextra -Werror "$@"; }
for source in Benchmarks/Limits/*.c; do
  compile "$source" -o $out/bin/"$(basename "$source" .c)" -lmd
done
compile -ITests/Reliability/CPattern/include Tests/Reliability/Runtime/main.c \
  Tests/Reliability/CPattern/pattern.c -o $out/bin/fast-runtime
BENCH=1 swift build -c release --product bench --scratch-path $out
exec $out/release/bench "$@"
