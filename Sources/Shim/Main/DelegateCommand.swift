// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// `delegate FOLDER...`: passes the controllers of the first control group, the root, on in all of
/// them. A child of the daemon, for the kernel may take its time. A failure is one line on standard
/// error and exit code 1.
enum DelegateCommand {
  static func run(_ folders: [String]) -> Int32 {
    guard !folders.isEmpty, folders.allSatisfy({ $0.hasPrefix("/") }) else { return 2 }
    guard let failure = Delegation(folders).complete() else { return 0 }
    StandardStreams.writeErrorLine("\(failure.folder)/cgroup.subtree_control: \(failure.error)")
    return 1
  }
}
