// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// Those who read a logger's input when it has exited: it may have handed its pipes to children, or to a
/// service. Nobody tells us of them, so all processes are looked at, by a copy of ours: once, and again when
/// one that was found has ended, or after a while.
///
///     pipe-readers PID INODE...    prints pids; PID is one that does not count
final class LoggerSuccessors {
  /// One that lets go of the pipe and lives on is noticed after this long.
  private static let interval = Duration.seconds(30)
  private static let timeLimit = Duration.seconds(10)
  /// A pipe may be on its way from one process to another (SCM_RIGHTS) while we look: only what is found
  /// twice counts.
  private static let pause = Duration.milliseconds(100)

  private let hub: StdioHub
  private let inodes: [UInt64]
  private let onFound: (_ nobody: Bool) -> Void
  private var watches: [Watch] = []
  private var timer: Timer?
  private var isLooking = false
  private var hasFoundNobody = false

  /// - Parameter onFound: called after each look, until it was told that nobody reads.
  init(_ hub: StdioHub, _ inodes: [UInt64], onFound: @escaping (_ nobody: Bool) -> Void) {
    self.hub = hub
    self.inodes = inodes
    self.onFound = onFound
  }

  func look() {
    guard !isLooking else { return }
    isLooking = true
    timer = nil
    watches = []
    let words = ["pipe-readers", "\(CurrentProcess.id)"] + inodes.map(String.init)
    do throws(Errno) {
      try HelperProcess.runCopy(words, within: Self.timeLimit, hub.loop, hub.children) {
        [weak self] ending in
        guard ending.status?.code == 0 else { self?.again(after: Self.interval); return }
        self?.found(ending.output.split(separator: "\n").compactMap { Int32($0) })
      }
    } catch {
      again(after: Self.pause * 10)
    }
  }

  private func found(_ pids: [Int32]) {
    isLooking = false
    guard pids.isEmpty else {
      hasFoundNobody = false
      again(after: Self.interval)
      for pid in pids.prefix(16) { watch(pid) }
      return onFound(false)
    }
    if hasFoundNobody { return onFound(true) }
    hasFoundNobody = true
    again(after: Self.pause)
  }

  private func watch(_ pid: Int32) {
    // Before Linux 5.3 nothing can be watched; it is looked at again after a while.
    guard let pidfd = try? Descriptor.process(pid), pidfd.isPIDFD else { return }
    let watch = Watch(hub.loop, pidfd, onReadable: { [unowned self] in look() })
    watch.awaitsReadable = true
    watches.append(watch)
  }

  private func again(after time: Duration) {
    isLooking = false
    let timer = Timer(hub.loop) { [unowned self] in look() }
    timer.schedule(after: time)
    self.timer = timer
  }
}

extension LoggerSuccessors {
  /// What the copy does.
  static func print(_ words: [String]) -> Int32 {
    guard let other = words.first.flatMap({ Int32($0) }) else { return 2 }
    let found = PipeReaders.find(
      words.dropFirst().compactMap { UInt64($0) }, except: [other, CurrentProcess.id])
    for pid in found { StandardStreams.writeErrorLine("\(pid)") }
    return 0
  }
}

/// What copies of the daemon do for its streams.
package enum StdioCommand {
  package static func checkLogger(_ words: [String]) -> Int32 { LoggerList.check(words) }
  package static func findPipeReaders(_ words: [String]) -> Int32 { LoggerSuccessors.print(words) }
}
