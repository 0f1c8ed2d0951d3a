// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Linux

/// What /proc tells of other processes.
package enum Processes {
  /// A value of /proc/PID/status, or of another file there with lines `NAME: VALUE`; nil once the
  /// process is gone.
  package static func field(_ name: String, of pid: Int32, in file: String = "status") -> String? {
    guard let text = Files.read("/proc/\(pid)/\(file)") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  package static func number(_ name: String, of pid: Int32, in file: String = "status") -> Int? {
    field(name, of: pid, in: file).flatMap { Int($0.prefix { $0.isNumber }) }
  }

  /// A zombie whose parent is process 1 counts as gone: not every init reaps at once.
  package static func isGone(_ pid: Int32) -> Bool {
    guard let state = field("State", of: pid) else { return true }
    return state.hasPrefix("X") || state.hasPrefix("Z") && number("PPid", of: pid) == 1
  }

  package static func isZombie(_ pid: Int32) -> Bool {
    field("State", of: pid)?.hasPrefix("Z") ?? false
  }

  /// Waits until a container's shell handles a signal: the first process of a pid namespace gets no
  /// others but SIGKILL, and before it is the shell it is the OCI runtime, which handles all.
  package static func waitForTrap(_ signal: Int32, of pid: Int32) throws {
    try eventually("signal \(signal) is handled") {
      guard commandLine(of: pid).first == "sh" else { return false }
      let caught = UInt64(field("SigCgt", of: pid) ?? "", radix: 16) ?? 0
      return caught & 1 << (UInt64(signal) - 1) != 0
    }
  }

  package static func children(of pid: Int32) -> [Int32] {
    let path = "/proc/\(pid)/task/\(pid)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  /// The `sleep 5` between two dates of the sample's command; waits while it writes one.
  package static func sleep(of command: Int32) throws -> Int32 {
    try eventually("sleep 5") {
      children(of: command).first { commandLine(of: $0) == ["sleep", "5"] }
    }
  }

  package static func commandLine(of pid: Int32) -> [String] {
    let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Waits until a command runs: a shell that is about to execute it may lose a signal, since its handler
  /// takes what comes between vfork and execve.
  package static func wait(for command: [String]) throws {
    try eventually("\(command) runs") {
      allPIDs().contains { commandLine(of: $0) == command }
    }
  }

  package static func group(of pid: Int32) -> Int32 { getpgid(pid) }

  /// What the open descriptors of a process are, by number.
  package static func descriptors(of pid: Int32) -> [Int: String] {
    let folder = "/proc/\(pid)/fd"
    var found: [Int: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard let number = Int(name) else { continue }
      found[number] = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "\(folder)/\(name)")
    }
    return found
  }

  package static func allPIDs() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
  }

  /// Processes that work in a folder: shims, and what they have started, work in their bundle.
  package static func working(below folder: String) -> [Int32] {
    allPIDs().filter { pid in
      let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
      return link?.hasPrefix(folder + "/") ?? false
    }
  }

  /// Lets this process open as many files as it may, for tests with many connections.
  package static func raiseOpenFileLimit() { OpenFileLimit.raise() }

  /// Lines for a failure's message.
  package static func describe(_ pids: [Int32]) -> String {
    pids.map { pid in
      "\(pid) (\(field("State", of: pid) ?? "gone")) \(commandLine(of: pid).joined(separator: " "))"
    }.joined(separator: "; ")
  }
}
