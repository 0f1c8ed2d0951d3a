// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Linux
internal import Runtime
internal import SwiftProtobuf
internal import TaskService

internal import struct SystemPackage.Errno

/// `delete`: containerd runs it whenever it has lost a container's connection, also after a clean
/// end. Ends what is left of the container, removes the socket of a dead shim and prints a
/// DeleteResponse; warnings go to standard error.
struct Delete {
  /// What is said of a process that ended unseen, as containerd does without an answer.
  private static let unknownStatus: UInt32 = 255

  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws(CommandFailure) {
    let bundle = try CurrentBundle.open(options)
    // First: a shim that lives is not to speak of what happens now.
    CreateRecord.read(from: bundle)?.tellShim(from: bundle)
    // Read before the bundle is cleaned.
    let recorded = ExitLog.exitOfInit(in: bundle)
    let ended = end(bundle)
    removeDeadSocket(bundle)
    if recorded == nil, ended == nil, InitRecord.exists(in: bundle) {
      warn("\(options.id): its exit status is unknown")
    }
    let response = DeleteResponse.with {
      $0.pid = UInt32(max(0, recorded?.pid ?? ended?.pid ?? 0))
      $0.exitStatus = recorded?.status ?? ended?.status.code ?? Self.unknownStatus
      $0.exitedAt = .now
      if let recorded {
        $0.exitedAt = .init(seconds: recorded.seconds, nanos: recorded.nanoseconds)
      }
    }
    guard let bytes: [UInt8] = try? response.serializedBytes(),
      (try? StandardStreams.writeOutput(bytes)) != nil
    else { throw CommandFailure("standard output cannot be written") }
  }

  private func end(_ bundle: Bundle) -> InitRecord.Ended? {
    let ended = endContainer(bundle)
    do throws(BundleError) {
      // What the runtime does not end goes by its pid and start time.
      return try InitRecord.end(in: bundle) ?? ended
    } catch {
      warn(error.words)
      return ended
    }
  }

  /// - Returns: nil when there is no container, or when nobody knows what became of it.
  private func endContainer(_ bundle: Bundle) -> InitRecord.Ended? {
    guard var cleanup = OCICleanup(bundle) else { return nil }
    defer { (cleanup.notes + cleanup.warnings).forEach(warn) }
    // One that had ended by itself has a status that nobody has seen.
    let hadEnded = InitRecord.isRunning(in: bundle) == false
    if !InitRecord.killIfFrozen(in: bundle) {
      warn("\(options.id): its control group is frozen, and others use it: it stays so")
    }
    let ended = cleanup.end(id: options.id, namespace: options.namespace)
    return hadEnded ? nil : ended
  }

  private func warn(_ words: String) { StandardStreams.writeError("\(words)\n") }

  /// The shim may live on for the other containers of its group: only a dead socket goes.
  private func removeDeadSocket(_ bundle: Bundle) {
    let scheme = "unix://"
    guard let address = try? bundle.read("address"), address.hasPrefix(scheme) else { return }
    let path = String(address.dropFirst(scheme.count))
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    do throws(Errno) {
      // The same lock as in `start`.
      try Directory(path: String(path[..<slash])).withLock { () throws(Errno) in
        if try !DeadSocket.isAlive(path) { try UnixSocket.remove(path) }
      }
    } catch .noSuchFileOrDirectory {
    } catch {
      warn("\(path): \(error)")
    }
  }
}
