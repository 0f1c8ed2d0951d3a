// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A program that a test runs: its output is gathered, its end awaited with a deadline, and it never
/// outlives its owner.
package final class Subprocess {
  package enum Input: Equatable { case null, pipe, bytes([UInt8]) }

  package struct Ending {
    /// The exit code, or 128 + signal.
    package let status: Int32
    package let outputBytes: [UInt8]
    package let errors: String
    package var output: String { String(decoding: outputBytes, as: UTF8.self) }
  }

  package let pid: Int32
  package let output: Collector
  package let errors: Collector?
  package let terminal: Terminal?
  private let arguments: [String]
  private var input: Handle?
  private var status: Int32?

  /// - Parameters:
  ///   - arguments: the first is looked up in PATH.
  ///   - environment: in addition to ours.
  ///   - inherited: numbers in the child, and our descriptors to put there.
  ///   - joinsErrors: standard error goes into the pipe of standard output.
  ///   - newGroup: it leads a process group of its own.
  package init(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
    input: Input = .null, terminal: Terminal? = nil, inherited: [Int32: Handle] = [:],
    joinsErrors: Bool = false, newGroup: Bool = false
  ) throws {
    let arguments = (directory.map { ["env", "-C", $0] } ?? []) + arguments
    self.arguments = arguments
    self.terminal = terminal
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, handle) in inherited {
      posix_spawn_file_actions_adddup2(&actions, handle.number, number)
    }

    // The child's ends live until it has been spawned.
    var ends: [Handle] = []
    if let terminal {
      // After setsid, and without O_NOCTTY: the first terminal becomes the controlling one.
      posix_spawn_file_actions_addopen(&actions, 0, terminal.path, O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
      output = Collector(terminal.main)
      errors = nil
    } else {
      let (outputEnd, childOutput) = try Handle.pipe()
      output = Collector(outputEnd)
      posix_spawn_file_actions_adddup2(&actions, childOutput.number, 1)
      ends = [childOutput]
      if joinsErrors {
        errors = nil
        posix_spawn_file_actions_adddup2(&actions, childOutput.number, 2)
      } else {
        let (errorsEnd, childErrors) = try Handle.pipe()
        errors = Collector(errorsEnd)
        posix_spawn_file_actions_adddup2(&actions, childErrors.number, 2)
        ends.append(childErrors)
      }
      if case .null = input {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      } else {
        let (childInput, inputEnd) = try Handle.pipe()
        posix_spawn_file_actions_adddup2(&actions, childInput.number, 0)
        ends.append(childInput)
        self.input = inputEnd
      }
    }
    let setSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which Swift does not import
    pid = try Self.spawn(
      arguments, environment, &actions,
      (terminal == nil ? 0 : setSession) | (newGroup ? Int32(POSIX_SPAWN_SETPGROUP) : 0))
    ends = []
    if case .bytes(let bytes) = input {
      try self.input?.write(bytes)
      self.input = nil
    }
  }

  deinit {
    guard status == nil else { return }
    kill(SIGKILL)
    waitpid(pid, nil, 0)
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String: String],
    _ actions: inout posix_spawn_file_actions_t, _ flags: Int32
  ) throws -> Int32 {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let signals = Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, Int16(signals | flags))

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: Int32 = 0
    let error = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard error == 0 else { throw TestFailure("\(arguments): \(String(cString: strerror(error)))") }
    return pid
  }

  package func kill(_ signal: Int32) {
    if status == nil { Foundation.kill(pid, signal) }
  }

  package func closeInput() { input = nil }

  package var hasExited: Bool {
    var word: Int32 = 0
    if status == nil, waitpid(pid, &word, WNOHANG) == pid {
      status = word & 0x7f == 0 ? (word >> 8) & 0xff : 128 + word & 0x7f
    }
    return status != nil
  }

  /// Waits until it has exited and nobody holds its output any more.
  package func wait(within limit: Duration = .patience) throws -> Ending {
    let deadline = ContinuousClock.now + limit
    while !(hasExited && output.hasEnded && errors?.hasEnded ?? true) {
      guard ContinuousClock.now < deadline else {
        let why = status == nil ? "runs on" : "exited, but its output is held open"
        throw TestFailure(
          "\(why) after \(limit): \(output.text)\(errors?.text ?? "") from \(arguments)")
      }
      output.read(waiting: 5)
      errors?.read(waiting: 5)
      if output.hasEnded && errors?.hasEnded ?? true { usleep(2000) }
      // Somebody else may hold a terminal: what the program has written comes at once, in pieces.
      if terminal != nil && hasExited {
        let end = min(deadline, ContinuousClock.now + .seconds(1))
        while !output.hasEnded && ContinuousClock.now < end { output.read(waiting: 20) }
        break
      }
    }
    return Ending(
      status: status ?? -1, outputBytes: output.bytes, errors: errors?.text ?? "")
  }
}

/// Runs a program to its end.
package func run(
  _ arguments: String..., environment: [String: String] = [:]
) throws -> Subprocess.Ending {
  try Subprocess(arguments, environment: environment).wait()
}
