// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// A command on the host, which the sample runs where others run a container's process.
struct HostCommand {
  let arguments: [String]
  let environment: [String]
  let directory: String

  init(arguments: [String], environment: [String], directory: String) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// What matters here of an OCI `process` object.
  init(spec: [UInt8]) throws(RuntimeError) {
    do throws(BundleError) {
      let process = try JSONDocument(spec, of: "process spec")
      // No namespace is around it, so that nothing else in it could be kept either.
      guard process.integer("user", "uid") ?? 0 == 0 else {
        throw .malformed("the sample runs commands as root only")
      }
      arguments = process.strings("args")
      environment = process.strings("env")
      directory = process.string("cwd") ?? "/"
    } catch {
      throw .invalid(error.words)
    }
    if arguments.isEmpty { throw .invalid("process spec without args") }
  }

  /// This program, waiting to become the command: see `HeldProcess`.
  func held(_ programName: String) -> Command {
    Command(
      path: "/proc/self/exe", arguments: [programName, "held", directory] + arguments,
      environment: environment)
  }
}
