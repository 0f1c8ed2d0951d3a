// SPDX-License-Identifier: Apache-2.0

/// The data of an overlay of many layers, made to fit into the page that the kernel reads: the layers
/// are named from the folder that they have in common, in which the mount is then made. An image of
/// twenty layers needs it. (fsconfig would take one layer at a time, but only since Linux 6.5.)
package struct OverlayLayers: Equatable, Sendable {
  /// Where to mount; nil when nothing needed to be shortened.
  package let folder: String?
  package let data: [String]

  package init(_ data: [String]) {
    let limit = MountOptions.dataLimit - 512  // containerd's own, too
    let key = "lowerdir="
    guard data.reduce(0, { $0 + $1.utf8.count + 1 }) >= limit,
      let index = data.firstIndex(where: { $0.hasPrefix(key) }),
      // A colon after a backslash is part of a name: not containerd's, and left as it is.
      case let value = data[index].dropFirst(key.count), !value.contains("\\"),
      case let layers = value.split(separator: ":").map(String.init), layers.count > 1,
      let folder = Self.commonFolder(layers)
    else {
      self.folder = nil
      self.data = data
      return
    }
    var data = data
    // "/" is its own end.
    let prefix = folder == "/" ? 1 : folder.utf8.count + 1
    data[index] =
      key + layers.map { String($0.utf8.dropFirst(prefix)) ?? "" }.joined(separator: ":")
    self.folder = folder
    self.data = data
  }

  /// The deepest folder above all of them, if they are absolute.
  static func commonFolder(_ paths: [String]) -> String? {
    guard let first = paths.first, paths.allSatisfy({ $0.hasPrefix("/") }) else { return nil }
    func words(_ path: String) -> [Substring] { path.split(separator: "/").dropLast() }
    // A double slash would make the names' beginnings differ from what is counted off.
    guard !paths.contains(where: { $0.contains("//") || $0.hasSuffix("/") }) else { return nil }
    var common = words(first)
    for path in paths.dropFirst() {
      common = zip(common, words(path)).prefix { $0 == $1 }.map { $0.0 }
    }
    return "/" + common.joined(separator: "/")
  }
}
