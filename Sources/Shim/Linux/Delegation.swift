// SPDX-License-Identifier: Apache-2.0

package import struct SystemPackage.Errno

/// Which controllers reach a group of version 2: those that every group above it passes on, by its
/// `cgroup.subtree_control` (cgroups(7)). The group's own file is for who makes groups below it.
package struct Delegation: Equatable, Sendable {
  /// From the root of the hierarchy down to the parent of the group.
  package let folders: [String]

  /// - Parameters:
  ///   - root: where the hierarchy is mounted.
  ///   - group: a folder below it.
  package init(from root: String, to group: String) {
    var folders = [root]
    for name in group.dropFirst(root.count).split(separator: "/").dropLast() {
      folders.append("\(folders[folders.count - 1])/\(name)")
    }
    self.folders = folders
  }

  package init(_ folders: [String]) { self.folders = folders }

  /// Whether all that the root has is passed on already. It only reads.
  package var isComplete: Bool {
    let all = all
    return folders.allSatisfy { missing(all, in: $0).isEmpty }
  }

  /// Passes on all that the root has. May block: the kernel makes each controller's part of every
  /// group beside ours, and waits until no process is being born.
  ///
  /// What is passed on already is not written: without the right to write it that would fail.
  ///
  /// - Returns: the last folder that did not take all of it, and why.
  package func complete() -> (folder: String, error: Errno)? {
    var failure: (String, Errno)?
    let all = all
    for folder in folders {
      let missing = missing(all, in: folder)
      do throws(Errno) {
        if !missing.isEmpty { try enable(missing, in: folder) }
      } catch {
        failure = (folder, error)
      }
    }
    return failure
  }

  /// All at once or, since the kernel takes all or none, one by one.
  private func enable(_ controllers: [Substring], in folder: String) throws(Errno) {
    do throws(Errno) {
      return try write(controllers, in: folder)
    } catch {
      for controller in controllers { try? write([controller], in: folder) }
      throw error
    }
  }

  private func write(_ controllers: [Substring], in folder: String) throws(Errno) {
    try ProcFile.write(
      at: "\(folder)/cgroup.subtree_control",
      controllers.map { "+\($0)" }.joined(separator: " "))
  }

  private var all: [Substring] { words("\(folders[0])/cgroup.controllers") }

  private func missing(_ all: [Substring], in folder: String) -> [Substring] {
    let passedOn = words("\(folder)/cgroup.subtree_control")
    return all.filter { !passedOn.contains($0) }
  }

  private func words(_ file: String) -> [Substring] {
    (ProcFile.read(at: file) ?? "").split { $0.isWhitespace }
  }
}
