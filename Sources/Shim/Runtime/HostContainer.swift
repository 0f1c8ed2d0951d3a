// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux
internal import Stdio

/// The sample's container, which contains nothing: commands on the host and what descends from them.
final class HostContainer: RuntimeContainer {
  let initProcess: RuntimeProcess?
  private unowned let runtime: HostRuntime
  /// Where init waits for its start.
  private var held: HeldProcess?
  /// By pid, until they have exited.
  private var execs: [Int32: RuntimeProcess] = [:]

  init(_ runtime: HostRuntime, _ process: RuntimeProcess, _ held: HeldProcess) {
    self.runtime = runtime
    initProcess = process
    self.held = held
  }

  func start(completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void) {
    guard let held = held.take(), let initProcess else {
      return completion(.failure(.processFinished))
    }
    held.release { error in completion(error.map { .failure($0) } ?? .success(initProcess)) }
  }

  func exec(
    _ request: ExecRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void
  ) {
    do throws(RuntimeError) {
      var pid: Int32 = 0
      let (process, held) = try runtime.spawn(HostCommand(spec: request.spec), io) {
        [weak self] status in
        self?.execs[pid] = nil
        onExit(status)
      }
      pid = process.pid
      execs[pid] = process
      held.release { error in
        completion(error.map { .failure($0) } ?? .success(process))
      }
    } catch {
      completion(.failure(error))
    }
  }

  func signalAll(_ signal: Int32, execs: [RuntimeProcess]) throws(RuntimeError) -> Members {
    var members = Members()
    for process in processes {
      do throws(RuntimeError) {
        // Once it is reaped its pid may be a stranger's.
        try process.kill(signal: 0)
        ProcessTree.signalDescendants(of: process.pid, signal)
        try process.kill(signal: signal)
        members.own.append(process.pid)
      } catch {
        if error != .processFinished { throw error }
      }
    }
    return members
  }

  /// Nothing is ever frozen.
  func thaw(isPaused: Bool) {}
  let isFrozen: Bool? = nil

  func lookWhetherItIsThere(completion: @escaping (RuntimeError?) -> Void) {
    completion(.processFinished)
  }

  private var processes: [RuntimeProcess] { [initProcess].compactMap(\.self) + execs.values }

  var pids: [Int32] {
    processes.flatMap { [$0.pid] + ProcessTree.descendants(of: $0.pid) }
  }

  func cgroup() throws(RuntimeError) -> ControlGroup? {
    throw .notBuilt("the sample has no control group of its own")
  }

  func update(_ resources: [UInt8], completion: @escaping (RuntimeError?) -> Void) {
    completion(.notBuilt("the sample has no control group of its own"))
  }

  func checkpoint(_ request: CheckpointRequest, completion: @escaping (RuntimeError?) -> Void) {
    completion(.notBuilt("the sample has no container that could be written down"))
  }

  func pause(completion: @escaping (RuntimeError?) -> Void) {
    completion(.notBuilt("the sample has no container that could be paused"))
  }

  func resume(completion: @escaping (RuntimeError?) -> Void) { pause(completion: completion) }

  /// Nothing is left: orphans ended with their command.
  func delete(force: Bool, completion: @escaping (RuntimeError?) -> Void) { completion(nil) }

  /// On the host they would.
  var sharesPIDs: Bool { true }
}
