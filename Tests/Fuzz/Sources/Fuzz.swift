// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc

/// Feeds one of our decoders with bytes from nowhere, until one of them makes it trap:
///
///     FUZZ_TARGET=frames [FUZZ_PLANT=1] fuzz [LIBFUZZER-FLAG | CORPUS]...
///
/// A target traps by itself on what must not be, such as a message that does not survive its own
/// encoding. With FUZZ_PLANT it also traps on something that is harmless and hard to come by: a fuzzer
/// that does not find that does not look where it should (`make fuzz-plants`).
@main struct Fuzz {
  static let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "frames": FrameTarget.run,
    "messages": MessageTarget.run,
    "bootstrap": BootstrapTarget.run,
    "options": OptionsTarget.run,
    "spec": SpecTarget.run,
    "runtime-log": RuntimeLogTarget.run,
    "cgroup": CgroupTarget.run,
    "records": RecordTarget.run,
  ]

  nonisolated(unsafe) static var target: @Sendable ([UInt8]) -> Void = { _ in }
  nonisolated static let plants = getenv("FUZZ_PLANT") != nil

  static func main() {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
      print("FUZZ_TARGET is one of \(targets.keys.sorted().joined(separator: " "))")
      exit(2)
    }
    self.target = target
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        Fuzz.target(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
      })
  }

  /// The bug of `make fuzz-plants`.
  static func plant(_ isReached: @autoclosure () -> Bool) {
    if plants, isReached() { fatalError("the planted bug") }
  }

  /// What must be so whatever the input is.
  static func require(_ holds: Bool, _ words: @autoclosure () -> String) {
    if !holds { fatalError(words()) }
  }
}
