// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import Linux

internal import struct SystemPackage.Errno

/// What is there when a runtime begins to make a container: a file in the bundle, by which `delete` later
/// tells what this Create has made from what others have, and knows the shim. Lines:
///
///     1 PID START BOOT      the format's version, and the shim (`ProcessIdentity`)
///     TICKS PARENT STATE    when it was (`BootClock`), the shim's parent, `new` or `old`
///     FOLDER                of a control group: see `newGroups`
package struct CreateRecord: Equatable {
  private static let name = "create.record"
  private static let ended = "create.ended"
  private static let version = "1"

  package let shim: ProcessIdentity
  let began: UInt64
  /// To it the kernel gives what the shim leaves when it dies: like the shim itself, an orphan's child.
  let parent: Int32
  /// The runtime had a container of the same name before: another Create's.
  let foundState: Bool
  /// The folders in which the runtime may make the container's group. None of them was there, so who is
  /// in them has come since. Empty when one was: then others may use the group.
  let newGroups: [String]

  init(
    shim: ProcessIdentity, began: UInt64, parent: Int32, foundState: Bool, newGroups: [String]
  ) {
    self.shim = shim
    self.began = began
    self.parent = parent
    self.foundState = foundState
    self.newGroups = newGroups
  }

  /// Of now, and of this process.
  init(_ shim: ProcessIdentity, foundState: Bool = false, groups: [String] = []) {
    let isNew = !groups.contains(where: ProcFile.exists(at:))
    self.init(
      shim: shim, began: BootClock.ticks, parent: getppid(), foundState: foundState,
      newGroups: isNew ? groups : [])
  }

  // -- The file ------------------------------------------------------------------------------------

  var text: String {
    let lines =
      ["\(Self.version) \(shim.text)", "\(began) \(parent) \(foundState ? "old" : "new")"]
    return (lines + newGroups).joined(separator: "\n")
  }

  init?(_ text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count >= 2, lines[0].hasPrefix("\(Self.version) "),
      let shim = ProcessIdentity(String(lines[0].dropFirst(Self.version.count + 1)))
    else { return nil }
    let words = lines[1].split(separator: " ")
    guard words.count == 3, let began = UInt64(words[0]), let parent = Int32(words[1]) else {
      return nil
    }
    self.init(
      shim: shim, began: began, parent: parent, foundState: words[2] != "new",
      newGroups: lines.dropFirst(2).map(String.init))
  }

  func write(to bundle: Bundle) throws(Errno) { try bundle.write(Self.name, text) }

  package static func read(from bundle: Bundle) -> CreateRecord? {
    (try? bundle.read(name)).flatMap { CreateRecord($0) }
      ?? (try? bundle.read(ended)).flatMap { CreateRecord($0) }
  }

  /// The container is deleted, and nobody has to be told.
  package static func remove(from bundle: Bundle) { try? bundle.remove(name) }

  // -- Strays --------------------------------------------------------------------------------------

  /// Who is in the group that this Create has made.
  var members: [Int32] { ControlGroup.pids(below: newGroups) }

  /// Whether a member of the group is what a runtime of the shim has left, now that both are gone: born
  /// since, and with no living ancestor but those that have adopted it. Whoever joins the group from
  /// elsewhere has a parent there.
  ///
  /// - Parameters:
  ///   - members: the group's.
  ///   - stat: /proc/PID/stat of a process.
  /// - Returns: nil for one that is gone.
  func isStray(
    _ pid: Int32, among members: [Int32],
    stat: (Int32) -> String? = { ProcFile.read("\($0)/stat") }
  ) -> Bool? {
    var next = pid
    // A chain of parents has no end only while it changes.
    for _ in 0..<1000 {
      guard let text = stat(next), let start = ProcessIdentity.startTime(text),
        let above = ProcessTree.parent(in: text)
      else { return next == pid ? nil : false }
      guard start >= began else { return false }
      if members.contains(above) {
        next = above
        continue
      }
      // The same one as then: it has been there all the time.
      guard above == parent, let reaper = stat(above).flatMap(ProcessIdentity.startTime) else {
        return false
      }
      return reaper <= began
    }
    return false
  }
}

extension CreateRecord {
  /// Tells the shim, if it lives, that containerd has given this container up: it looks at what it has. The
  /// file takes another name for it, which needs neither room nor an inode.
  package func tellShim(from bundle: Bundle) {
    guard let pidfd = try? shim.open(), (try? bundle.rename(Self.name, to: Self.ended)) != nil
    else {
      return
    }
    try? pidfd.signalProcess(Self.signal)
  }

  /// What `tellShim` sends. Whoever else sends it does no harm.
  package static let signal = SIGUSR2

  /// For the shim: whether `delete` has run for the container of a bundle, or the bundle is gone.
  package static func isGivenUp(_ bundle: Bundle) -> Bool {
    bundle.isRemoved || (try? bundle.read(ended)) != nil
  }
}
