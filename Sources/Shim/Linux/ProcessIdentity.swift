// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A process that is told from a later one of the same pid: by its start time, and by the boot.
///
/// Written to a file as `pid start boot`, so that another command may end it later.
package struct ProcessIdentity: Equatable, Sendable {
  package let pid: Int32
  /// Clock ticks after boot: field 22 of /proc/PID/stat (proc(5)).
  package let start: UInt64
  package let boot: String

  /// The process that runs under a pid now.
  package init?(runningAs pid: Int32) {
    guard let stat = ProcFile.read("\(pid)/stat"),
      let boot = ProcFile.read("sys/kernel/random/boot_id"),
      let start = Self.startTime(stat)
    else { return nil }
    self.pid = pid
    self.start = start
    self.boot = boot.filter { !$0.isWhitespace }
  }

  package init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, let pid = Int32(words[0]), pid > 1, let start = UInt64(words[1])
    else { return nil }
    self.pid = pid
    self.start = start
    self.boot = String(words[2])
  }

  package var text: String { "\(pid) \(start) \(boot)" }

  /// A descriptor of exactly this process.
  ///
  /// - Throws: `ESRCH` when it has exited, whoever has the pid now.
  package func open() throws(Errno) -> Descriptor {
    let pidfd = try Descriptor.process(pid)
    // Checked after the open: from here on the descriptor cannot come to mean another one.
    guard ProcessIdentity(runningAs: pid) == self, !pidfd.waitForProcess(milliseconds: 0) else {
      throw .noSuchProcess
    }
    return pidfd
  }

  /// The command's name stands in parentheses and may hold any byte: count from the last one.
  package static func startTime(_ stat: String) -> UInt64? {
    // Of the bytes: some characters make one with the parenthesis that follows.
    guard let end = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat[end...].split(separator: " ")
    // ")" is field 2 here, the state 3: the 22nd stands at index 20.
    return fields.count > 20 ? UInt64(fields[20]) : nil
  }
}

extension Descriptor {
  /// Whoever has this pid now: for a child of ours that we have not reaped, or with a check after it.
  package static func process(_ pid: Int32) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(clinux_open_process(pid)))
  }

  /// Sends a signal to the process that this pidfd means.
  ///
  /// - Throws: `ESRCH` when it has been reaped; `EINVAL` for no such signal.
  package func signalProcess(_ signal: Int32) throws(Errno) {
    try check(clinux_signal_process(number, signal))
  }

  /// Whether it becomes readable when the process has exited; else it is the process's folder in /proc.
  package var isPIDFD: Bool {
    var status = stat()
    return unsafe fstat(number, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
  }

  /// Whether this pidfd means a child of ours that has not been reaped.
  package var isOurChild: Bool { clinux_is_child(number) == 1 }

  /// Waits until the process that this pidfd means has exited, or the time is over (blocks).
  ///
  /// - Returns: whether it has.
  @discardableResult
  package func waitForProcess(milliseconds: Int32) -> Bool {
    clinux_wait_for_process(number, milliseconds) == 1
  }
}
