// SPDX-License-Identifier: Apache-2.0

package import Linux
package import Stdio

internal import struct SystemPackage.Errno

/// What makes containers. Nothing here blocks: what takes time tells its end through `completion`,
/// which is called exactly once and may be called before the method returns.
package protocol ContainerRuntime: AnyObject {
  /// Whether the options of a request mean anything to it.
  var takesOptions: Bool { get }

  /// Makes a container whose init process runs nothing until `start`, which makes the process of one
  /// that is restored. `onExit` is called once, when the process has exited, and not if `create`
  /// fails; it may come before `completion`.
  func create(
    _ request: ContainerRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<any RuntimeContainer, RuntimeError>) -> Void)
}

/// A container as its runtime knows it.
package protocol RuntimeContainer: AnyObject {
  /// Nil for one that is to be restored, until it is started.
  var initProcess: RuntimeProcess? { get }

  /// Lets init run its command, or go on where its checkpoint was made. Tells init.
  func start(completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void)

  /// Runs one more process in the container. As for `onExit`, see `create`.
  func exec(
    _ request: ExecRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void)

  /// Sends a signal to every process that is known to be the container's, init among them.
  ///
  /// - Parameter execs: those that may live.
  /// - Returns: who was there.
  func signalAll(_ signal: Int32, execs: [RuntimeProcess]) throws(RuntimeError) -> Members

  /// Lets die what was killed: thaws what is frozen, if nobody else uses it, or else says why not.
  ///
  /// - Parameter isPaused: by us, who may thaw it then whoever uses it.
  func thaw(isPaused: Bool)

  /// What the kernel says, whoever has frozen or thawed it; nil when it does not say.
  var isFrozen: Bool? { get }

  /// The live processes, in no order.
  var pids: [Int32] { get }

  /// Tells nil when it is there, though nobody lives in it: that is no failure of a signal to all.
  func lookWhetherItIsThere(completion: @escaping (RuntimeError?) -> Void)

  /// Where the kernel counts and limits what it uses.
  ///
  /// - Returns: nil when it has none of its own.
  /// - Throws: `missing` when it has no process yet, or the group is gone.
  func cgroup() throws(RuntimeError) -> ControlGroup?

  /// Sets its limits anew.
  ///
  /// - Parameter resources: OCI `LinuxResources`, JSON.
  func update(_ resources: [UInt8], completion: @escaping (RuntimeError?) -> Void)

  /// Writes the state of its processes into a folder.
  func checkpoint(_ request: CheckpointRequest, completion: @escaping (RuntimeError?) -> Void)

  func pause(completion: @escaping (RuntimeError?) -> Void)
  func resume(completion: @escaping (RuntimeError?) -> Void)

  /// Removes what is left of a container whose init has exited.
  ///
  /// - Parameter force: ends what still runs.
  func delete(force: Bool, completion: @escaping (RuntimeError?) -> Void)

  /// Whether its processes live on when init has exited.
  var sharesPIDs: Bool { get }
}

/// What Create asks for.
package struct ContainerRequest {
  package let id: String
  package let bundle: Bundle
  package let rootfs: [Mount]
  package let options: RuntimeOptions
  /// The folder of a checkpoint to begin from, or empty.
  package let checkpoint: String

  package init(
    id: String, bundle: Bundle, rootfs: [Mount], options: RuntimeOptions, checkpoint: String
  ) {
    self.id = id
    self.bundle = bundle
    self.options = options
    self.rootfs = rootfs
    self.checkpoint = checkpoint
  }
}

/// What Exec asks for.
package struct ExecRequest {
  package let id: String
  /// The OCI `process` object, JSON.
  package let spec: [UInt8]

  package init(id: String, spec: [UInt8]) {
    self.id = id
    self.spec = spec
  }

  /// The spec, once it is known to be one.
  ///
  /// - Parameter terminal: takes the place of the spec's own word.
  /// - Throws: `invalid`, `failed`.
  package static func spec(_ text: [UInt8], terminal: Bool) throws(RuntimeError) -> [UInt8] {
    if text.isEmpty { throw .invalid("exec without a process spec") }
    do throws(BundleError) {
      return try JSONDocument(text, of: "process spec").setting("terminal", to: terminal)
    } catch {
      throw .failed(error.words)
    }
  }
}

/// A process of a container, and a child of ours.
package final class RuntimeProcess {
  package let pid: Int32
  /// Nil for one that had exited when we learned of it.
  private let pidfd: Descriptor?

  init(pid: Int32, pidfd: consuming Descriptor?) {
    self.pid = pid
    self.pidfd = pidfd
  }

  /// - Throws: `processFinished`.
  package func kill(signal: Int32) throws(RuntimeError) {
    do throws(Errno) {
      guard try pidfd?.signalProcess(signal) != nil else { throw .noSuchProcess }
    } catch .noSuchProcess {
      throw .processFinished
    } catch {
      throw .failed("\(error)")
    }
  }
}

/// Why a runtime did not do what it was asked.
package enum RuntimeError: Error, Equatable {
  /// Part of the contract, but not of this release.
  case notBuilt(String)
  /// Against this runtime's rules.
  case refused(String)
  case invalid(String)
  case missing(String)
  case failed(String)
  /// The runtime was ended before it had done: what it has made is unknown.
  case abandoned(String)
  /// The process has exited.
  case processFinished
}
