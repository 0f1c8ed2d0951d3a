// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux
internal import Stdio

internal import struct SystemPackage.Errno

/// A container of an OCI runtime.
final class OCIContainer: RuntimeContainer {
  private(set) var initProcess: RuntimeProcess?
  let id: String
  let program: OCIProgram
  private let rootfs: Rootfs
  /// Nil when it has none of its own, or no process yet.
  private(set) var group: ControlGroup?
  let record: CreateRecord?
  /// See `GroupMembership`.
  private(set) var mountNamespace: UInt64 = 0
  var lastSeen = UInt64.max
  /// What `signalAll` has killed and that may not be dead yet: pids and start times.
  var dying: [Int: UInt64] = [:]
  /// What Start begins from, if not from a process.
  private var restoration: Restoration?
  private lazy var namespaces = try? program.bundle.ownNamespaces()
  /// What cannot be read is better killed twice than left.
  var sharesPIDs: Bool { namespaces?.pids != true }

  /// - Parameters:
  ///   - record: of what was there before the runtime began; nil when that is not known.
  ///   - restoration: nil when the runtime's `create` makes the process.
  init(
    _ id: String, _ program: OCIProgram, _ rootfs: Rootfs, _ record: CreateRecord?,
    restoration: Restoration? = nil
  ) {
    self.id = id
    self.program = program
    self.rootfs = rootfs
    self.record = record
    self.restoration = restoration
  }

  /// While the runtime is at work: what an answer would wait for after it.
  func prepare() {
    _ = namespaces
    _ = CgroupHierarchies.mounted
  }

  /// Init is made.
  func adopt(_ process: RuntimeProcess) {
    prepare()
    initProcess = process
    // Now: later it may have moved itself elsewhere.
    if let group = ControlGroup(of: process.pid), !group.holdsCaller { self.group = group }
    let mounts = ProcFile.namespace("mnt", of: process.pid) ?? 0
    let isOwn = namespaces?.mounts == true
    if isOwn, mounts != ProcFile.namespace("mnt", of: CurrentProcess.id) { mountNamespace = mounts }
    // For a `delete` whose runtime fails. Not there for one that has ended already.
    try? InitRecord.write(process.pid, to: program.bundle)
  }

  func start(completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void) {
    if let restoration = restoration.take() {
      return restore(restoration) { [self] result in
        guard case .success(let process) = result else { return completion(result) }
        adopt(process)
        delegate { completion(result) }
      }
    }
    guard let initProcess else { return completion(.failure(.processFinished)) }
    program.run("start", ["start", id]) { error in
      completion(error.map { .failure($0) } ?? .success(initProcess))
    }
  }

  func exec(
    _ request: ExecRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void
  ) {
    // The prefix keeps an exec called "init" from init's file.
    let pidFile = "exec-\(request.id).pid"
    program.makeProcess(
      "exec", ["--process", OCIProgram.inputPath, "--detach"], [id], pidFile: pidFile, io, onExit,
      input: request.spec
    ) { [bundle = program.bundle] result in
      completion(result)
      try? bundle.remove(pidFile)
    }
  }

  var pids: [Int32] { group?.pids ?? [initProcess].compactMap(\.self?.pid) }

  func cgroup() throws(RuntimeError) -> ControlGroup? {
    guard initProcess != nil, group?.exists ?? true else { throw .missing("cgroup does not exist") }
    return group
  }

  func update(_ resources: [UInt8], completion: @escaping (RuntimeError?) -> Void) {
    program.run(
      "update", ["update", "--resources", OCIProgram.inputPath, id], input: resources,
      completion: completion)
  }

  func pause(completion: @escaping (RuntimeError?) -> Void) {
    program.run("pause", ["pause", id], completion: completion)
  }

  func resume(completion: @escaping (RuntimeError?) -> Void) {
    program.run("resume", ["resume", id], completion: completion)
  }

  func delete(force: Bool, completion: @escaping (RuntimeError?) -> Void) {
    // The runtime takes a group that somebody has frozen for a paused container.
    thaw(isPaused: false)
    remove(force: force) { [rootfs] error in
      if let error, !error.tellsOfNoContainer { return completion(error) }
      rootfs.unmount(completion: completion)
    }
  }
}

extension RuntimeError {
  /// Somebody else has deleted the container: runc's words, and crun's.
  package var tellsOfNoContainer: Bool {
    guard case .failed(let words) = self else { return false }
    return words.contains("does not exist") || words.contains("cannot open directory")
      || words.contains("/status`: No such file or directory")
  }
}
