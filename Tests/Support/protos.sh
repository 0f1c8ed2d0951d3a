#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Generates the .pb.swift files from our .proto files, and the checksums of both by which `make lint`
# tells, without protoc, that they belong together.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."

command -v protoc >/dev/null || Tests/Support/setup.sh protobuf-compiler

# The plugin must match the library: both come from the checkout that the package resolved to.
swift package resolve
checkout=.build/checkouts/swift-protobuf
plugin=(-c release --product protoc-gen-swift --package-path "$checkout"
  --scratch-path .build/protoc-gen-swift)
swift build "${plugin[@]}"
bin=$(swift build "${plugin[@]}" --show-bin-path)

for module in Sources/Shim/{ContainerdAPI,CgroupMetrics,TTRPCEnvelope}; do
  rm -rf "$module/Generated"
  mkdir "$module/Generated"
  protoc --plugin="$bin/protoc-gen-swift" \
    -I "$module/Protos" -I "$checkout/Protos/Sources/SwiftProtobuf" \
    --swift_opt=Visibility=Package,UseAccessLevelOnImports=true \
    --swift_out="$module/Generated" "$module"/Protos/*.proto
done

sha256sum Sources/Shim/*/Protos/*.proto Sources/Shim/*/Generated/*.pb.swift \
  >Sources/Shim/ContainerdAPI/protos.sha256
