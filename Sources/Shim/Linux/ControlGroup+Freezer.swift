// SPDX-License-Identifier: Apache-2.0

internal import struct SystemPackage.Errno

/// Frozen groups. Version 1 holds SIGKILL back until the thaw. Version 2 does not, but an OCI runtime takes a
/// frozen group, even an empty one, for a paused container, and deletes none.
///
/// Anybody may freeze or thaw a group: the kernel is asked each time.
extension ControlGroup {
  /// Whether it is frozen for its own sake, or about to be; nil when the kernel does not say.
  package var isFrozen: Bool? { freezer.flatMap { isFrozen(RawPath($0)) } }

  /// Whether it would stay frozen after `thaw`, for a group above is frozen.
  package var isFrozenAbove: Bool {
    guard let folder = freezer else { return false }
    let path = RawPath(folder)
    if !isUnified { return isOne(path / "freezer.parent_freezing") == true }
    // Whether it stands still, whatever for.
    let events = ProcFile.read(at: "\(folder)/cgroup.events") ?? ""
    return isFrozen(path) != true && events.split(separator: "\n").contains("frozen 1")
  }

  /// Whether it is frozen, or something below.
  package var holdsFrozen: Bool { !frozenFolders.isEmpty }

  /// Thaws it, and what is frozen below. A write does not wait for the processes.
  package func thaw() { for folder in frozenFolders { write(frozen: false, to: folder) } }

  /// Nothing in version 2, which has a better way to end all (`killAll`).
  package func freeze() {
    if !isUnified, let folder = freezer { write(frozen: true, to: RawPath(folder)) }
  }

  private var frozenFolders: [RawPath] {
    (freezer.map(Self.folders(below:)) ?? []).filter { isFrozen($0) == true }
  }

  private func write(frozen: Bool, to folder: RawPath) {
    try? isUnified
      ? ProcFile.write(at: folder / "cgroup.freeze", frozen ? "1" : "0")
      : ProcFile.write(at: folder / "freezer.state", frozen ? "FROZEN" : "THAWED")
  }

  private var freezer: String? { folder("freezer") }

  private func isFrozen(_ folder: RawPath) -> Bool? {
    isOne(folder / (isUnified ? "cgroup.freeze" : "freezer.self_freezing"))
  }

  private func isOne(_ file: RawPath) -> Bool? { ProcFile.read(at: file)?.hasPrefix("1") }
}
