// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// What a runtime leaves that is killed while it makes a container: processes that have become our
/// children, of whom nobody has told us. They work on until they miss the runtime: runc's make mount
/// points, in the bare folder when the rootfs is unmounted beneath them, and containerd cannot remove
/// the bundle then.
extension OCIProgram {
  /// One that is stuck in the kernel holds up nobody for longer.
  private static let strayLimit = Duration.seconds(2)

  /// Ends them all, and tells when they are gone. Only those in the container's control group: what
  /// else comes to us may be just made for another container, or a process of one that shares the
  /// host's pids. Before they are in a group they wait for the runtime.
  func endStrays(of id: String, completion: @escaping () -> Void) {
    let name = (try? bundle.groupName()) ?? id
    var completion = Optional(completion)
    let timer = Timer(loop) { completion.take()?() }
    timer.schedule(after: Self.strayLimit)
    endStrays(inGroup: name) {
      withExtendedLifetime(timer) { completion.take()?() }
    }
  }

  /// Again and again: the children of those that have ended are ours now.
  private func endStrays(inGroup name: String, completion: @escaping () -> Void) {
    var left = 0
    for pid in ProcessTree.children(of: CurrentProcess.id)
    where !children.isRegistered(pid) && ControlGroup.isNamed(name, of: pid) {
      do throws(Errno) {
        // A child that nobody has reaped: its pid is its own.
        let pidfd = try children.adopt(pid) { [self] _ in
          left -= 1
          if left == 0 { endStrays(inGroup: name, completion: completion) }
        }
        left += 1
        try pidfd?.signalProcess(SIGKILL)
      } catch {
        continue  // no descriptor is to be had: it misses the runtime soon
      }
    }
    if left == 0 { completion() }
  }
}
