// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support

/// What a shim executes, as valgrind's callgrind sees it: `start`, and a daemon until it waits. Each window
/// of 64 KiB that one of these functions lies in is a page fault; laid side by side they have few.
enum ExecutedFunctions {
  /// - Returns: mangled names; those of `start` come first.
  static func find(_ executable: String) throws -> [String] {
    try PairHost.run { host in
      let folder = host.folder.path
      let copy = "\(folder)/\(ShimBinary.oci)"
      // valgrind does not get through the debugging symbols.
      try Support.run("strip", "--strip-debug", "-o", copy, executable).expectSuccess()
      let socket = "\(folder)/hot.sock"
      try host.makeBundle("hot", host.trueSpec)
      // The daemon that this one executes is valgrind's, and ends at once.
      try Subprocess(
        command("\(folder)/start", copy, host.arguments("hot")), environment: host.environment,
        directory: host.bundle("hot")
      ).wait().expectSuccess()
      let daemon = try Subprocess(
        command("\(folder)/serve", copy, host.arguments("hot").dropLast() + ["-socket", socket]),
        environment: host.environment, directory: host.bundle("hot"))
      try eventually("the daemon answers") { (try? ShimClient("unix://\(socket)")) != nil }
      kill(daemon.pid, SIGTERM)
      _ = try daemon.wait()
      host.removeSocket("hot")
      try host.removeBundle("hot")
      let first = try names(in: "\(folder)/start")
      return first.sorted() + (try names(in: "\(folder)/serve")).subtracting(first).sorted()
    }
  }

  private static func command(_ output: String, _ copy: String, _ arguments: [String]) -> [String] {
    [
      "valgrind", "-q", "--log-file=/dev/null", "--tool=callgrind", "--demangle=no",
      "--callgrind-out-file=\(output)", copy,
    ] + arguments
  }

  /// A function's name stands where it is first called: `fn=(NUMBER) NAME`, or `cfn=`. One that calls itself
  /// has `'2` after its name.
  private static func names(in file: String) throws -> Set<String> {
    guard let text = Files.read(file) else { throw TestFailure("\(file): valgrind has left none") }
    let names = text.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("fn=(") || line.hasPrefix("cfn=("),
        let name = line.split(separator: ") ", maxSplits: 1).dropFirst().first,
        !name.hasPrefix("0x"), !name.hasPrefix("(")  // code without a name
      else { return nil }
      return String(name.prefix { $0 != "'" })
    }
    return Set(names)
  }
}
