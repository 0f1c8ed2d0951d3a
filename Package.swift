// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every module of ours is compiled with; generated code takes all but the last.
let common: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
let strict = common + [.strictMemorySafety()]
/// For modules with much code that is run seldom.
let small = SwiftSetting.unsafeFlags(["-Osize"], .when(configuration: .release))

let errno: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

/// A module of the shim: a folder of Sources/Shim. Arrows point downwards (Documentation/architecture.md).
func module(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  settings: [SwiftSetting] = strict
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/Shim/\(name)", exclude: exclude,
    swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)", swiftSettings: common)
}

let package = Package(
  name: "containerd-shim-swift",
  products: [
    .executable(name: "containerd-shim-swift-v2", targets: ["Main"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CLibevent", providers: [.apt(["libevent-dev"])]),
    .systemLibrary(name: "CLibmd", providers: [.apt(["libmd-dev"])]),
    .target(
      name: "CLinux",
      cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),

    module("Linux", ["CLinux", errno]),
    module("EventLoop", ["CLibevent", "Linux", errno]),
    module("TTRPCEnvelope", [protobuf], exclude: ["Protos"], settings: common),
    module("TTRPC", ["TTRPCEnvelope", "EventLoop", "Linux", protobuf, errno]),
    module(
      "ContainerdAPI", [protobuf], exclude: ["Protos", "protos.sha256"],
      settings: common + [small]),
    // Apart, so that its data lies on pages of its own: a shim that is never asked has none of them.
    module("CgroupMetrics", [protobuf], exclude: ["Protos"], settings: common + [small]),
    module("Stdio", ["EventLoop", "Linux", errno]),
    module("Runtime", ["Stdio", "EventLoop", "Linux", errno], settings: strict),
    module(
      "TaskService",
      [
        "ContainerdAPI", "CgroupMetrics", "Runtime", "Stdio", "TTRPC", "EventLoop", "Linux",
        protobuf,
        errno,
      ], settings: strict),
    .executableTarget(
      name: "Main",
      dependencies: [
        "TaskService", "ContainerdAPI", "TTRPC", "Runtime", "Stdio", "EventLoop", "Linux", "CLibmd",
        protobuf, errno,
      ],
      path: "Sources/Shim/Main", swiftSettings: strict),

    .target(
      name: "Support", dependencies: ["ContainerdAPI", "TTRPC", "EventLoop", "Linux", protobuf],
      path: "Tests/Support/Sources", swiftSettings: common),
    tests("Linux", ["Linux", errno]),
    tests("EventLoop", ["EventLoop", "Linux", errno]),
    tests("TTRPC", ["TTRPC", "EventLoop", "Linux", protobuf, errno]),
    tests("Stdio", ["Stdio", "EventLoop", "Linux", errno]),
    tests("Runtime", ["Runtime"]),
    tests(
      "TaskService",
      ["TaskService", "Runtime", "TTRPC", "ContainerdAPI", "CgroupMetrics", "Linux", protobuf]),
    tests("Main", ["Main", "TaskService", "TTRPC", "ContainerdAPI", "Support", protobuf]),
    tests(
      "Integration",
      ["Support", "CgroupMetrics", "ContainerdAPI", "TTRPC", "EventLoop", "Linux", protobuf, errno]),
  ]
)

// Only `make fuzz` asks for it: everything else is built without libFuzzer.
if Context.environment["FUZZ"] != nil {
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "CFuzzer", "TaskService", "Runtime", "TTRPC", "TTRPCEnvelope", "ContainerdAPI",
        "CgroupMetrics", "Linux", protobuf,
      ],
      path: "Tests/Fuzz/Sources", swiftSettings: common),
  ]
}

// Only the long runs of Tests/Reliability ask for these.
if Context.environment["RELIABILITY"] != nil {
  package.targets += [
    .target(name: "CPattern", path: "Tests/Reliability/CPattern"),
    .executableTarget(
      name: "reliability",
      dependencies: ["CPattern", "Support", "ContainerdAPI", protobuf],
      path: "Tests/Reliability/Sources", swiftSettings: common),
  ]
}

// Only `make bench` asks for it.
if Context.environment["BENCH"] != nil {
  package.targets += [
    .executableTarget(
      name: "bench", dependencies: ["Support", "ContainerdAPI", "TTRPC", "Linux", protobuf, errno],
      path: "Benchmarks/Sources", swiftSettings: common)
  ]
}
