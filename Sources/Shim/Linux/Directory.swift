// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A directory held open. Files in it are opened relative to it and never through a symbolic link,
/// so that nobody who swaps a path leads us elsewhere.
package struct Directory: ~Copyable {
  private let descriptor: Descriptor

  var number: Int32 { descriptor.number }

  package init(path: String) throws(Errno) {
    self.init(
      Descriptor(
        owning: try valueOrErrno { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }))
  }

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Makes a directory that only its owner can enter, and those above it.
  package static func createPrivate(_ path: String) throws(Errno) {
    var end = path.startIndex
    while let slash = path[path.index(after: end)...].firstIndex(of: "/") {
      try create(String(path[..<slash]), mode: 0o711)
      end = slash
    }
    try create(path, mode: 0o700)
  }

  /// Makes one directory for the owner to list and for others to pass, unless it is there.
  package static func createPassable(_ path: String) throws(Errno) {
    try create(path, mode: 0o711)
  }

  private static func create(_ path: String, mode: mode_t) throws(Errno) {
    do throws(Errno) {
      try valueOrErrno { unsafe mkdir(path, mode) }
    } catch .fileExists {}
  }

  /// Whether it is ours and closed to everybody else. A link at its path does not count.
  package static func isPrivate(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_mode & 0o077 == 0 && status.st_uid == CurrentProcess.user
  }

  /// A file's content.
  ///
  /// - Throws: `ENOENT`, `ELOOP` for a link, `EFBIG` past the limit (bytes).
  package func read(_ name: String, limit: Int) throws(Errno) -> [UInt8] {
    // O_NONBLOCK: a FIFO in the file's place must not hang us.
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = Descriptor(
      owning: try valueOrErrno { unsafe openat(descriptor.number, name, flags) })
    return try file.readAll(limit: limit)
  }

  /// Writes a file with mode 0600, whole or not at all (a hidden sibling, then rename).
  package func write(_ name: String, _ content: String) throws(Errno) {
    let temporary = ".\(name)"
    // Never into what is there already: a link leads elsewhere, and a FIFO would hold us up.
    _ = unsafe unlinkat(descriptor.number, temporary, 0)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let file = Descriptor(
      owning: try valueOrErrno { unsafe openat(descriptor.number, temporary, flags, 0o600) })
    try valueOrErrno { fchmod(file.number, 0o600) }
    let bytes = Array(content.utf8)
    guard try file.write(bytes.span) == bytes.count else { throw .noSpace }
    try valueOrErrno { unsafe renameat(descriptor.number, temporary, descriptor.number, name) }
  }

  /// Adds to the end of a file of mode 0600, in one write.
  ///
  /// - Parameter limit: what would grow beyond it is emptied first (bytes).
  package func append(_ name: String, _ text: String, limit: Int) throws(Errno) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = Descriptor(
      owning: try valueOrErrno { unsafe openat(descriptor.number, name, flags, 0o600) })
    let bytes = Array(text.utf8)
    if Int(lseek(file.number, 0, SEEK_END)) + bytes.count > limit {
      try valueOrErrno { ftruncate(file.number, 0) }
    }
    guard try file.write(bytes.span) == bytes.count else { throw .noSpace }
  }

  /// - Parameter name: may lie in a folder below.
  package func rename(_ name: String, to other: String) throws(Errno) {
    try valueOrErrno { unsafe renameat(descriptor.number, name, descriptor.number, other) }
  }

  package func remove(_ name: String) throws(Errno) {
    try valueOrErrno { unsafe unlinkat(descriptor.number, name, 0) }
  }

  /// Removes a folder in it with the files therein.
  package func removeFolder(_ name: String) throws(Errno) {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let folder = Directory(
      Descriptor(owning: try valueOrErrno { unsafe openat(descriptor.number, name, flags) }))
    for name in try folder.names() {
      try valueOrErrno { unsafe name.withCString { unsafe unlinkat(folder.number, $0, 0) } }
    }
    try valueOrErrno { unsafe unlinkat(descriptor.number, name, AT_REMOVEDIR) }
  }

  /// What it holds, but for itself and the folder above.
  package func names() throws(Errno) -> [RawPath] {
    // With a place of its own in the list; fdopendir takes it over.
    let copy = try valueOrErrno {
      unsafe openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard let list = unsafe fdopendir(copy) else { throw Errno(rawValue: errno) }
    defer { _ = unsafe closedir(list) }
    var names: [RawPath] = []
    while let entry = unsafe readdir(list) { names.append(unsafe RawPath(of: entry)) }
    return names.filter { !$0.isDots }
  }

  /// Whether it is a file like any other: no link, no FIFO, no folder.
  package func isRegular(_ name: RawPath) throws(Errno) -> Bool {
    var status = stat()
    try valueOrErrno {
      unsafe name.withCString {
        unsafe fstatat(descriptor.number, $0, &status, AT_SYMLINK_NOFOLLOW)
      }
    }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// Its path without links; nil when it has been removed, or when it is no UTF-8.
  package var realPath: String? {
    // With a NUL at its end.
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = unsafe readlink("/proc/self/fd/\(descriptor.number)", &buffer, buffer.count - 1)
    // Not `String(validating:as:)`, which makes types at run time: 8 kB in each shim.
    guard count > 0 else { return nil }
    return unsafe buffer.withUnsafeBufferPointer { path in
      unsafe path.baseAddress.flatMap { unsafe String(validatingCString: $0) }
    }
  }

  /// Nobody can find it any more.
  package var isRemoved: Bool {
    var status = stat()
    return unsafe fstat(descriptor.number, &status) == 0 && status.st_nlink == 0
  }

  /// Whether a path leads to this directory.
  package func isSame(as path: String) -> Bool {
    guard let other = try? Directory(path: path) else { return false }
    var mine = stat()
    var its = stat()
    guard unsafe fstat(descriptor.number, &mine) == 0,
      unsafe fstat(other.descriptor.number, &its) == 0
    else { return false }
    return mine.st_dev == its.st_dev && mine.st_ino == its.st_ino
  }

  /// From now on a signal tells that a name in it was removed or changed, as long as this value lives.
  package func watchNames(by signal: Int32) throws(Errno) {
    try check(clinux_watch_names(descriptor.number, signal))
  }

  /// The same lock as `withLock`, if nobody has it; else nil.
  package func tryLock<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else { return nil }
    defer { _ = flock(descriptor.number, LOCK_UN) }
    return try body()
  }

  /// Holds an exclusive lock on the directory, against other processes, while `body` runs.
  /// May block: for short-lived commands, not for the loop.
  package func withLock<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    while flock(descriptor.number, LOCK_EX) == -1 && errno == EINTR {}
    defer { _ = flock(descriptor.number, LOCK_UN) }
    return try body()
  }
}
