// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import Linux
internal import Runtime
internal import SwiftProtobuf
internal import TaskService

/// `-v` and `-info`: need neither bundle nor environment.
enum Info {
  static func printVersion(_ program: Program) -> Int32 {
    print("\(program.name):\n  Version:  \(Program.version)\n  libevent: \(EventLoop.version)\n\n")
  }

  /// A serialized RuntimeInfo. Options come on standard input and are handed back. Whatever they are
  /// containerd gets an answer; without features it takes it that there are none.
  static func printRuntimeInfo(_ program: Program) -> Int32 {
    guard let input = try? StandardStreams.readInput(limit: Bootstrap.inputLimit) else {
      StandardStreams.writeError("\(program.name): standard input cannot be read\n")
      return 1
    }
    let options = input.isEmpty ? nil : try? Google_Protobuf_Any(serializedBytes: input)
    if !input.isEmpty && options == nil {
      StandardStreams.writeError("\(program.name): standard input holds no options\n")
      return 1
    }
    let info = RuntimeInfo.with {
      $0.name = program.runtime
      $0.version.version = Program.version
      if let options { $0.options = options }
      if !program.isSample { addFeatures(options, to: &$0, program) }
    }
    guard let bytes: [UInt8] = try? info.serializedBytes() else { return 1 }
    return print(bytes)
  }

  private static func addFeatures(
    _ any: Google_Protobuf_Any?, to info: inout RuntimeInfo, _ program: Program
  ) {
    var warnings: [String] = []
    do throws(RuntimeOptionsError) {
      let options = try RuntimeOptions(decoding: any, warnings: &warnings)
      do throws(CommandFailure) {
        let features = try Features.ask(options.binaryName)
        info.features.typeURL = Features.type
        info.features.value.append(contentsOf: features)
      } catch {
        warnings.append(error.words)
      }
    } catch {
      warnings.append(error.words)
    }
    // containerd reads the two streams apart here, other than with `start`.
    for words in warnings { StandardStreams.writeError("\(program.name): \(words)\n") }
  }

  private static func print(_ text: String) -> Int32 { print(Array(text.utf8)) }

  private static func print(_ bytes: [UInt8]) -> Int32 {
    (try? StandardStreams.writeOutput(bytes)) == nil ? 1 : 0
  }
}
