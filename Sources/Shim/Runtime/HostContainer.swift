// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Stdio

/// The sample's container, which contains nothing: a command on the host and what descends from it.
final class HostContainer: RuntimeContainer {
  let initProcess: RuntimeProcess
  /// Where init waits for its start.
  private var held: HeldProcess?

  init(_ process: RuntimeProcess, _ held: HeldProcess) {
    initProcess = process
    self.held = held
  }

  func start(completion: @escaping (RuntimeError?) -> Void) {
    guard let held = held.take() else { return completion(.processFinished) }
    // `held` lives until it has told: the closure holds it.
    held.release { error in
      withExtendedLifetime(held) {
        completion(error.map { .failed("exec \(HostRuntime.command[0]): \($0)") })
      }
    }
  }

  func exec(
    _ request: ExecRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void
  ) {
    completion(.failure(.notBuilt("exec in the sample is not built yet")))
  }

  func killAll(signal: Int32, completion: @escaping (RuntimeError?) -> Void) {
    do throws(RuntimeError) {
      // Once it is reaped its pid may be a stranger's.
      try initProcess.kill(signal: 0)
      ProcessTree.signalDescendants(of: initProcess.pid, signal)
      try initProcess.kill(signal: signal)
      completion(nil)
    } catch {
      completion(error)
    }
  }

  var pids: [Int32] { [initProcess.pid] + ProcessTree.descendants(of: initProcess.pid) }

  func pause(completion: @escaping (RuntimeError?) -> Void) {
    completion(.notBuilt("the sample has no container that could be paused"))
  }

  func resume(completion: @escaping (RuntimeError?) -> Void) { pause(completion: completion) }

  /// Nothing is left: orphans ended with their command.
  func delete(force: Bool, completion: @escaping (RuntimeError?) -> Void) { completion(nil) }

  /// The runtime ends them itself.
  var sharesPIDs: Bool { false }
}
