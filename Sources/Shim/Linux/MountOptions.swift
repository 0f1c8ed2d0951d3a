// SPDX-License-Identifier: Apache-2.0

/// The words of a mount's options, as containerd takes them (core/mount/mount_linux.go): flags of
/// mount(2), and what is left as data for the file system.
struct MountOptions: Equatable {
  enum Failure: Error, Equatable {
    /// Not for us: containerd's own, or not built.
    case unsupported(String)
    /// The kernel takes one page.
    case tooLong
  }

  static let pageSize = 4096

  /// The numbers of mount(2), which are the kernel's interface and never change.
  struct Flags: OptionSet {
    let rawValue: UInt
    static let readOnly = Flags(rawValue: 1)
    static let noSetUserID = Flags(rawValue: 2)
    static let noDevices = Flags(rawValue: 4)
    static let noExecution = Flags(rawValue: 8)
    static let synchronous = Flags(rawValue: 16)
    static let remount = Flags(rawValue: 32)
    static let mandatoryLocks = Flags(rawValue: 64)
    static let directorySync = Flags(rawValue: 128)
    static let noAccessTime = Flags(rawValue: 1024)
    static let noDirectoryAccessTime = Flags(rawValue: 2048)
    static let bind = Flags(rawValue: 4096)
    static let recursive = Flags(rawValue: 16384)
    static let relativeAccessTime = Flags(rawValue: 1 << 21)
    static let strictAccessTime = Flags(rawValue: 1 << 24)
  }

  private static let set: [String: Flags] = [
    "bind": .bind, "dirsync": .directorySync, "mand": .mandatoryLocks, "noatime": .noAccessTime,
    "nodev": .noDevices, "nodiratime": .noDirectoryAccessTime, "noexec": .noExecution,
    "nosuid": .noSetUserID, "rbind": [.bind, .recursive], "relatime": .relativeAccessTime,
    "remount": .remount, "ro": .readOnly, "strictatime": .strictAccessTime, "sync": .synchronous,
  ]
  private static let cleared: [String: Flags] = [
    "async": .synchronous, "atime": .noAccessTime, "dev": .noDevices,
    "diratime": .noDirectoryAccessTime, "exec": .noExecution, "nomand": .mandatoryLocks,
    "norelatime": .relativeAccessTime, "nostrictatime": .strictAccessTime, "rw": .readOnly,
    "suid": .noSetUserID,
  ]

  private(set) var flags: Flags = []
  private(set) var data: [String] = []

  init(_ words: [String]) throws(Failure) {
    for word in words {
      if let flags = Self.set[word] {
        self.flags.formUnion(flags)
      } else if let flags = Self.cleared[word] {
        self.flags.subtract(flags)
      } else if word == "loop" || word.hasPrefix("uidmap=") || word.hasPrefix("gidmap=")
        || word.hasPrefix("X-containerd.")
      {
        throw .unsupported(word)
      } else {
        data.append(word)
      }
    }
  }

  /// The folder that all lower layers of an overlay lie in, and the data with their paths from there:
  /// a hundred absolute paths would not fit into a page. Nil for another file system.
  func fromCommonFolder() -> (folder: String, data: [String])? {
    let key = "lowerdir="
    guard let index = data.firstIndex(where: { $0.hasPrefix(key) }) else { return nil }
    let layers = data[index].dropFirst(key.count).split(separator: ":")
    guard let first = layers.first, layers.allSatisfy({ $0.hasPrefix("/") }) else { return nil }
    var folder = first[..<(first.lastIndex(of: "/") ?? first.startIndex)]
    while !layers.allSatisfy({ $0.hasPrefix("\(folder)/") }) {
      folder = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]
    }
    var data = data
    data[index] = key + layers.map { String($0.dropFirst(folder.count + 1)) }.joined(separator: ":")
    return (folder.isEmpty ? "/" : String(folder), data)
  }
}
