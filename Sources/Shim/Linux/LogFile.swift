// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// A process that writes what comes through two pipes to a file: this executable again (logfile.c).
package enum LogFile {
  /// It gets the pipes as its descriptors 3 and 4, and reports through 5.
  ///
  /// - Parameter creates: makes the file and the folders above it, follows no link to it, and takes
  ///   nothing but a regular file; else it has to be there.
  package static func command(_ path: String, creates: Bool) -> Command {
    Command(
      path: "/proc/self/exe",
      arguments: ["shim:log-file", "log-file", creates ? "create" : "append", path],
      environment: [])
  }

  package enum Report: Equatable, Sendable {
    /// Nothing came before this; nil when the file is open.
    case opened(Errno?)
    /// From now on output is dropped.
    case loses(Errno)
    case writesAgain(dropped: UInt64)
    case ended(written: UInt64, dropped: UInt64)
  }

  /// What it has told since the last time; nil when it tells no more.
  package static func reports(_ pipe: borrowing Descriptor) -> [Report]? {
    let size = MemoryLayout<clinux_log_report>.size
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32 * size)
    defer { unsafe buffer.deallocate() }
    do throws(Errno) {
      // Each was written whole: a pipe does not tear what is so short.
      let count = try unsafe pipe.read(into: buffer)
      if count == 0 { return nil }
      var reports: [Report] = []
      var offset = 0
      while offset + size <= count {
        let bytes = UnsafeRawPointer(buffer.baseAddress)
        let report = unsafe bytes?.loadUnaligned(
          fromByteOffset: offset, as: clinux_log_report.self)
        if let report = report.flatMap(Report.init) { reports.append(report) }
        offset += size
      }
      return reports
    } catch {
      return error == .wouldBlock ? [] : nil
    }
  }
}

extension LogFile.Report {
  fileprivate init?(_ report: clinux_log_report) {
    switch clinux_log_event(rawValue: report.event) {
    case clinux_log_opened:
      self = .opened(report.error == 0 ? nil : Errno(rawValue: report.error))
    case clinux_log_loses: self = .loses(Errno(rawValue: report.error))
    case clinux_log_writes_again: self = .writesAgain(dropped: report.dropped)
    case clinux_log_ended: self = .ended(written: report.written, dropped: report.dropped)
    default: return nil
    }
  }
}
