// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Runtime

/// One executable, several programs: containerd's commands (`start`, `delete`, `-info`, `-v`), the
/// daemon (no command), and what the daemon runs of itself (`held`, `mount`, `unmount`,
/// `check-image`, `delegate`).
@main struct Main {
  // Not on the main actor, which a plain `static func main` would be: a C callback formed there
  // would check its executor on every call.
  nonisolated static func main() {
    CurrentProcess.exit(run(CommandLine.arguments))
  }

  private static func run(_ arguments: [String]) -> Int32 {
    let program = Program(argument0: arguments.first ?? "")
    let rest = Array(arguments.dropFirst())
    switch rest.first {
    case "held": return HeldCommand.run(Array(rest.dropFirst()))
    case "mount": return MountCommand.mount(Array(rest.dropFirst()))
    case "unmount": return MountCommand.unmount(Array(rest.dropFirst()))
    case "check-image": return ImageCommand.check(Array(rest.dropFirst()))
    case "delegate": return DelegateCommand.run(Array(rest.dropFirst()))
    default: break
    }

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
