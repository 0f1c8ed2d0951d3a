// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// The two ends of a pipe, both blocking: O_NONBLOCK belongs to our end only, and is set there.
/// What is not taken is closed.
package struct Pipe: ~Copyable {
  private var readEnd: Descriptor?
  private var writeEnd: Descriptor?

  package init() throws(Errno) {
    var read: Int32 = -1
    var write: Int32 = -1
    try check(unsafe clinux_pipe(&read, &write))
    readEnd = Descriptor(owning: read)
    writeEnd = Descriptor(owning: write)
  }

  package mutating func takeReadEnd() -> Descriptor { readEnd.take().owned() }
  package mutating func takeWriteEnd() -> Descriptor { writeEnd.take().owned() }
}

extension Descriptor {
  /// Bytes that a pipe can hold.
  package var pipeCapacity: Int { Int(max(0, clinux_pipe_capacity(number))) }

  /// Asks for a larger pipe; the kernel may refuse (pipe-max-size, memory), and nothing is lost then.
  package func growPipe(to bytes: Int) {
    _ = clinux_set_pipe_capacity(number, Int32(bytes))
  }

  /// Moves bytes to another pipe without copying them, and without blocking.
  ///
  /// - Returns: the bytes moved; 0 at the input's end.
  /// - Throws: `EAGAIN` when the input is empty or the output full.
  package func splice(to output: borrowing Descriptor, atMost bytes: Int) throws(Errno) -> Int {
    try Int(check(clinux_splice(number, output.number, bytes)))
  }
}
