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
  private static let limit: Int32 = 3000

  private let bundle: Bundle
  private let pid: Int32
  private let runtime: String
  private let root: String
  /// What did not go as it should, for containerd's log.
  package private(set) var warnings: [String] = []

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
    if pid == 0 { endStrays() }
    let states = "\(root)/\(namespace)"
    do throws(Errno) {
      if Self.hasState(of: id, in: states) { try delete(id, states) }
    } catch {
      warnings.append("\(runtime): \(error)")
    }
    unmount()
    guard warnings.isEmpty else { return nil }
    return .init(pid: pid, status: ExitStatus(code: 128 + UInt32(SIGKILL)))
  }

  /// The shim was killed while the runtime made the container, and the runtime with it: its stages work on
  /// until they miss it, in a bundle that containerd is about to remove (see `OCIProgram.endStrays`).
  private mutating func endStrays() {
    guard let group = try? bundle.groupName() else { return }
    // Again: the children of those that have ended.
    for _ in 0..<10 {
      let strays = ProcFile.list("").compactMap { Int32($0) }
        .filter { ControlGroup.isNamed(group, of: $0) }
      if strays.isEmpty { return }
      for pid in strays {
        // What has its pid by now is not in the group.
        guard let pidfd = try? Descriptor.process(pid), ControlGroup.isNamed(group, of: pid) else {
          continue
        }
        try? pidfd.signalProcess(SIGKILL)
        pidfd.waitForProcess(milliseconds: Self.limit)
      }
    }
    warnings.append("processes stay in the control group \(group)")
  }

  /// Whether the runtime still knows the container: nothing of it costs as much time as asking. runc, crun
  /// and youki keep a folder of its name; gVisor's files begin with it.
  private static func hasState(of id: String, in folder: String) -> Bool {
    ProcFile.list(at: folder).contains { $0.hasPrefix(id) }
  }

  private mutating func delete(_ id: String, _ root: String) throws(Errno) {
    guard let path = Executable.find(runtime) else { throw .noSuchFileOrDirectory }
    let command = Command(
      path: path, arguments: [runtime, "--root", root, "delete", "--force", id],
      environment: .forOthers)
    // Standard output is our answer's; what the runtime says goes into containerd's log.
    let child = try command.spawnAndWait(
      descriptors: [Command.null, StandardStreams.error, StandardStreams.error],
      openFiles: .current)
    child.pidfd.waitForProcess(milliseconds: Self.limit)
    guard let (_, status) = ExitStatus.reapNext() else {
      try child.pidfd.signalProcess(SIGKILL)
      warnings.append("\(runtime) delete: no end within \(Self.limit) ms")
      return
    }
    if status.code != 0 { warnings.append("\(runtime) delete: exit status \(status.code)") }
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
