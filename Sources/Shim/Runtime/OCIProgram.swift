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
    _ verb: String, _ arguments: [String], streams: [Int32]? = nil, within limit: Duration = limit,
    completion: @escaping (RuntimeError?) -> Void
  ) {
    execute(arguments, streams: streams, within: limit) { outcome in
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

  func execute(
    _ arguments: [String], streams: [Int32]? = nil, within limit: Duration,
    completion: @escaping (Outcome) -> Void
  ) {
    runs += 1
    let log = OCILog(bundle, run: runs)
    let name = options.binaryName
    guard let path = Executable.find(name) else {
      let words = "exec: \"\(name)\": executable file not found in $PATH"
      return completion(.failure(words: log.unreadable(words), logged: nil))
    }
    var line = [name, "--root", root, "--log", log.path, "--log-format", "json"]
    if options.systemdCgroup { line.append("--systemd-cgroup") }
    // Not every runtime knows it.
    if !options.criuPath.isEmpty, ["checkpoint", "restore"].contains(arguments.first) {
      line += ["--criu", options.criuPath]
    }
    let command = Command(
      path: path, arguments: line + arguments,
      environment: CurrentProcess.environmentForOthers)
    do throws(Errno) {
      try HelperProcess.run(command, streams: streams, within: limit, loop, children) { ending in
        defer { log.remove() }
        guard let status = ending.status else {
          let words = "\(name) did not end within \(limit.components.seconds) s"
          return completion(.unfinished(words: words))
        }
        if status.code == 0 { return completion(.success) }
        let output = ending.output.isEmpty ? "" : ": \(ending.output)"
        let words = "\(name) did not terminate successfully: exit status \(status.code)\(output)"
        completion(
          status.wasKilled
            ? .unfinished(words: words) : .failure(words: words, logged: log.lastError))
      }
    } catch {
      completion(.failure(words: log.unreadable("fork/exec \(path): \(error)"), logged: nil))
    }
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
