// SPDX-License-Identifier: Apache-2.0

package import Linux
package import Stdio

/// Real containers through an OCI runtime's command line: not built yet, and says so.
package final class OCIRuntime: ContainerRuntime {
  package init() {}

  package func create(
    _ bundle: Bundle, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<InitProcess, RuntimeError>) -> Void
  ) {
    completion(
      .failure(.notBuilt("containers through an OCI runtime are not built yet; see the README")))
  }

  // Without a create there is no process to call these with.
  package func start(_ process: InitProcess, completion: @escaping (RuntimeError?) -> Void) {
    completion(.processFinished)
  }

  package func kill(_ process: InitProcess, signal: Int32, all: Bool) throws(RuntimeError) {
    throw .processFinished
  }

  package func pids(of process: InitProcess) -> [Int32] { [process.pid] }
}
