// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

/// The shim was killed while the runtime made the container, and the runtime with it: its stages work on
/// until they miss it, in a bundle that containerd is about to remove (see `OCIProgram.endStrays`).
extension OCICleanup {
  /// They miss the runtime within this time, if we cannot end them (milliseconds).
  private static let patience: Int32 = 1000

  /// Ends all in the group that this Create has made, unless somebody else has come to use it.
  mutating func endStrays(_ record: CreateRecord) {
    // Again: the children of those that have ended.
    for _ in 0..<10 {
      let members = record.members
      let strays = members.filter { record.isStray($0, among: members) == true }
      let isShared = members.contains { record.isStray($0, among: members) == false }
      if strays.isEmpty && !isShared { return }
      for pid in strays {
        // Who has its pid by now is no such process of the group.
        guard let pidfd = try? Descriptor.process(pid), case let members = record.members,
          members.contains(pid), record.isStray(pid, among: members) == true
        else { continue }
        if !isShared { try? pidfd.signalProcess(SIGKILL) }
        pidfd.waitForProcess(milliseconds: isShared ? Self.patience : Self.limit)
      }
      if isShared { break }
    }
    let left = record.members
    if left.isEmpty { return }
    warnings.append(
      "processes \(left) in the control group \(record.newGroups[0]) are not known to be this container's"
    )
  }
}
