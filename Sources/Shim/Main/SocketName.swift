// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux
internal import Runtime
internal import TTRPC
internal import TaskService

internal import struct SystemPackage.Errno

/// The name of the shim's socket, by which the next containerd finds it. Whoever cleans up below /run may
/// remove it: then it is made again, when a connection closes, and while nobody is connected at once.
final class SocketName {
  /// While a `start` or a `delete` has the lock.
  private static let pause = Duration.milliseconds(20)
  private static let attempts = 100

  private let loop: EventLoop
  private let server: Server
  private let log: Log
  let path: String
  private var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }
  private var watched: Watched?
  private var retry: Timer?
  private var failures = 0
  /// Said once.
  private var isTaken = false

  init(_ loop: EventLoop, _ server: Server, path: String, log: Log) {
    self.loop = loop
    self.server = server
    self.path = path
    self.log = log
  }

  /// Makes it again, if nobody has it.
  func check() {
    let owner = server.ofListener { UnixSocket.name(path, of: $0) }
    if owner == .others, !isTaken {
      log.error("its socket's name is another's now", ("socket", path))
    }
    isTaken = owner == .others
    guard owner == .nobody else { return retry = nil }
    do throws(Errno) {
      if !Directory.isPrivate(folder) { try Directory.createPrivate(folder) }
      guard Directory.isPrivate(folder) else { throw .permissionDenied }
      // As `start`, which must not take it for a dead one's between bind and listen.
      let made = try Directory(path: folder).tryLock { () throws(Errno) in
        try UnixSocket.listen(path: path)
      }
      guard let made else { return tryAgain() }
      server.listen(on: made)
      log.write(.warning, "its socket was removed, and is made again", [("socket", path)])
    } catch .noSuchFileOrDirectory {
      return tryAgain()  // the folder goes at this moment
    } catch {
      log.error("its socket was removed", ("socket", path), ("error", "\(error)"))
    }
    retry = nil
    failures = 0
    guard watched != nil else { return }
    watched = nil
    watch()  // the folder may be another one
  }

  private func tryAgain() {
    failures += 1
    guard failures < Self.attempts else { return }
    let timer = retry ?? Timer(loop) { [unowned self] in check() }
    timer.schedule(after: Self.pause)
    retry = timer
  }

  /// While nobody is connected: containerd is about to come back, or is not there. The names of other shims
  /// go rarely then. A signal costs no descriptor of inotify, of which a user has few.
  func watch() {
    guard watched == nil else { return }
    check()  // the folder may have gone as well
    guard let folder = try? Directory(path: folder) else { return }
    try? folder.watchNames(by: CreateRecord.signal)
    watched = Watched(folder)
    check()  // what has happened meanwhile
  }

  func unwatch() { watched = nil }

  /// First of all nobody may find us any more. But what somebody else has put there stays.
  func remove() {
    unwatch()
    retry = nil
    _ = server.ofListener { UnixSocket.remove(path, of: $0) }
  }

  /// A class may be nil and assigned where a noncopyable value is held.
  private final class Watched {
    private let folder: Directory
    init(_ folder: consuming Directory) { self.folder = folder }
  }
}
