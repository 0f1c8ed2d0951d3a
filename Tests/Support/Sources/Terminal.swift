// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A pseudoterminal: what a program run on it sees as its controlling terminal.
package final class Terminal {
  package let main: Handle
  package let path: String

  // From asm-generic/ioctls.h; macros that Swift does not import.
  private static let setLock: UInt = 0x4004_5431  // TIOCSPTLCK
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

  /// What the keyboard would do.
  package func pressControlC() throws { try main.write([3]) }
}
