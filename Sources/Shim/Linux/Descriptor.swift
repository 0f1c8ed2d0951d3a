// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// The owner of a file descriptor: closes it when it goes.
///
/// Named so because swift-system's `FileDescriptor` is a copyable number that nobody owns.
package struct Descriptor: ~Copyable {
  package let number: Int32

  /// Takes over an open descriptor.
  package init(owning number: Int32) {
    precondition(number >= 0)
    self.number = number
  }

  /// Takes over a descriptor that whoever started us has promised; from now on close-on-exec.
  ///
  /// - Throws: `EBADF` when there is none.
  package static func inherited(_ number: Int32) throws(Errno) -> Descriptor {
    try check(clinux_set_close_on_exec(number))
    return Descriptor(owning: number)
  }

  deinit {
    // EINTR and EIO leave the descriptor closed on Linux. EBADF means that somebody closed what is
    // ours, and may next close what is somebody else's: stop there.
    if close(number) == -1 { precondition(errno != EBADF, "descriptor \(number) was not open") }
  }

  /// One more descriptor of the same open file.
  package func duplicate() throws(Errno) -> Descriptor {
    Descriptor(owning: try check(clinux_duplicate(number)))
  }

  package func setNonblocking() throws(Errno) {
    try check(clinux_set_nonblocking(number))
  }

  /// Reads what is there, at most the buffer's size; 0 is the end of the stream.
  package func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(Errno) -> Int {
    try valueOrErrno { unsafe Glibc.read(number, buffer.baseAddress, buffer.count) }
  }

  /// Writes as much as there is room for.
  package func write(_ bytes: Span<UInt8>) throws(Errno) -> Int {
    try unsafe bytes.withUnsafeBufferPointer { buffer throws(Errno) in try unsafe write(buffer) }
  }

  package func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(Errno) -> Int {
    try valueOrErrno { unsafe Glibc.write(number, bytes.baseAddress, bytes.count) }
  }

  /// Everything up to the end of a stream or file, for callers that may block.
  ///
  /// - Throws: `EFBIG` past the limit (bytes).
  package func readAll(limit: Int) throws(Errno) -> [UInt8] {
    var all: [UInt8] = []
    while case let piece = try readPiece(), !piece.isEmpty {
      all += piece
      if all.count > limit { throw .fileTooLarge }
    }
    return all
  }

  /// What comes next; nothing at the end.
  func readPiece() throws(Errno) -> [UInt8] {
    // Uninitialized, so that a small file does not make a large buffer resident.
    try unsafe [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, count throws(Errno) in
      count = try unsafe read(into: buffer)
    }
  }

  /// What is ready to be read now, of a pipe.
  package func readPresent() throws(Errno) -> [UInt8] {
    let ready = readableBytes
    if ready == 0 { return [] }
    return try unsafe [UInt8](unsafeUninitializedCapacity: ready) { buffer, count throws(Errno) in
      count = try unsafe read(into: buffer)
    }
  }

  /// One byte, waited for on a blocking descriptor; nil at the end of the stream.
  package func readByte() throws(Errno) -> UInt8? {
    var byte: UInt8 = 0
    return try valueOrErrno { unsafe Glibc.read(number, &byte, 1) } == 1 ? byte : nil
  }

  package static func changeOwner(
    of number: Int32, _ user: UInt32, _ group: UInt32
  ) throws(Errno) {
    try valueOrErrno { fchown(number, user, group) }
  }

  /// Bytes ready to be read.
  package var readableBytes: Int { Int(max(0, clinux_readable_bytes(number))) }
}

extension Descriptor {
  /// An existing file of any kind (blocks, for commands).
  package static func reading(_ path: String) throws(Errno) -> Descriptor {
    Descriptor(owning: try valueOrErrno { unsafe open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) })
  }

  /// A device such as /dev/null or a terminal, for writing; no disk is waited for.
  ///
  /// - Throws: `EINVAL` for another kind of file.
  package static func characterDevice(_ path: String) throws(Errno) -> Descriptor {
    let place = Descriptor(owning: try check(unsafe clinux_open_place(path)))
    var status = stat()
    try valueOrErrno { unsafe fstat(place.number, &status) }
    guard status.st_mode & S_IFMT == S_IFCHR else { throw .invalidArgument }
    return Descriptor(
      owning: try valueOrErrno {
        unsafe open(
          "/proc/self/fd/\(place.number)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      })
  }
}

extension Optional where Wrapped == Descriptor {
  /// An end of a pair that nobody has taken yet.
  consuming func owned() -> Descriptor {
    guard let descriptor = self else { preconditionFailure("taken twice") }
    return descriptor
  }
}
