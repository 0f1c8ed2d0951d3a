// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// The list of programs that may be loggers: a logger runs as root on the host, and who chooses an image's
/// labels may have chosen it (CVE-2026-53488).
///
///     check-logger PATH
///
/// A child of the daemon, because a disk may block. A refusal is one line on standard error and exit
/// code 1.
enum LoggerList {
  static let path = "/etc/containerd-shim-swift/loggers"
  static let timeLimit = Duration.seconds(10)
  private static let limit = 64 * 1024

  static func check(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1 else { return 2 }
    guard let words = refusal(of: arguments[0], by: path) else { return 0 }
    StandardStreams.writeErrorLine(words)
    return 1
  }

  /// Without the file every program may. With it those that it names, one absolute path in a line.
  static func refusal(of logger: String, by path: String) -> String? {
    let bytes: [UInt8]
    do throws(Errno) {
      bytes = try RegularFile.read(path, limit: limit, onlyRoots: true)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch .notPermitted {
      return "\(path) must belong to root and be closed to other writers"
    } catch {
      return "\(path): \(error)"
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    let isListed = logger.hasPrefix("/") && lines.contains { $0 == logger }
    return isListed ? nil : "logger \(logger) is not in \(path)"
  }
}
