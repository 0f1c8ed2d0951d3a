// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Who is whose child, from /proc.
package enum ProcessTree {
  /// The children of a process, whichever of its threads made them (proc(5), `children`).
  package static func children(of pid: Int32) -> [Int32] {
    ProcFile.list("\(pid)/task").flatMap { thread in
      (ProcFile.read("\(pid)/task/\(thread)/children") ?? "")
        .split(separator: " ").compactMap { Int32($0) }
    }
  }

  /// Nil for one that is gone; 0 when it is in none that we see.
  package static func parent(of pid: Int32) -> Int32? {
    ProcFile.read("\(pid)/stat").flatMap(parent(in:))
  }

  /// Field 3: see there.
  package static func isZombie(in stat: String) -> Bool {
    stat.lastIndex(of: ")").map { stat[$0...].hasPrefix(") Z") } ?? false
  }

  /// Field 4 of /proc/PID/stat: see `ProcessIdentity.startTime`.
  package static func parent(in stat: String) -> Int32? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].split(separator: " ", maxSplits: 3)
    return fields.count > 2 ? Int32(fields[2]) : nil
  }

  /// Children, theirs and so on, parents first.
  package static func descendants(of pid: Int32) -> [Int32] {
    var found = children(of: pid)
    var next = 0
    while next < found.count {
      found += children(of: found[next])
      next += 1
    }
    return found
  }

  /// Sends a signal to all that descends from a process, the youngest first.
  package static func signalDescendants(of pid: Int32, _ signal: Int32) {
    for child in children(of: pid) {
      guard let pidfd = openChild(child, of: pid) else { continue }
      signalDescendants(of: child, signal)
      try? pidfd.signalProcess(signal)
    }
  }

  /// Ends a process and all that descends from it; `root` is its descriptor. Each is stopped before
  /// its children are listed, and they are listed again for one whose birth was under way.
  package static func kill(_ pid: Int32, root: borrowing Descriptor) {
    try? root.signalProcess(SIGSTOP)
    var seen: Set<Int32> = []
    while case let born = children(of: pid).filter({ !seen.contains($0) }), !born.isEmpty {
      seen.formUnion(born)
      for child in born {
        if let pidfd = openChild(child, of: pid) { kill(child, root: pidfd) }
      }
    }
    try? root.signalProcess(SIGKILL)
  }

  /// A descriptor of a listed child; nil when it is gone, whoever has its pid now: still a child
  /// after the open, it was the same one at the open.
  private static func openChild(_ child: Int32, of parent: Int32) -> Descriptor? {
    guard let pidfd = try? Descriptor.process(child),
      children(of: parent).contains(child)
    else { return nil }
    return pidfd
  }
}
