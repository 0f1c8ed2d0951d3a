// SPDX-License-Identifier: Apache-2.0

package import EventLoop
internal import Glibc
package import Linux
package import Stdio

internal import struct SystemPackage.Errno

/// The sample's runtime: ignores image and rootfs and runs one fixed command on the host. It is here
/// to teach what a shim does, and to test it without an OCI runtime.
package final class HostRuntime: ContainerRuntime {
  static let command = ["sh", "-c", "while date --rfc-3339=seconds; do sleep 5; done"]

  package let takesOptions = false
  private let loop: EventLoop
  private let children: ChildProcesses
  private let programName: String

  package init(
    _ loop: EventLoop, _ children: ChildProcesses, programName: String
  ) {
    self.loop = loop
    self.children = children
    self.programName = programName
    children.onOrphanReaped = { [unowned self] in endOrphans() }
  }

  package func create(
    _ request: ContainerRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<any RuntimeContainer, RuntimeError>) -> Void
  ) {
    completion(
      Result { () throws(RuntimeError) in
        try refuseClusters(request.bundle)
        if io.isTerminal { throw .notBuilt("terminals of the sample are not built yet") }
        return try spawn(request.bundle, io, onExit)
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

  private func spawn(
    _ bundle: Bundle, _ io: ProcessIO, _ onExit: @escaping (ExitStatus) -> Void
  ) throws(RuntimeError) -> HostContainer {
    let held = Command(
      path: "/proc/self/exe", arguments: [programName, "held"] + Self.command,
      // Not the socket by which containerd talks to systemd, in containerd's name.
      environment: CurrentProcess.environment.filter { !$0.hasPrefix("NOTIFY_SOCKET=") })
    do throws(Errno) {
      var pair = try SocketPair()
      let ours = pair.takeOurs()
      let channel = pair.takeChilds()
      let child = try held.spawn(
        descriptors: io.childDescriptors + [channel.number], openFiles: children.openFiles)
      // From here on a failure drops `ours`, and the held process ends by itself.
      children.register(child.pid) { _ in }
      io.closeChildEnds()
      try InitRecord.write(child.pid, to: bundle)
      let pid = child.pid
      children.register(pid) { [unowned self] status in
        endOrphans()
        onExit(status)
      }
      return HostContainer(
        RuntimeProcess(pid: pid, pidfd: child.takeDescriptor()), HeldProcess(loop, channel: ours))
    } catch {
      throw .failed("cannot spawn: \(error)")
    }
  }

  /// Ends what an ended command left behind. The kernel has made us its parent (subreaper). By pid
  /// and never by process group: the group is the shim's own. Whose orphan it is cannot be told; with
  /// this one command, which leaves none while it lives, it is always an ended command's.
  private func endOrphans() {
    for pid in ProcessTree.children(of: CurrentProcess.id) where !children.isRegistered(pid) {
      // A child of ours that we have not reaped: its pid means nobody else.
      guard let pidfd = try? Descriptor.process(pid) else { continue }
      ProcessTree.kill(pid, root: pidfd)
    }
  }
}
