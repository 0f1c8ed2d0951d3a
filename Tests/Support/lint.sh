#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Checks what the compiler does not. Each failure names file and rule; all rules are checked.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
failed=0

fail() {
  echo "lint: $*" >&2
  failed=1
}

# Which modules each folder of Sources/Shim may import, beside these two that all may.
everywhere='SystemPackage Glibc'
arrows='
Linux: CLinux
EventLoop: CLibevent Linux
TTRPCEnvelope: SwiftProtobuf
TTRPC: TTRPCEnvelope EventLoop Linux SwiftProtobuf
ContainerdAPI: SwiftProtobuf
CgroupMetrics: SwiftProtobuf
Stdio: EventLoop Linux
Runtime: Stdio EventLoop Linux
TaskService: ContainerdAPI CgroupMetrics Runtime Stdio TTRPC EventLoop Linux SwiftProtobuf
Main: TaskService ContainerdAPI TTRPC Runtime Stdio EventLoop Linux CLibmd SwiftProtobuf Synchronization
'

# Our sources: neither hidden folders (.build) nor generated code.
mapfile -t sources < <(find . -path './.?*' -prune -o -path '*/Generated/*' -prune -o -type f \
  \( -name '*.swift' -o -name '*.c' -o -name '*.h' -o -name '*.proto' -o -name '*.sh' \
  -o -name '*.py' \
  -o -path './debian/rules' -o -path './debian/linked-packages' -o -path './debian/tests/tour' \) \
  -print | sed 's|^\./||' | sort)

for file in "${sources[@]}"; do
  case $(head -n 1 "$file") in
  '#!'* | '// swift-tools-version'*) first=3 ;;
  *) first=2 ;;
  esac
  head -n $first "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0$' ||
    fail "$file: no SPDX licence line in its first $first lines"
  length=$(wc -l <"$file")
  [ "$length" -le 300 ] || fail "$file: $length lines, 300 at most"

  case $file in
  Sources/Shim/*.swift)
    module=${file#Sources/Shim/}
    module=${module%%/*}
    allowed=$(sed -n "s/^$module://p" <<<"$arrows")
    [ -n "$allowed" ] || fail "$file: $module is not in the table of imports"
    # The module's name is the last word, without the declaration that a scoped import adds.
    for import in $(sed -nE 's/^ *([@a-z_]+ )*import ([a-z]+ )?([A-Za-z0-9_]+).*/\3/p' "$file"); do
      case " $everywhere $allowed " in
      *" $import "*) ;;
      *) fail "$file: $module may not import $import" ;;
      esac
    done
    ;;
  esac
done

printf '%s\0' "${sources[@]}" | grep -z '\.swift$' | xargs -0 swift format lint --strict --parallel ||
  fail "format: run \`make format\`"

sha256sum Sources/Shim/*/Protos/*.proto Sources/Shim/*/Generated/*.pb.swift |
  diff Sources/Shim/ContainerdAPI/protos.sha256 - ||
  fail "generated code does not belong to the .proto files: run \`make protos\`"

version=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Shim/Main/Main.swift)
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)" = "$version" ] ||
  fail "debian/changelog: its version is not Main.swift's, $version"
grep -qF "Version $version." README.md || fail "README.md: its version is not Main.swift's, $version"

exit $failed
