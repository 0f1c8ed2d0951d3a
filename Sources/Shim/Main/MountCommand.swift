// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// What may block on a disk or a server, and so is a child of the daemon:
///
///     mount ROOTFS { TYPE SOURCE TARGET COUNT OPTION... }...
///     unmount ROOTFS
///
/// A failure is one line on standard error and exit code 1; a wrong command line gives 2.
enum MountCommand {
  /// Makes the mounts in order, or none of them.
  static func mount(_ arguments: [String]) -> Int32 {
    guard let root = root(arguments), let mounts = parse(arguments.dropFirst()) else { return 2 }
    do throws(Errno) {
      try Directory.createPassable(root)
    } catch {
      return fail("failed to mount rootfs component: mkdir \(root): \(error)")
    }
    let before = Mounts.isBare(root) ? 0 : Mounts.below(realPath(root)).count
    for mount in mounts {
      do throws(Mount.Failure) {
        try mount.attach(to: root)
      } catch {
        // The newest first; what was there before us stays.
        let all = Mounts.below(realPath(root))
        for point in all.prefix(max(0, all.count - before)) { try? Mounts.detach(point) }
        return fail("failed to mount rootfs component: \(error.words)")
      }
    }
    return 0
  }

  static func unmount(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1, let root = root(arguments) else { return 2 }
    do throws(Errno) {
      try Mounts.unmountAll(at: realPath(root))
    } catch {
      return fail("failed rootfs umount: \(root): \(error)")
    }
    return 0
  }

  /// Absolute, and not the machine's own.
  private static func root(_ arguments: [String]) -> String? {
    guard let path = arguments.first, path.hasPrefix("/"), path.contains(where: { $0 != "/" })
    else { return nil }
    return path
  }

  /// As in the table of mounts.
  private static func realPath(_ path: String) -> String {
    (try? Directory(path: path))?.realPath ?? path
  }

  static func parse(_ words: ArraySlice<String>) -> [Mount]? {
    var words = words
    var mounts: [Mount] = []
    while !words.isEmpty {
      guard words.count >= 4 else { return nil }
      let head = Array(words.prefix(3))
      words = words.dropFirst(3)
      guard let count = words.popFirst().flatMap({ Int($0) }), 0...words.count ~= count
      else { return nil }
      let options = Array(words.prefix(count))
      words = words.dropFirst(count)
      mounts.append(Mount(type: head[0], source: head[1], target: head[2], options: options))
    }
    return mounts
  }

  private static func fail(_ words: String) -> Int32 {
    StandardStreams.writeErrorLine(words)
    return 1
  }
}
