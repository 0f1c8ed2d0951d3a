// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Programs by their names.
package enum Executable {
  /// Where a program may be: a path is taken as it is, a name is looked up in PATH.
  static func candidates(_ name: String) -> [String] {
    if name.contains("/") { return [name] }
    let folders = CurrentProcess.environmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    // An empty entry would mean the working directory, which is a container's bundle.
    return folders.split(separator: ":").map { "\($0)/\(name)" }
  }

  /// The first of these that is there (may block on a disk: for commands).
  package static func find(_ name: String) -> String? {
    if name.contains("/") { return name }
    return candidates(name).first { unsafe access($0, X_OK) == 0 }
  }
}
