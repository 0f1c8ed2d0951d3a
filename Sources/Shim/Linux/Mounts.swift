// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// What is mounted in our mount namespace.
package enum Mounts {
  /// The mount points at a path and below it, the newest first: in that order they can be unmounted.
  ///
  /// - Parameter path: absolute and without links.
  package static func below(_ path: String) -> [RawPath] {
    var found: [RawPath] = []
    // A dense node has thousands, with long options.
    ProcFile.readLines("self/mountinfo") { line in
      if let point = point(in: line), point.isAtOrBelow(path) { found.append(point) }
      return true
    }
    return found.reversed()
  }

  /// The fifth word of a line (proc(5)).
  static func point(in line: ArraySlice<UInt8>) -> RawPath? {
    let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
    return words.count > 4 ? RawPath(unescape(words[4])) : nil
  }

  /// Space, tab, newline and backslash stand as three octal digits.
  private static func unescape(_ word: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = word
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let escaped = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(escaped)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// Unmounts all at a path and below it, the newest first, again and again until nothing is left. What
  /// stays in use for longer than the time is detached (blocks, for commands).
  ///
  /// - Parameter path: absolute and without links.
  package static func unmountAll(at path: String) throws(Errno) {
    // Nearly always there is one mount and nothing below it: no look at a table of thousands.
    if unsafe clinux_unmount(path) == 0, isBare(path) { return }
    // Each round takes what is seen then; another mount may come up below one that has gone.
    for _ in 0..<rounds {
      let points = below(path)
      if points.isEmpty { return }
      for point in points { try unmount(point) }
    }
    throw .resourceBusy
  }

  /// Whether nothing is mounted at a folder, nor can be below it: it is empty.
  package static func isBare(_ folder: String) -> Bool { unsafe clinux_is_bare(folder) }

  private static let rounds = 1000
  /// As containerd: 50 tries, 50 ms apart.
  private static let attempts = 50
  private static let pause: UInt32 = 50_000  // µs

  private static func unmount(_ point: RawPath) throws(Errno) {
    for _ in 0..<attempts {
      do throws(Errno) {
        try check(unsafe point.withCString { unsafe clinux_unmount($0) })
        return
      } catch .invalidArgument {
        return  // nothing is mounted there any more
      } catch .noSuchFileOrDirectory {
        return
      } catch .resourceBusy {
        usleep(pause)
      }
    }
    try detach(point)
  }

  /// Takes a mount out of the tree at once; the kernel ends it when nobody uses it any more. A link at
  /// the path is not followed.
  package static func detach(_ path: RawPath) throws(Errno) {
    try check(unsafe path.withCString { unsafe clinux_detach_mount($0) })
  }
}
