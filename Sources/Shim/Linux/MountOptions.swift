// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The options of a mount as containerd sends them: words of fstab, flags and data mixed
/// (core/mount/mount_linux.go).
package struct MountOptions: Equatable, Sendable {
  /// MS_* of mount(2).
  package private(set) var flags: UInt = 0
  /// What the filesystem reads, without commas between.
  package private(set) var data: [String] = []
  /// The source is a file, to be mounted through a loop device.
  package private(set) var isLoop = false
  /// `inside:outside:count`, several with commas between; empty without.
  package private(set) var uidMap = ""
  package private(set) var gidMap = ""

  package enum Failure: Error, Equatable {
    /// `X-containerd.*` is for containerd, which should not have sent it.
    case containerds(String)
    /// More than a page, which is what the kernel reads.
    case tooLong
    case noMap(String)
  }

  private static let sets: [String: Int] = [
    "bind": MS_BIND, "rbind": MS_BIND | MS_REC, "dirsync": MS_DIRSYNC, "mand": MS_MANDLOCK,
    "noatime": MS_NOATIME, "nodev": MS_NODEV, "nodiratime": MS_NODIRATIME, "noexec": MS_NOEXEC,
    "nosuid": MS_NOSUID, "relatime": MS_RELATIME, "remount": MS_REMOUNT, "ro": MS_RDONLY,
    "strictatime": MS_STRICTATIME, "sync": MS_SYNCHRONOUS,
  ].mapValues { Int($0) }
  private static let clears: [String: Int] = [
    "async": MS_SYNCHRONOUS, "atime": MS_NOATIME, "dev": MS_NODEV, "diratime": MS_NODIRATIME,
    "exec": MS_NOEXEC, "nomand": MS_MANDLOCK, "norelatime": MS_RELATIME,
    "nostrictatime": MS_STRICTATIME, "rw": MS_RDONLY, "suid": MS_NOSUID,
  ].mapValues { Int($0) }

  /// The kernel reads one page of data, with its NUL.
  package static let dataLimit = 4096

  /// In order: of two that contradict each other the last one counts.
  package init(_ words: [String]) throws(Failure) {
    for word in words {
      if let flag = Self.sets[word] {
        flags |= UInt(flag)
      } else if let flag = Self.clears[word] {
        flags &= ~UInt(flag)
      } else if word == "loop" {
        isLoop = true
      } else if word.hasPrefix("uidmap=") {
        uidMap = String(word.dropFirst(7))
      } else if word.hasPrefix("gidmap=") {
        gidMap = String(word.dropFirst(7))
      } else if word.hasPrefix("X-containerd.") {
        throw .containerds(word)
      } else {
        data.append(word)
      }
    }
    for map in [uidMap, gidMap] where !map.isEmpty { _ = try Self.lines(map) }
    guard uidMap.isEmpty == gidMap.isEmpty else { throw .noMap("uidmap or gidmap alone") }
  }

  package var isBind: Bool { flags & UInt(MS_BIND) != 0 }
  package var isRecursive: Bool { flags & UInt(MS_REC) != 0 }
  package var isReadOnly: Bool { flags & UInt(MS_RDONLY) != 0 }
  package var isMapped: Bool { !uidMap.isEmpty }
  /// What a bind mount ignores when it is made, and takes when it is mounted again.
  package var remountFlags: UInt { flags & ~UInt(MS_BIND | MS_REC | MS_REMOUNT) }

  /// The lines of uid_map (user_namespaces(7)).
  package static func lines(_ map: String) throws(Failure) -> String {
    var lines = ""
    for range in map.split(separator: ",", omittingEmptySubsequences: false) {
      let numbers = range.split(separator: ":", omittingEmptySubsequences: false)
      guard numbers.count == 3, numbers.allSatisfy({ UInt32($0) != nil }) else { throw .noMap(map) }
      lines += numbers.joined(separator: " ") + "\n"
    }
    return lines
  }

  /// The data in one string.
  package static func join(_ data: [String]) throws(Failure) -> String {
    let text = data.joined(separator: ",")
    guard text.utf8.count < dataLimit else { throw .tooLong }
    return text
  }
}

extension MountOptions.Failure {
  package var words: String {
    switch self {
    case .containerds(let word): "\(word) is an option for containerd"
    case .tooLong: "mount options is too long"
    case .noMap(let map): "\(map) is no map of ids"
    }
  }
}
