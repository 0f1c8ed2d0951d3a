// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// Tells a socket somebody listens on from one that a killed shim left behind.
enum DeadSocket {
  static func isAlive(_ path: String) throws(Errno) -> Bool {
    do throws(Errno) {
      _ = try UnixSocket.connect(path: path)
      return true
    } catch .wouldBlock {
      return true  // its backlog is full: busy, not dead
    } catch .connectionRefused {
      return false
    } catch .noSuchFileOrDirectory {
      return false
    }
  }
}
