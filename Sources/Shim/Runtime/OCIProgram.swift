// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// The command line of an OCI runtime (runc, crun, youki), for one container.
final class OCIProgram {
  /// How long the runtime may take for what makes or starts a process; then it is killed. Clients
  /// give up sooner: Kubernetes after 2 to 4 minutes.
  static let limit = Duration.seconds(120)

  let options: RuntimeOptions
  let namespace: String
  let bundle: Bundle
  let loop: EventLoop
  let children: ChildProcesses
  typealias Warn = (_ words: String, _ id: String) -> Void
  /// For the log.
  let warn: Warn
  /// How often it was run: names of files that only one run uses are made of it.
  private(set) var runs = 0

  init(
    _ options: RuntimeOptions, namespace: String, _ bundle: Bundle, _ loop: EventLoop,
    _ children: ChildProcesses, _ warn: @escaping Warn
  ) {
    self.options = options
    self.namespace = namespace
    self.bundle = bundle
    self.loop = loop
    self.children = children
    self.warn = warn
  }

  var root: String { "\(options.root)/\(namespace)" }

  /// Runs it, and tells nil or what it said of its failure.
  ///
  /// - Parameters:
  ///   - verb: what was tried, as in "OCI runtime create failed".
  ///   - streams: see `HelperProcess`.
  func run(
    _ verb: String, _ arguments: [String], streams: [Int32]? = nil, input: [UInt8]? = nil,
    within limit: Duration = limit, completion: @escaping (RuntimeError?) -> Void
  ) {
    execute(arguments, streams: streams, input: input, within: limit) { outcome in
      switch outcome {
      case .success: completion(nil)
      case .unfinished(let words): completion(.abandoned("OCI runtime \(verb) failed: \(words)"))
      case .failure(let words, let logged):
        completion(.failed("OCI runtime \(verb) failed: \(logged ?? words)"))
      }
    }
  }

  /// How a run has ended.
  enum Outcome {
    case success
    /// It was killed at its work: by us, for want of time, or by somebody.
    case unfinished(words: String)
    /// - Parameters:
    ///   - words: how it ended and what it printed.
    ///   - logged: the last error in its log.
    case failure(words: String, logged: String?)
  }

  /// - Parameter input: what it reads where its arguments say `inputPath`.
  func execute(
    _ arguments: [String], streams: [Int32]? = nil, input: [UInt8]? = nil, within limit: Duration,
    completion: @escaping (Outcome) -> Void
  ) {
    runs += 1
    let attempt = { [self] () throws(Errno) in
      let log = OCILog()
      let file = try MemoryFile(ifAny: input)
      let line = arguments.map { $0 == Self.inputPath ? file?.path ?? $0 : $0 }
      let command = Command(
        program: options.binaryName, arguments: flags(log, arguments[0]) + line,
        environment: .forOthers)
      try HelperProcess.run(command, streams: streams, within: limit, loop, children) {
        [self] ending in
        withExtendedLifetime(file) { completion(outcome(ending, log, limit)) }
      }
    }
    let failed = { [self] (error: Errno) in
      completion(.failure(words: cannotBegin(error), logged: nil))
    }
    if Self.insists.contains(arguments[0]) {
      return Scarcity.insist(loop, children, attempt, orElse: failed)
    }
    do throws(Errno) { try attempt() } catch { failed(error) }
  }

  /// Whether a runtime's `delete` ends all that is in the container's control group, whoever it is: crun does
  /// always, runc for a container without a pid namespace of its own. Of others it is not known.
  static func deleteEndsAll(_ runtime: String, ownPIDs: Bool) -> Bool {
    !ownPIDs || !runtime.hasSuffix("runc")
  }

  /// What gives back what may have run out.
  private static let insists = ["kill", "resume", "delete"]

  /// Stands for the path of its input; neither an id nor an absolute path.
  static let inputPath = "<input>"

  private func flags(_ log: OCILog, _ verb: String) -> [String] {
    var line = [options.binaryName, "--root", root, "--log", log.path, "--log-format", "json"]
    if options.systemdCgroup { line.append("--systemd-cgroup") }
    // Not every runtime knows it.
    if !options.criuPath.isEmpty, ["checkpoint", "restore"].contains(verb) {
      line += ["--criu", options.criuPath]
    }
    return line
  }

  private func outcome(_ ending: HelperProcess.Ending, _ log: OCILog, _ limit: Duration) -> Outcome
  {
    let name = options.binaryName
    if let failure = ending.failure {
      return .failure(words: cannotBegin(failure), logged: nil)
    }
    guard let status = ending.status else {
      return .unfinished(words: "\(name) did not end within \(limit.components.seconds) s")
    }
    if status.code == 0 { return .success }
    let output = ending.output.isEmpty ? "" : ": \(ending.output)"
    let words = "\(name) did not terminate successfully: exit status \(status.code)\(output)"
    return status.wasKilled
      ? .unfinished(words: words) : .failure(words: words, logged: log.lastError)
  }

  private func cannotBegin(_ error: Errno) -> String {
    let name = options.binaryName
    let why =
      error == .noSuchFileOrDirectory && !name.contains("/")
      ? "exec: \"\(name)\": executable file not found in $PATH"
      : "fork/exec \(name): \(error)"
    return OCILog.unreadable(why, in: bundle.path)
  }
}

extension OCIProgram {
  /// See `HelperProcess`.
  func runOurselves(
    _ arguments: [String], within limit: Duration, completion: @escaping (RuntimeError?) -> Void
  ) {
    HelperProcess.runOurselves(arguments, within: limit, loop, children, completion: completion)
  }
}
