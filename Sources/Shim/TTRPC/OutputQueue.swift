// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// Bytes on their way out.
struct OutputQueue {
  private var bytes: [UInt8] = []
  /// How much of `bytes` is out.
  private var written = 0

  var count: Int { bytes.count - written }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ frame: Frame) { frame.encode(into: &bytes) }

  /// Writes as much as there is room for, in one call.
  mutating func write(to descriptor: borrowing Descriptor) throws(Errno) {
    written += try descriptor.write(bytes.span.extracting(droppingFirst: written))
    dropWritten()
  }

  private mutating func dropWritten() {
    if isEmpty {
      self = OutputQueue()  // the memory goes back as well
    } else if written > bytes.count / 2 {
      // Moved once per doubling at most: each byte is copied a constant number of times.
      bytes.removeSubrange(..<written)
      written = 0
    }
  }
}
