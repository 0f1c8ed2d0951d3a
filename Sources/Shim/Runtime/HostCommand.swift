// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

/// A command on the host, which the sample runs where others run a container's process.
struct HostCommand {
  let arguments: [String]
  let environment: Environment
  let directory: String
  /// Sent to it when the shim dies; 0 for none.
  var deathSignal: Int32 = 0

  /// For an error: the directory is the host's, and may not be there either.
  var name: String { directory == "." ? arguments[0] : "\(arguments[0]) in \(directory)" }

  /// This program, waiting to become the command: see `HeldProcess`.
  func held(_ programName: String) -> Command {
    var command = Command(
      path: "/proc/self/exe", arguments: [programName, "held", directory] + arguments,
      environment: environment)
    command.deathSignal = deathSignal
    return command
  }
}

extension HostCommand {
  /// What matters here of an OCI `process` object.
  init(spec: [UInt8]) throws(RuntimeError) {
    do throws(BundleError) {
      let process = try JSONDocument(spec, of: "process spec")
      // No namespace is around it, so that nothing else in it could be kept either.
      guard process.integer("user", "uid", default: 0) == 0 else {
        throw .malformed("the sample runs commands as root only")
      }
      arguments = process.strings("args")
      environment = Environment(process.strings("env"))
      directory = process.string("cwd") ?? "/"
    } catch {
      throw .invalid(error.words)
    }
    if arguments.isEmpty { throw .invalid("process spec without args") }
    // `delete` knows of init only.
    deathSignal = SIGKILL
  }
}
