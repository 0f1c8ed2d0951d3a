// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Plays scripts against one runtime, and notes the answers without what must differ: pids, times,
/// ids of the run, the temporary folder, the runtime's name.
final class ScriptPlayer {
  private let containerd: Containerd
  private let runtime: String
  /// Ids have the same length for each runtime: `ctr` prints columns.
  private let prefix: String
  private let scripts: [Script]
  private var events: EventStream
  private var past: [EventStream.Event] = []
  private var begun: (command: String, process: Subprocess)?

  /// - Parameter letter: one for each player.
  init(
    _ containerd: Containerd, _ runtime: String, letter: String, _ scripts: [Script] = Script.all
  ) throws {
    self.containerd = containerd
    self.runtime = runtime
    self.scripts = scripts
    // The runtime's state is the machine's, not this containerd's: a name that nobody else has.
    prefix = "compared-\(getpid())-\(letter)"
    events = try EventStream(containerd)
    try "BinaryName = \"no-runc\"\n".write(
      toFile: missingRuntime, atomically: false, encoding: .utf8)
    for number in scripts.indices { try containerd.remember(id(number)) }
  }

  private var missingRuntime: String { "\(containerd.folder)/missing-runtime.toml" }

  private func id(_ number: Int) -> String { "\(prefix)\(100 + number)" }

  /// Several players may play at once, on threads of their own.
  func play() throws -> [Note] {
    try scripts.enumerated().flatMap { number, script in
      do {
        return try play(script, id: id(number))
      } catch {
        throw TestFailure("\(runtime), script \"\(script.name)\": \(error)")
      }
    }
  }

  private func play(_ script: Script, id: String) throws -> [Note] {
    past = []
    var answers: [(String, Subprocess.Ending)] = []
    for step in script.steps {
      switch step {
      case .ctr(let command, let input):
        let bytes = Subprocess.Input.bytes(Array(input.utf8))
        answers.append((command, try spawn(command, id, input: bytes).wait()))
      case .terminal(let command):
        answers.append((command, try spawn(command, id, terminal: terminal()).wait()))
      case .begin(let command, let text):
        let process = try spawn(command, id)
        try process.output.wait(for: text) { $0.text.contains(text) }
        begun = (command, process)
      case .beginTerminal(let command, let text, let typed):
        let process = try spawn(command, id, terminal: terminal())
        try process.output.wait(for: text) { $0.text.contains(text) }
        try process.terminal?.type(typed)
        begun = (command, process)
      case .end:
        if let (command, process) = begun { answers.append((command, try process.wait())) }
        begun = nil
      case .state(let state): try containerd.awaitState(id, state)
      case .event(let event):
        try eventually(event) { lines(id).contains(event) }
      case .restart:
        past = events.events(of: id)
        try containerd.crash()
        try containerd.start()
        events = try EventStream(containerd)
      }
    }
    settle(id)
    let pids = Set(allEvents(id).map(\.pid)).filter { $0 > 0 }
    var events = lines(id)
    if script.anyOrder != nil { events.sort() }
    return answers.flatMap { command, ending in
      [
        ("status", "\(ending.status)"),
        ("output", normal(ending.output, of: command, id, pids)),
        ("errors", normal(ending.errors, of: command, id, pids)),
      ].map { Note(script: script.name, command: command, part: $0, text: $1) }
    } + [
      Note(
        script: script.name, command: "events", part: "events",
        text: events.joined(separator: ", "))
    ]
  }

  private func terminal() throws -> Terminal {
    let terminal = try Terminal()
    terminal.resize(columns: 80, rows: 24)
    return terminal
  }

  private func spawn(
    _ command: String, _ id: String, input: Subprocess.Input = .null, terminal: Terminal? = nil
  ) throws -> Subprocess {
    let told = command.replacingOccurrences(of: "ID", with: id)
      .replacingOccurrences(of: "FOLDER", with: containerd.folder)
    var words = split(told).map { $0 == "busybox" ? Containerd.image : $0 }
    let verbs = words.first == "run" ? 1 : words.starts(with: ["container", "create"]) ? 2 : 0
    if verbs > 0 { words.insert(contentsOf: ["--runtime", runtime], at: verbs) }
    // ctr has an option of its own for containerd's runtime.
    if let place = words.firstIndex(of: "--missing-runtime") {
      words.replaceSubrange(
        place...place,
        with: runtime == Containerd.oci
          ? ["--runtime-config-path", missingRuntime] : ["--runc-binary", "no-runc"])
    }
    return try containerd.spawnCtr(words, input: input, terminal: terminal)
  }

  /// As a shell would split it, with single quotes only.
  private func split(_ command: String) -> [String] {
    command.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap {
      $0.isMultiple(of: 2) ? $1.split(separator: " ").map(String.init) : [String($1)]
    }
  }

  /// Waits until what was made has ended in the events too. Those that never come are a difference.
  private func settle(_ id: String) {
    _ = try? eventually("the last event", within: .seconds(3)) {
      let topics = allEvents(id).map(\.topic)
      func count(_ topic: String) -> Int { topics.filter { $0 == "/tasks/\(topic)" }.count }
      return count("create") == count("delete")
        && count("create") + count("exec-started") == count("exit")
    }
  }

  private func allEvents(_ id: String) -> [EventStream.Event] { past + events.events(of: id) }

  private func lines(_ id: String) -> [String] {
    allEvents(id).map { event in
      let topic = event.topic.dropFirst("/tasks/".count)
      let process = event.process == id || event.process.isEmpty ? "" : " \(event.process)"
      let ends = topic == "exit" || topic == "delete"
      return "\(topic)\(process)\(ends ? " \(event.status)" : "")"
    }
  }

  private func normal(_ text: String, of command: String, _ id: String, _ pids: Set<Int>) -> String
  {
    if text.isEmpty { return "" }
    var text = text
    func replace(_ pattern: String, _ replacement: String) {
      text = text.replacingOccurrences(
        of: pattern, with: replacement, options: .regularExpression)
    }
    let columns = ["task ls", "task ps"].contains { command.hasPrefix($0) }
    if columns {
      // Another runtime's container may be there too.
      if command.hasPrefix("task ls") {
        let lines = text.split(separator: "\n").filter {
          $0.hasPrefix("TASK") || $0.hasPrefix(id)
        }
        text = lines.map { "\($0)\n" }.joined()
      }
      replace("(?m) +$", "")
      replace(" +", " ")
      replace("(?m)^[0-9]+", "PID")
    }
    for pid in pids { replace("\\b\(pid)\\b", "PID") }
    // Figures, and which of them depends on the machine.
    if command.hasPrefix("task metrics"), text.contains("METRIC") { text = "METRICS" }
    replace("time=\"[^\"]*\"", "time=T")
    if command.hasPrefix("task checkpoint") { replace(":[-0-9.:]+$", ":DATE") }
    for (place, name) in [(id, "ID"), (containerd.folder, "FOLDER"), (runtime, "RUNTIME")] {
      text = text.replacingOccurrences(of: place, with: name)
    }
    // Two terminals have each made a line's end of it.
    replace("\r+\n", "\n")
    return text
  }
}
