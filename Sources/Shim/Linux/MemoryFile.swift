// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A file in memory, for a child of ours to read or write (memfd_create(2)): it needs no room on any disk,
/// waits for none, and goes with this value. The child opens it by its path and inherits nothing.
package final class MemoryFile {
  private let descriptor: Descriptor

  /// - Throws: `EMFILE`, `ENFILE`, `ENOMEM`.
  package init(_ name: String, _ content: [UInt8] = []) throws(Errno) {
    descriptor = Descriptor(owning: try check(unsafe clinux_memory_file(name)))
    if content.isEmpty { return }
    guard try descriptor.write(content.span) == content.count else { throw .noMemory }
  }

  /// None without content.
  package convenience init?(ifAny content: [UInt8]?) throws(Errno) {
    guard let content else { return nil }
    try self.init("input", content)
  }

  /// Where others of our user, in our pid namespace, find it while this value lives.
  package var path: String { "/proc/\(CurrentProcess.id)/fd/\(descriptor.number)" }

  /// The end of what others have written to it.
  ///
  /// - Parameter limit: bytes.
  package func end(limit: Int) -> String {
    if lseek(descriptor.number, -off_t(limit), SEEK_END) < 0 {
      lseek(descriptor.number, 0, SEEK_SET)
    }
    let bytes = try? descriptor.readAll(limit: limit)
    return String(decoding: bytes ?? [], as: UTF8.self)
  }
}
