// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A path or a name as the kernel has it: any bytes but NUL, which a String could not hold.
package struct RawPath: Equatable, Sendable, CustomStringConvertible {
  /// With their NUL.
  private let bytes: [CChar]

  init(_ bytes: some Sequence<UInt8>) { self.bytes = bytes.map { CChar(bitPattern: $0) } + [0] }

  package init(_ text: String) { self.init(text.utf8) }

  /// The name of what a directory holds.
  init(of entry: UnsafeMutablePointer<dirent>) {
    let name = unsafe UnsafeRawPointer(entry).advanced(
      by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    )
    .assumingMemoryBound(to: CChar.self)
    bytes = unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
  }

  /// For people: what is no UTF-8 is left out.
  package var description: String {
    String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether it is a path or leads on from it, byte by byte.
  func isAtOrBelow(_ path: String) -> Bool {
    var length = 0
    for byte in path.utf8 {
      // At the end there is a NUL, which no path has.
      guard bytes[length] == CChar(bitPattern: byte) else { return false }
      length += 1
    }
    return bytes[length] == 0 || bytes[length] == CChar(47)
  }

  var isDots: Bool { bytes == [46, 0] || bytes == [46, 46, 0] }

  static func / (folder: RawPath, name: RawPath) -> RawPath {
    RawPath(joining: folder.bytes.dropLast() + [47] + name.bytes)
  }

  static func / (folder: RawPath, name: String) -> RawPath { folder / RawPath(name) }

  private init(joining bytes: ArraySlice<CChar>) { self.bytes = Array(bytes) }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("no NUL") }
      return unsafe body(start)
    }
  }
}
