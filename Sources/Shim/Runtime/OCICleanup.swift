// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// Ends a container of an OCI runtime whose shim is gone, from what containerd's own shims leave in a
/// bundle (1.6 to 2.4): whoever changes the shim of a container need not clean up by hand. The files:
///
/// - `init.pid`, by the runtime: init's pid;
/// - `runtime`: the runtime's executable; empty or missing for runc;
/// - `options.json`: of it `root`, under which the runtime keeps its state.
package struct OCICleanup {
  private static let usualRoot = "/run/containerd/runc"
  /// containerd gives `delete` 5 s in all (milliseconds).
  static let limit: Int32 = 3000

  let bundle: Bundle
  private let pid: Int32
  let runtime: String
  private let root: String
  /// What was left alone, for containerd's log.
  package internal(set) var notes: [String] = []
  /// What did not go as it should, for containerd's log.
  package internal(set) var warnings: [String] = []

  /// Nil for a bundle in which no OCI runtime has been at work.
  package init?(_ bundle: Bundle) {
    let initPID = try? bundle.read("init.pid")
    let options = try? bundle.read("options.json")
    guard initPID != nil || options != nil else { return nil }
    self.bundle = bundle
    pid = initPID.flatMap { Int32($0) } ?? 0
    runtime = (try? bundle.read("runtime")).flatMap { $0.isEmpty ? nil : $0 } ?? "runc"
    let root = try? bundle.string("root", of: "options.json")
    self.root = root.flatMap { $0.isEmpty ? nil : $0 } ?? Self.usualRoot
  }

  /// Deletes the container by force and unmounts its rootfs (blocks, for the `delete` command).
  ///
  /// - Returns: nil when the runtime did not do it: then nobody knows whether the container lives.
  package mutating func end(id: String, namespace: String) -> InitRecord.Ended? {
    let record = CreateRecord.read(from: bundle)
    if pid == 0, let record { endStrays(record) }
    let states = "\(root)/\(namespace)"
    do throws(Errno) {
      if Self.hasState(of: id, in: states), try isOurs(id, states, record),
        try !endsAlone(id, states, record)
      {
        try delete(id, states)
      }
    } catch {
      warnings.append("\(runtime): \(error)")
    }
    unmount()
    guard warnings.isEmpty else { return nil }
    return .init(pid: pid, status: ExitStatus(code: 128 + UInt32(SIGKILL)))
  }

  /// Whether the runtime still knows a container of the name: nothing of it costs as much time as asking.
  /// runc, crun and youki keep a folder of its name; gVisor's files begin with it.
  private static func hasState(of id: String, in folder: String) -> Bool {
    ProcFile.list(at: folder).contains { $0.hasPrefix(id) }
  }

  /// Whether it is this bundle's: another containerd may have one of the same name in the same folder, for
  /// which ours was refused. A state that the runtime cannot read is the rest of a Create, of ours if
  /// there was none before.
  private func isOurs(_ id: String, _ root: String, _ record: CreateRecord?) throws(Errno) -> Bool {
    guard let output = try run(["--root", root, "state", id], gathers: true)?.output,
      let its = try? JSONDocument(output, of: "state").string("bundle")
    else { return record?.foundState != true }
    return bundle.isSame(as: its)
  }

  private mutating func delete(_ id: String, _ root: String) throws(Errno) {
    switch try run(["--root", root, "delete", "--force", id]) {
    case let ending? where ending.status.code != 0:
      warnings.append("\(runtime) delete: exit status \(ending.status.code)")
    case nil: warnings.append("\(runtime) delete: no end within \(Self.limit) ms")
    default: break
    }
  }

  /// - Parameter gathers: what it prints, as much as a pipe holds. Else that goes into containerd's log: standard
  ///   output is our answer's.
  /// - Returns: nil when it had to be killed for want of time.
  private func run(
    _ arguments: [String], gathers: Bool = false
  ) throws(Errno) -> (status: ExitStatus, output: [UInt8])? {
    guard let path = Executable.find(runtime) else { throw .noSuchFileOrDirectory }
    let command = Command(
      path: path, arguments: [runtime] + arguments,
      environment: .forOthers)
    var pipe = try Pipe()
    let readEnd = pipe.takeReadEnd()
    let writeEnd = pipe.takeWriteEnd()
    let child = try command.spawnAndWait(
      descriptors: [
        Command.null, gathers ? writeEnd.number : StandardStreams.error,
        gathers ? Command.null : StandardStreams.error,
      ],
      openFiles: .current)
    child.pidfd.waitForProcess(milliseconds: Self.limit)
    guard let (_, status) = ExitStatus.reapNext() else {
      try child.pidfd.signalProcess(SIGKILL)
      return nil
    }
    return (status, try readEnd.readPresent())
  }

  private mutating func unmount() {
    guard let path = bundle.realPath else { return }
    for mount in Mounts.below("\(path)/rootfs") {
      do throws(Errno) {
        try Mounts.detach(mount)
      } catch {
        warnings.append("unmount \(mount): \(error)")
      }
    }
  }
}
