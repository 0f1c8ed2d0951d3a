// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A pseudoterminal: what a program run on it sees as its controlling terminal.
package final class Terminal {
  package let main: Handle
  package let path: String

  // From asm-generic/ioctls.h; macros that Swift does not import.
  private static let setLock: UInt = 0x4004_5431  // TIOCSPTLCK
  private static let setSize: UInt = 0x5414  // TIOCSWINSZ
  private static let getSize: UInt = 0x5413  // TIOCGWINSZ
  private static let getNumber: UInt = 0x8004_5430  // TIOCGPTN

  package init() throws {
    main = try Handle.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var locked: Int32 = 0
    var number: UInt32 = 0
    guard ioctl(main.number, Self.setLock, &locked) == 0,
      ioctl(main.number, Self.getNumber, &number) == 0
    else { throw TestFailure("pseudoterminal: \(String(cString: strerror(errno)))") }
    path = "/dev/pts/\(number)"
  }

  /// Columns and rows of any terminal.
  package static func size(of path: String) throws -> [Int] {
    let terminal = try Handle.open(path, O_RDWR | O_NOCTTY)
    var size = winsize()
    guard ioctl(terminal.number, getSize, &size) == 0 else { throw TestFailure("size of \(path)") }
    return [Int(size.ws_col), Int(size.ws_row)]
  }

  package func resize(columns: UInt16, rows: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(main.number, Self.setSize, &size)
  }

  /// What the keyboard would do.
  package func pressControlC() throws { try main.write([3]) }
  package func type(_ text: String) throws { try main.write(Array(text.utf8)) }
}
