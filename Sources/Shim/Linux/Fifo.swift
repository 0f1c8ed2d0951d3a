// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A FIFO found by path once; every later open reaches the same one (fifo(7), proc(5)).
///
/// No open here blocks.
package struct Fifo: ~Copyable {
  private let place: Descriptor

  /// - Throws: `ENOENT`; `EINVAL` when the path is something else than a FIFO.
  package init(path: String) throws(Errno) {
    place = try Self.find(path)
  }

  private static func find(_ path: String) throws(Errno) -> Descriptor {
    let place = Descriptor(owning: try check(unsafe clinux_open_place(path)))
    var status = stat()
    try valueOrErrno { unsafe fstat(place.number, &status) }
    guard status.st_mode & S_IFMT == S_IFIFO else { throw .invalidArgument }
    return place
  }

  /// Leads to this very FIFO while this value lives.
  private var path: String { "/proc/self/fd/\(place.number)" }

  /// A descriptor that names the FIFO and opens neither of its ends.
  package var number: Int32 { place.number }

  package func openForReading() throws(Errno) -> Descriptor { try open(O_RDONLY) }

  /// A writing end, whether somebody reads or not. A reader that blocks in its open, for want of a
  /// writer, goes on.
  package func openForWriting() throws(Errno) -> Descriptor {
    // Without a reader the open would fail (ENXIO): we are one ourselves for a moment.
    let both = try openBothEnds()
    let writer = try open(O_WRONLY)
    _ = consume both
    return writer
  }

  /// Both ends in one descriptor: neither blocks nor gets EPIPE, whoever comes or goes.
  package func openBothEnds() throws(Errno) -> Descriptor { try open(O_RDWR) }

  private func open(_ mode: Int32) throws(Errno) -> Descriptor {
    Descriptor(
      owning: try valueOrErrno { unsafe Glibc.open(path, mode | O_NONBLOCK | O_CLOEXEC) })
  }
}

extension Descriptor {
  /// Whether the pipe or FIFO whose writing end this is has a reader (poll(2), POLLERR).
  package var hasReader: Bool {
    var query = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&query, 1, 0) >= 0 && query.revents & Int16(POLLERR) == 0
  }

  /// Whether the pipe whose reading end this is has no writer and no bytes any more.
  package var hasEnded: Bool {
    var query = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&query, 1, 0) >= 0 && query.revents == Int16(POLLHUP)
  }

  /// The same pipe's reading end with flags of its own, of which one is O_NONBLOCK.
  package func reopenedForReading() throws(Errno) -> Descriptor {
    Descriptor(
      owning: try valueOrErrno {
        unsafe open("/proc/self/fd/\(number)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      })
  }
}
