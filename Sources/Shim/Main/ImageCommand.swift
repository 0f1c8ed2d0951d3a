// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// Looks at a checkpoint before the runtime reads it:
///
///     check-image FOLDER
///
/// CRIU opens the files of an image by their names, as root, and follows links: one that is called
/// pages-1.img may lead to any file of the host, which would become the container's memory. So
/// anything but a regular file is refused. A child of the daemon, because a disk may block.
enum ImageCommand {
  static func check(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1, arguments[0].hasPrefix("/") else { return 2 }
    let path = arguments[0]
    do throws(Errno) {
      let folder = try Directory(path: path)
      for name in try folder.names() where try !folder.isRegular(name) {
        return fail("\(path): \(name) is no regular file")
      }
      return 0
    } catch {
      return fail("\(path): \(error)")
    }
  }

  private static func fail(_ words: String) -> Int32 {
    StandardStreams.writeErrorLine("checkpoint \(words)")
    return 1
  }
}
