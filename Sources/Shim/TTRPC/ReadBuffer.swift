// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// Where every connection's bytes are read into: there is one thread, so one buffer serves all, and
/// an idle connection has none.
@safe final class ReadBuffer {
  private static let size = 64 * 1024
  /// Not an array, whose zeroes would make all its pages resident.
  private let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)

  deinit { unsafe memory.deallocate() }

  /// Reads once; the bytes are good until the next read. Empty at the end of the stream.
  func read(
    from descriptor: borrowing Descriptor
  ) throws(Errno) -> Slice<UnsafeMutableBufferPointer<UInt8>> {
    let count = try unsafe descriptor.read(into: memory)
    return unsafe memory[..<count]
  }
}
