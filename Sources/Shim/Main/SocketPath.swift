// SPDX-License-Identifier: Apache-2.0

internal import CLibmd
internal import Linux
internal import Runtime

/// Where the shims of a group listen: `DIRECTORY/sha256(ADDRESS/NAMESPACE/GROUP)`, as containerd's
/// own shims do, so that either finds the other's.
struct SocketPath {
  /// Compiled into containerd up to 2.2; from 2.3 on it sends one.
  static let usualDirectory = "/run/containerd/s"

  let directory: String
  let path: String
  var address: String { "unix://\(path)" }

  init(directory: String, address: String, namespace: String, group: String) {
    self.directory = directory.isEmpty ? Self.usualDirectory : directory
    path = "\(self.directory)/\(Self.sha256(Self.join([address, namespace, group])))"
  }

  static let groupKeys = ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"]

  /// The group: the first of these annotations, else the container itself.
  static func group(of id: String, _ annotations: [String: String]) -> String {
    for key in groupKeys {
      if let group = annotations[key] { return group }
    }
    return id
  }

  /// Go's filepath.Join for what stands in an address, a namespace and an id: empty parts are left
  /// out, double slashes and `.` fold, `..` takes back.
  ///
  /// Byte by byte: `split` and `joined` look up types at run time, which was half of all that `start`
  /// did itself.
  static func join(_ parts: [String]) -> String {
    let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
    var text: [UInt8] = []
    for part in parts where !part.isEmpty {
      if !text.isEmpty { text.append(slash) }
      text.append(contentsOf: part.utf8)
    }
    let isAbsolute = text.first == slash
    /// Names, each after a slash, and where they begin.
    var path: [UInt8] = []
    var names: [Int] = []
    var begin = 0
    while begin < text.count {
      var end = begin
      while end < text.count, text[end] != slash { end += 1 }
      let name = text[begin..<end]
      let dots = name.allSatisfy { $0 == dot } ? name.count : 0
      begin = end + 1
      if name.isEmpty || dots == 1 { continue }
      if dots == 2, let last = names.last, path[last...] != [slash, dot, dot] {
        path.removeSubrange(last...)
        names.removeLast()
      } else if dots != 2 || !isAbsolute {
        names.append(path.count)
        path.append(slash)
        path.append(contentsOf: name)
      }
    }
    if !isAbsolute { return String(decoding: path.dropFirst(), as: UTF8.self) }
    return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
  }

  /// In lower-case hexadecimal.
  static func sha256(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [CChar](repeating: 0, count: 64 + 1)  // with its NUL
    _ = unsafe bytes.withUnsafeBufferPointer {
      unsafe SHA256Data($0.baseAddress, $0.count, &digest)
    }
    return String(decoding: digest.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
