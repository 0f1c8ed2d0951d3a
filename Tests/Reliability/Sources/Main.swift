// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// `reliability WHAT [KEY=VALUE...]`: see Tests/Reliability/run.sh.
@main struct Main {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    Stop.onSignals()
    do {
      let settings = try Settings(words.dropFirst())
      switch words.first {
      case "killrounds": try KillRounds(settings).run()
      case "soak": try Soak(settings).run()
      case "execs": try Execs(settings: settings).run()
      case "stream": try Stream(settings: settings).run()
      default: throw Violation("there is no run of the name \(words.first ?? "")")
      }
    } catch {
      report("failed: \(error)")
      exit(1)
    }
  }
}

/// A line of the run's report, at once: a pipe would hold print's back.
func report(_ words: String) { FileHandle.standardOutput.write(Data("\(words)\n".utf8)) }
