// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Who holds a reading end of a pipe, by /proc (proc(5)). Looks at every process: for a copy of ours.
package enum PipeReaders {
  /// - Parameters:
  ///   - inodes: of the pipes.
  ///   - others: pids that do not count.
  package static func find(_ inodes: [UInt64], except others: [Int32]) -> [Int32] {
    let names = inodes.map { "pipe:[\($0)]" }
    return ProcFile.list("").compactMap { Int32($0) }.filter { pid in
      !others.contains(pid) && ProcFile.list("\(pid)/fd").contains { reads($0, of: pid, names) }
    }
  }

  private static func reads(_ number: String, of pid: Int32, _ names: [String]) -> Bool {
    guard let target = ProcFile.link("\(pid)/fd/\(number)"), names.contains(target),
      let info = ProcFile.read("\(pid)/fdinfo/\(number)"),
      let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }),
      let flags = Int32(line.drop { !$0.isNumber }, radix: 8)
    else { return false }
    return flags & O_ACCMODE != O_WRONLY
  }
}

extension Descriptor {
  /// What the pipe is called in /proc.
  package var inode: UInt64? {
    var status = stat()
    return unsafe fstat(number, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}
