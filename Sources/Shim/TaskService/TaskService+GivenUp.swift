// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Runtime

/// Containers that containerd has given up: it could not reach us in time when it began, has run `delete`
/// and removes the bundle. Nobody will ask for them again.
extension TaskService {
  /// Looks for them, when `delete` has told (`CreateRecord`), or anybody else has sent the signal.
  ///
  /// Ends what is ours and tells nobody: by now there may be another container of the same name, for
  /// which our events would be taken, and whose group and mounts have the same paths.
  package func dropGivenUp() {
    for container in containers.values
    where !container.isGivenUp && CreateRecord.isGivenUp(container.bundle) {
      container.isGivenUp = true
      log.write(.warning, "containerd has given it up", [("id", container.id)])
      for exec in container.execs.values { try? exec.process?.kill(signal: SIGKILL) }
      DeleteOperation(self, container, container.initProcess).abandon()
    }
  }

  /// One that did not end within a deletion's time has ended now.
  func goOn(_ container: Container, _ process: ContainerProcess) {
    if let deletion = process.deletion { return deletion.exited() }
    if process.record.isInit { DeleteOperation(self, container, process).abandon() }
  }

  package var hasContainers: Bool { !containers.isEmpty }
}
