// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// The programs that may be loggers: a logger runs as root on the host, and who chooses an image's
/// labels may have chosen it (CVE-2026-53488).
enum LoggerList {
  static let path = "/etc/containerd-shim-swift/loggers"
  private static let limit = 64 * 1024

  /// Without the file every program may. With it those that it names, one absolute path in a line.
  static func check(_ logger: String, in path: String = path) throws(StdioError) {
    let bytes: [UInt8]
    do throws(Errno) {
      bytes = try RegularFile.read(path, limit: limit, onlyRoots: true)
    } catch .noSuchFileOrDirectory {
      return
    } catch .notPermitted {
      throw .loggerRefused("\(path) must belong to root and be closed to other writers")
    } catch {
      throw .loggerRefused("\(path): \(error)")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard logger.hasPrefix("/"), lines.contains(where: { $0 == logger }) else {
      throw .loggerRefused("logger \(logger) is not in \(path)")
    }
  }
}
