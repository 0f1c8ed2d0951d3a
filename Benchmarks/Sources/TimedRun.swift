// SPDX-License-Identifier: Apache-2.0

import Foundation
import Linux
import Support

/// A program's run, measured from its exec to its end. Nothing polls meanwhile: its output lies in a
/// pipe, which is read afterwards, so it has to be short.
struct TimedRun {
  let milliseconds: Double
  let status: Int32
  let output: String

  /// - Parameters:
  ///   - command: the first word is looked up in PATH.
  ///   - environment: in addition to ours.
  init(
    _ command: [String], environment: [String: String] = [:], directory: String = "."
  ) throws {
    var pipe = try Linux.Pipe()
    let reader = pipe.takeReadEnd()
    let writer = pipe.takeWriteEnd()
    try reader.setNonblocking()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, writer.number, 1)
    posix_spawn_file_actions_adddup2(&actions, writer.number, 2)
    // Ours for a moment: a program in between that changes it would count.
    let here = try Handle.open(".", O_RDONLY | O_DIRECTORY)
    guard chdir(directory) == 0 else { throw TestFailure("no folder \(directory)") }
    defer { fchdir(here.number) }
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let argv = command.map { strdup($0) } + [nil]
    let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }

    var pid: Int32 = 0
    var word: Int32 = 0
    let began = Clock.milliseconds
    let error = posix_spawnp(&pid, command[0], &actions, nil, argv, envp)
    guard error == 0 else { throw TestFailure("\(command): \(String(cString: strerror(error)))") }
    while waitpid(pid, &word, 0) == -1 && errno == EINTR {}
    milliseconds = Clock.milliseconds - began
    status = word & 0x7f == 0 ? (word >> 8) & 0xff : 128 + word & 0x7f
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = read(reader.number, &buffer, buffer.count)
    output = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  func expectSuccess() throws {
    guard status == 0 else { throw TestFailure("exit status \(status): \(output)") }
  }
}
