// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

/// Small files that the kernel makes: of /proc, and of /sys where a path is given.
package enum ProcFile {
  /// - Parameter limit: beyond this size it is not read (bytes).
  /// - Parameter truncating: then its beginning is.
  package static func read(
    _ name: String, limit: Int = 1 << 20, truncating: Bool = false
  ) -> String? {
    read(at: "/proc/\(name)", limit: limit, truncating: truncating)
  }

  package static func read(
    at path: String, limit: Int = 1 << 20, truncating: Bool = false
  ) -> String? {
    guard
      let file = try? Descriptor(
        owning: valueOrErrno { unsafe open(path, O_RDONLY | O_CLOEXEC) }),
      let bytes = try? file.readAll(limit: limit, truncating: truncating)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func write(_ name: String, _ text: String) throws(Errno) {
    try write(at: "/proc/\(name)", text)
  }

  package static func write(at path: String, _ text: String) throws(Errno) {
    let file = Descriptor(
      owning: try valueOrErrno { unsafe open(path, O_WRONLY | O_CLOEXEC) })
    _ = try file.write(Array(text.utf8).span)
  }

  package static func exists(at path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// What a link of /proc says.
  static func link(_ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = unsafe readlink("/proc/\(name)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package static func list(_ name: String) -> [String] { list(at: "/proc/\(name)") }

  /// - Parameter folders: those only.
  package static func list(at path: String, folders: Bool = false) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let isWanted = unsafe !folders || entry.pointee.d_type == UInt8(DT_DIR)
      if isWanted { names.append(unsafe Directory.name(of: entry)) }
    }
    return names.filter { !$0.hasPrefix(".") }
  }
}
