// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

extension HelperProcess {
  /// Runs one of this executable's own commands, each of which says in one line why it failed.
  ///
  /// - Parameter insists: see `Scarcity`.
  static func runOurselves(
    _ arguments: [String], within limit: Duration, _ loop: EventLoop, _ children: ChildProcesses,
    insists: Bool = false, completion: @escaping (RuntimeError?) -> Void
  ) {
    let attempt = { () throws(Errno) in
      try runCopy(arguments, within: limit, loop, children) { ending in
        switch ending.status?.code {
        case 0: completion(nil)
        case nil: completion(.abandoned("\(arguments[0]) \(arguments[1]) takes too long"))
        default: completion(.failed(String(ending.output.prefix { !$0.isNewline })))
        }
      }
    }
    let failed = { (error: Errno) in completion(.failed("\(arguments[0]): \(error)")) }
    if insists { return Scarcity.insist(loop, children, attempt, orElse: failed) }
    do throws(Errno) { try attempt() } catch { failed(error) }
  }
}
