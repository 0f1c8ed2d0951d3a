// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

/// Small files that the kernel makes: of /proc, and of /sys where a path is given.
package enum ProcFile {
  /// Whole, however long: a group may hold a million processes.
  package static func read(_ name: String) -> String? { read(at: "/proc/\(name)") }

  package static func read(at path: String) -> String? { read(at: RawPath(path)) }

  static func read(at path: RawPath) -> String? {
    guard let bytes = try? open(path)?.readAll(limit: .max) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func open(_ path: RawPath) -> Descriptor? {
    try? Descriptor(
      owning: valueOrErrno {
        unsafe path.withCString { unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC) }
      })
  }

  /// Calls the handler with each line of a long table, without its end, until it answers false.
  static func readLines(_ name: String, _ handler: (ArraySlice<UInt8>) -> Bool) {
    let file = open(RawPath("/proc/\(name)"))
    var rest: [UInt8] = []
    while let piece = try? file?.readPiece(), !piece.isEmpty {
      rest += piece
      var begin = 0
      while let end = rest[begin...].firstIndex(of: UInt8(ascii: "\n")) {
        guard handler(rest[begin..<end]) else { return }
        begin = end + 1
      }
      rest.removeFirst(begin)
    }
    if !rest.isEmpty { _ = handler(rest[...]) }
  }

  /// The number of a namespace that a process is in (namespaces(7)).
  package static func namespace(_ type: String, of pid: Int32) -> UInt64? {
    var status = stat()
    guard unsafe stat("/proc/\(pid)/ns/\(type)", &status) == 0 else { return nil }
    return UInt64(status.st_ino)
  }

  package static func write(_ name: String, _ text: String) throws(Errno) {
    try write(at: "/proc/\(name)", text)
  }

  package static func write(at path: String, _ text: String) throws(Errno) {
    try write(at: RawPath(path), text)
  }

  static func write(at path: RawPath, _ text: String) throws(Errno) {
    let file = Descriptor(
      owning: try valueOrErrno {
        unsafe path.withCString { unsafe Glibc.open($0, O_WRONLY | O_CLOEXEC) }
      })
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

  package static func list(at path: String) -> [String] {
    entries(of: RawPath(path)) { _ in true }.map(\.description).filter { !$0.hasPrefix(".") }
  }

  /// The paths of the folders in a folder.
  static func folders(in path: RawPath) -> [RawPath] {
    entries(of: path) { $0 == UInt8(DT_DIR) }.map { path / $0 }
  }

  private static func entries(of path: RawPath, where isWanted: (UInt8) -> Bool) -> [RawPath] {
    guard let directory = unsafe path.withCString({ unsafe opendir($0) }) else { return [] }
    defer { _ = unsafe closedir(directory) }
    var names: [RawPath] = []
    while let entry = unsafe readdir(directory) {
      if unsafe isWanted(entry.pointee.d_type) { names.append(unsafe RawPath(of: entry)) }
    }
    return names.filter { !$0.isDots }
  }
}
