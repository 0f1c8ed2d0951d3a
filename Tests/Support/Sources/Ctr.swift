// SPDX-License-Identifier: Apache-2.0

/// Calls of `ctr` to a containerd.
extension Containerd {
  package static let sample = "com.example.sample.v2"
  package static let oci = "io.containerd.swift.v2"

  /// Starts `ctr` and does not wait for its end.
  package func spawnCtr(
    _ arguments: [String], input: Subprocess.Input = .null, terminal: Terminal? = nil
  ) throws -> Subprocess {
    try Subprocess(
      ["ctr"] + OCIVariant.complete(arguments, in: folder),
      environment: [
        "CONTAINERD_ADDRESS": address, "CONTAINERD_NAMESPACE": Self.namespace,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
      ], input: input, terminal: terminal)
  }

  @discardableResult
  package func ctr(_ arguments: String...) throws -> Subprocess.Ending {
    try spawnCtr(arguments).wait()
  }

  /// Many calls, eight at once, all of which must succeed.
  package func ctr(together calls: [[String]]) throws {
    var running: ArraySlice<Subprocess> = []
    for call in calls {
      if running.count == 8 { try running.removeFirst().wait().expectSuccess() }
      running.append(try spawnCtr(call))
    }
    for process in running { try process.wait().expectSuccess() }
  }

  /// `ctr container create`.
  package func create(
    _ id: String, runtime: String = sample, flags: [String] = []
  ) throws {
    try remember(id)
    let arguments = ["container", "create", "--runtime", runtime] + flags + [Self.image, id]
    try spawnCtr(arguments).wait().expectSuccess()
  }

  /// `ctr task start --detach`.
  /// - Parameter keepsOutput: in FIFOs, for `ctr task attach`; otherwise it goes to /dev/null.
  package func startTask(_ id: String, keepsOutput: Bool = false) throws -> Subprocess.Ending {
    let output = keepsOutput ? ["--fifo-dir", folder] : ["--null-io"]
    return try spawnCtr(["task", "start", "--detach"] + output + [id]).wait()
  }

  /// Creates and starts.
  package func runTask(_ id: String, keepsOutput: Bool = false, flags: [String] = []) throws {
    try create(id, flags: flags)
    try startTask(id, keepsOutput: keepsOutput).expectSuccess()
  }

  /// `ctr run`, attached, to its end.
  package func runContainer(
    _ id: String, _ command: String..., flags: [String] = []
  ) throws -> Subprocess.Ending {
    try remember(id)
    let run = ["run", "--rm", "--runtime", Self.oci] + flags + [Self.image, id]
    return try spawnCtr(run + command).wait()
  }

  /// `ctr run --detach` of a command that lives until it is killed.
  package func runSleeper(
    _ id: String, runtime: String = oci, flags: [String] = []
  ) throws {
    try remember(id)
    let run = ["run", "--detach", "--runtime", runtime] + flags + [Self.image, id]
    try spawnCtr(run + ["sleep", "100000"]).wait().expectSuccess()
  }

  /// pid and state of each task, by `ctr task ls`.
  package func tasks() throws -> [String: (pid: Int32, state: String)] {
    let lines = try ctr("task", "ls").output.split(separator: "\n").dropFirst()
    return lines.reduce(into: [:]) { tasks, line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      if words.count == 3 { tasks[String(words[0])] = (Int32(words[1]) ?? -1, String(words[2])) }
    }
  }

  /// nil if it is not listed.
  package func task(_ id: String) throws -> (pid: Int32, state: String)? { try tasks()[id] }

  package func awaitState(_ id: String, _ state: String) throws {
    try eventually("\(id) is \(state)") { try task(id)?.state == state }
  }

  /// Ends a task and removes it.
  package func endTask(_ id: String) throws {
    try ctr("task", "kill", "--signal", "KILL", id).expectSuccess()
    try awaitState(id, "STOPPED")
    try ctr("task", "rm", id).expectSuccess()
  }
}

extension Subprocess.Ending {
  package func expectSuccess() throws { try expect(status: 0) }

  package func expect(status expected: Int32) throws {
    guard status == expected else {
      throw TestFailure("exit status \(status), not \(expected): \(output)\(errors)")
    }
  }
}
