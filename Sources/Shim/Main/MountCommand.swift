// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// What the daemon runs of itself to mount and unmount a container's root: either may hang, on a
/// network for example, and in a child it holds up nobody.
enum MountCommand {
  /// `mount ROOTFS MOUNT…`: all, in their order, or none.
  static func mount(_ arguments: [String]) -> Int32 {
    guard let root = arguments.first,
      let mounts = FileSystemMount.parse(Array(arguments.dropFirst()))
    else {
      return 2
    }
    // What is there already is fine: a folder of containerd's.
    _ = unsafe mkdir(root, 0o711)
    for mount in mounts {
      do throws(FileSystemMount.Failure) {
        try mount.mount(on: root)
      } catch {
        detach(root)
        StandardStreams.writeError(
          "failed to mount rootfs component: \(mount.type) \(mount.source): \(error.words)")
        return 1
      }
    }
    return 0
  }

  /// `unmount ROOTFS`: everything at the path and below.
  static func unmount(_ arguments: [String]) -> Int32 {
    guard let root = arguments.first else { return 2 }
    detach(root)
    return Mounts.below(root).isEmpty ? 0 : 1
  }

  /// Lazily: a process that still uses a mount keeps it, and nobody finds it any more.
  private static func detach(_ root: String) {
    for path in Mounts.below(root) {
      do throws(Errno) {
        try Mounts.detach(path)
      } catch {
        StandardStreams.writeError("failed rootfs umount: \(path): \(error)\n")
      }
    }
  }
}
