// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

/// The descriptors 0 to 2 of a command. They are not ours to close.
package enum StandardStreams {
  /// The number of standard error, to be given to a child.
  package static let error = STDERR_FILENO

  package static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  /// Standard input to its end; nothing when it is closed.
  ///
  /// - Throws: `EFBIG` past the limit (bytes).
  package static func readInput(limit: Int) throws(Errno) -> [UInt8] {
    let copy: Int32
    do throws(Errno) {
      copy = try valueOrErrno { fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) }
    } catch .badFileDescriptor {
      return []
    }
    return try Descriptor(owning: copy).readAll(limit: limit)
  }

  package static func writeOutput(_ bytes: [UInt8]) throws(Errno) {
    try write(bytes, STDOUT_FILENO)
  }

  package static func writeError(_ text: String) {
    try? write(Array(text.utf8), STDERR_FILENO)
  }

  /// One line, whatever is in the words.
  package static func writeErrorLine(_ words: String) {
    writeError("\(words.split(whereSeparator: \.isNewline).joined(separator: " "))\n")
  }

  private static func write(_ bytes: [UInt8], _ descriptor: Int32) throws(Errno) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try valueOrErrno {
        unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(count)
    }
  }
}
