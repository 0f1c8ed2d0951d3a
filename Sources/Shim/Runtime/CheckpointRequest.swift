// SPDX-License-Identifier: Apache-2.0

/// What Checkpoint asks for; the names are those of the runtime's flags.
package struct CheckpointRequest: Equatable, Sendable {
  /// The folder that gets the image.
  package var imagePath = ""
  /// Where CRIU writes its log; empty: a folder of the bundle, for this one run.
  package var workPath = ""
  /// An earlier image, of which this one holds the difference.
  package var parentPath = ""
  /// Ends the container afterwards.
  package var exits = false
  package var openTCP = false
  package var externalUnixSockets = false
  package var shellJob = false
  package var fileLocks = false
  package var emptyNamespaces: [String] = []

  package init() {}

  /// They become arguments, which end at a NUL.
  package var holdsNUL: Bool {
    ([imagePath, workPath, parentPath] + emptyNamespaces).contains { $0.contains("\0") }
  }

  func flags(workPath: String) -> [String] {
    var flags = ["--image-path", imagePath, "--work-path", workPath]
    if !parentPath.isEmpty { flags += ["--parent-path", parentPath] }
    if openTCP { flags.append("--tcp-established") }
    if externalUnixSockets { flags.append("--ext-unix-sk") }
    if shellJob { flags.append("--shell-job") }
    if fileLocks { flags.append("--file-locks") }
    for namespace in emptyNamespaces { flags += ["--empty-ns", namespace] }
    if !exits { flags.append("--leave-running") }
    return flags
  }
}
