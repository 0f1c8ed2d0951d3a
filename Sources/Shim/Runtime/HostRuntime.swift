// SPDX-License-Identifier: Apache-2.0

package import EventLoop
internal import Glibc
package import Linux
package import Stdio

internal import struct SystemPackage.Errno

/// The sample's runtime: ignores image and rootfs and runs one fixed command on the host, and what
/// Exec asks for beside it. It is here to teach what a shim does, and to test it without an OCI
/// runtime.
package final class HostRuntime: ContainerRuntime {
  private static let command = ["sh", "-c", "while date --rfc-3339=seconds; do sleep 5; done"]

  package let takesOptions = false
  private let loop: EventLoop
  private let children: ChildProcesses
  private let programName: String
  private let shim = ProcessIdentity(runningAs: CurrentProcess.id)
  /// Until none is left: the children of an orphan become ours when it has gone.
  private var isEndingOrphans = false
  /// Inits that have not exited.
  private var living = 0

  package init(
    _ loop: EventLoop, _ children: ChildProcesses, programName: String
  ) {
    self.loop = loop
    self.children = children
    self.programName = programName
    children.onOrphanReaped = { [unowned self] in if isEndingOrphans { endOrphans() } }
  }

  package func create(
    _ request: ContainerRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<any RuntimeContainer, RuntimeError>) -> Void
  ) {
    completion(
      Result { () throws(RuntimeError) in
        guard request.checkpoint.isEmpty else {
          throw .notBuilt("the sample restores no checkpoints")
        }
        try refuseClusters(request.bundle)
        let command = HostCommand(
          arguments: Self.command, environment: .forOthers, directory: ".")
        let (process, held) = try spawn(command, io) { [unowned self] status in
          living -= 1
          endOrphans()
          onExit(status)
        }
        living += 1
        do throws(Errno) {
          try InitRecord.write(process.pid, to: request.bundle)
          if let shim { try CreateRecord(shim).write(to: request.bundle) }
        } catch {
          throw .failed("bundle \(request.bundle.path): \(error)")
        }
        return HostContainer(self, process, held)
      })
  }

  /// A command on the host, as root, is not for a cluster to start by accident.
  private func refuseClusters(_ bundle: Bundle) throws(RuntimeError) {
    let annotations: [String: String]
    do throws(BundleError) {
      annotations = try bundle.annotations()
    } catch {
      throw .failed("bundle \(bundle.path): \(error.words)")
    }
    if let found = annotations.keys.first(where: { $0.hasPrefix("io.kubernetes.cri.") }) {
      throw .refused("this sample runs a command on the host and refuses pods (\(found))")
    }
  }

  /// Makes a process that waits to become the command.
  func spawn(
    _ command: HostCommand, _ io: ProcessIO, _ onExit: @escaping (ExitStatus) -> Void
  ) throws(RuntimeError) -> (RuntimeProcess, HeldProcess) {
    do throws(Errno) {
      var pair = try SocketPair()
      let ours = pair.takeOurs()
      let channel = pair.takeChilds()
      var streams = io.childDescriptors
      var terminal = io.isTerminal ? try TerminalPair() : nil
      if let process = terminal?.process.number { streams = [process, process, process] }
      let child = try command.held(programName).spawn(
        descriptors: streams + [channel.number], openFiles: children.openFiles)
      let pid = child.pid
      children.register(pid, onExit: onExit)
      io.closeChildEnds()
      if let ours = try terminal?.takeOurs() { try io.attach(ours) }
      return (
        RuntimeProcess(pid: pid, pidfd: child.takeDescriptor()),
        HeldProcess(loop, channel: ours, name: command.name)
      )
    } catch {
      throw .failed("cannot spawn: \(error)")
    }
  }

  /// Ends what commands left behind, when an init has ended. The kernel has made us its parent
  /// (subreaper). By pid and never by process group: the group is the shim's own. Whose orphan it is
  /// cannot be told: so in a group of samples they stay until the last init has ended.
  private func endOrphans() {
    guard living == 0 else { return }
    let orphans = ProcessTree.children(of: CurrentProcess.id).filter { !children.isRegistered($0) }
    isEndingOrphans = !orphans.isEmpty
    for pid in orphans {
      // A child of ours that we have not reaped: its pid means nobody else.
      guard let pidfd = try? Descriptor.process(pid) else { continue }
      ProcessTree.kill(pid, root: pidfd)
    }
  }
}
