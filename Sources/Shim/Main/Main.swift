// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Runtime
internal import Stdio

/// One executable, several programs: containerd's commands (`start`, `delete`, `-info`, `-v`), the
/// daemon (no command), and what the daemon runs of itself: `held`, and in copies of itself `mount`,
/// `unmount`, `check-image`, `delegate`, `check-logger` and `pipe-readers`; and `log-file`, which begins before
/// `main` does (logfile.c).
@main struct Main {
  // Not on the main actor, which a plain `static func main` would be: a C callback formed there
  // would check its executor on every call.
  nonisolated static func main() {
    CurrentProcess.exit(run(CommandLine.arguments))
  }

  private static func run(_ arguments: [String]) -> Int32 {
    let program = Program(argument0: arguments.first ?? "")
    let rest = Array(arguments.dropFirst())
    if rest.first == "held" { return HeldCommand.run(Array(rest.dropFirst())) }
    // Not of a command that is held: it would inherit it.
    CurrentProcess.ignoreStraySignals()
    if let code = command(rest) { return code }

    let options: Options
    do throws(Options.Failure) {
      options = try Options(parsing: rest)
    } catch {
      StandardStreams.writeError("\(program.name): \(error.words)\n\(Options.usage(program.name))")
      return 2
    }
    if options.printsVersion { return Info.printVersion(program) }
    if options.printsInfo { return Info.printRuntimeInfo(program) }
    do throws(CommandFailure) {
      try options.check()
      switch options.action {
      case .start: try Start(program, options).run()
      case .delete: try Delete(options).run()
      case .serve: try Serve(program, options).run()
      }
      return 0
    } catch {
      StandardStreams.writeError("\(program.name): \(error.words)\n")
      return 1
    }
  }
}

extension Main {
  /// What may hang, and so is a child's work; nil for other words.
  static func command(_ words: [String]) -> Int32? {
    switch words.first {
    case "mount": MountCommand.mount(Array(words.dropFirst()))
    case "unmount": MountCommand.unmount(Array(words.dropFirst()))
    case "check-image": ImageCommand.check(Array(words.dropFirst()))
    case "delegate": DelegateCommand.run(Array(words.dropFirst()))
    case "check-logger": StdioCommand.checkLogger(Array(words.dropFirst()))
    case "pipe-readers": StdioCommand.findPipeReaders(Array(words.dropFirst()))
    default: nil
    }
  }
}

/// Why a command ends with exit code 1: one sentence for whoever reads containerd's error.
struct CommandFailure: Error {
  let words: String
  init(_ words: String) { self.words = words }
}

/// The name we were started under chooses the runtime.
struct Program {
  /// argv[0], which the daemon keeps.
  let argument0: String
  static let version = "0.1.0"

  var name: String { String(argument0.split(separator: "/").last ?? "containerd-shim-swift-v2") }
  var isSample: Bool { name == "containerd-shim-sample-v2" }
  /// What containerd calls it.
  var runtime: String { isSample ? "com.example.sample.v2" : "io.containerd.swift.v2" }
}
