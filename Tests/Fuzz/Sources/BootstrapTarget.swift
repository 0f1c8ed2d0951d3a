// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Runtime
import SwiftProtobuf
import TaskService

/// The standard input of `start` for a container `a` in the namespace `n`, and the options in it.
enum BootstrapTarget {
  @Sendable static func run(_ input: [UInt8]) {
    guard let bootstrap = try? Bootstrap(parsing: input, id: "a", namespace: "n") else { return }
    if let any = bootstrap.options, any.messageName.hasSuffix("runtimeoptions.v1.Options"),
      let options = try? CRIOptions(serializedBytes: any.value), !options.configPath.isEmpty
    {
      return  // a file of this machine
    }
    var warnings: [String] = []
    guard let options = try? RuntimeOptions(decoding: bootstrap.options, warnings: &warnings) else {
      return
    }
    Fuzz.require(!options.holdsNUL, "a NUL gets through")
    Fuzz.require(!options.binaryName.isEmpty && !options.root.isEmpty, "an empty name gets through")
    Fuzz.plant(options.noPivotRoot && bootstrap.debug && !options.systemdCgroup)
  }
}
