// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// What an OCI runtime can do, by its own word: the JSON that `features` prints. CRI offers user
/// namespaces and recursive read-only mounts by it.
enum Features {
  /// The type under which containerd reads it.
  static let type = "types.containerd.io/opencontainers/runtime-spec/1/features/Features"
  /// containerd waits for us meanwhile, in CRI's start (bytes).
  private static let limits = (time: Duration.seconds(5), bytes: 1 << 20)

  static func ask(_ runtime: String) throws(CommandFailure) -> [UInt8] {
    guard let path = Executable.find(runtime) else {
      throw CommandFailure("\(runtime) is not in PATH")
    }
    let command = Command(
      path: path, arguments: [runtime, "features"], environment: .forOthers
    )
    let text: [UInt8]?
    do throws(Errno) {
      text = try output(of: command)
    } catch {
      throw CommandFailure("\(runtime) features: \(error)")
    }
    // Older ones have no such command, and say so with their usage.
    guard let text, text.first == UInt8(ascii: "{") else {
      throw CommandFailure("\(runtime) features: no answer")
    }
    return text
  }

  /// What a command prints, if it succeeds.
  private static func output(of command: Command) throws(Errno) -> [UInt8]? {
    var pipe = try Pipe()
    let output = pipe.takeReadEnd()
    let childsEnd = pipe.takeWriteEnd()
    let child = try command.spawnAndWait(
      descriptors: [Command.null, childsEnd.number, Command.null], openFiles: .current)
    _ = consume childsEnd
    defer { try? child.pidfd.signalProcess(SIGKILL) }
    let text = try output.readAll(limit: limits.bytes, within: limits.time)
    child.pidfd.waitForProcess(milliseconds: 1000)
    return ExitStatus.reapNext()?.status.code == 0 ? text : nil
  }
}
