// SPDX-License-Identifier: Apache-2.0

package import Linux
package import Stdio

/// What makes containers. Nothing here blocks: what takes time tells its end through `completion`,
/// which is called exactly once and may be called before the method returns.
package protocol ContainerRuntime: AnyObject {
  /// Makes a container whose init process runs nothing until `start`. `onExit` is called once, when
  /// the process has exited, and not if `create` fails.
  func create(
    _ bundle: Bundle, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<InitProcess, RuntimeError>) -> Void)

  /// Lets init run its command.
  func start(_ process: InitProcess, completion: @escaping (RuntimeError?) -> Void)

  /// - Parameter all: to every process of the container.
  func kill(_ process: InitProcess, signal: Int32, all: Bool) throws(RuntimeError)

  /// The live processes of a container, init first.
  func pids(of process: InitProcess) -> [Int32]
}

/// The first process of a container.
package final class InitProcess {
  package let pid: Int32
  let pidfd: Descriptor
  /// Where a held process waits for its start.
  var control: HeldProcess?

  init(pid: Int32, pidfd: consuming Descriptor, control: HeldProcess?) {
    self.pid = pid
    self.pidfd = pidfd
    self.control = control
  }
}

/// Why a runtime did not do what it was asked.
package enum RuntimeError: Error, Equatable {
  /// Part of the contract, but not of this release.
  case notBuilt(String)
  /// Against this runtime's rules.
  case refused(String)
  case failed(String)
  /// The process has exited.
  case processFinished
}
