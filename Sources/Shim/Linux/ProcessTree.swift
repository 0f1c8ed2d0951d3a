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

  /// Ends a process and all that descends from it. Each is stopped before its children are listed,
  /// so that none is born meanwhile; `open` gives the root's descriptor.
  package static func kill(_ pid: Int32, root: borrowing Descriptor) {
    try? root.signalProcess(SIGSTOP)
    for child in children(of: pid) {
      // Stopped or not, a child stays a child, or a zombie, while its parent stands still: the pid
      // cannot have gone to a stranger between the listing and this open.
      guard let identity = ProcessIdentity(runningAs: child), let pidfd = try? identity.open()
      else { continue }
      kill(child, root: pidfd)
    }
    try? root.signalProcess(SIGKILL)
  }
}
