// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// What is mounted in our mount namespace.
package enum Mounts {
  /// The mount points at a path and below it, the newest first: in that order they can be unmounted.
  ///
  /// - Parameter path: absolute and without links.
  package static func below(_ path: String) -> [String] {
    // A dense node has thousands, with long options.
    points(in: ProcFile.read("self/mountinfo", limit: 64 << 20) ?? "").filter {
      $0 == path || $0.hasPrefix("\(path)/")
    }.reversed()
  }

  /// The mount points in the order of the table: the fifth word of each line (proc(5)).
  static func points(in table: String) -> [String] {
    table.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 5)
      return words.count > 4 ? unescape(words[4]) : nil
    }
  }

  /// Space, tab, newline and backslash stand as three octal digits.
  private static func unescape(_ word: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = word.utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let escaped = UInt8(String(rest.prefix(3)) ?? "", radix: 8)
      {
        bytes.append(escaped)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Takes a mount out of the tree at once; the kernel ends it when nobody uses it any more. A link at
  /// the path is not followed.
  package static func detach(_ path: String) throws(Errno) {
    try check(unsafe clinux_detach_mount(path))
  }
}
