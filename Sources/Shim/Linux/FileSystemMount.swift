// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A file system to be mounted, as containerd describes it.
package struct FileSystemMount: Equatable, Sendable {
  package let type: String
  package let source: String
  /// Below the root of the container; empty for the root itself.
  package let target: String
  package let options: [String]

  package init(type: String, source: String, target: String, options: [String]) {
    self.type = type
    self.source = source
    self.target = target
    self.options = options
  }

  /// Why it is not mounted.
  package enum Failure: Error, Equatable {
    case unsupported(String)
    case tooLong
    case outside(String)
    case refused(Errno)
  }

  /// Mounts it (blocks, and may change the working directory: for short-lived commands).
  package func mount(on root: String) throws(Failure) {
    let options = try parsedOptions()
    guard !target.split(separator: "/").contains("..") else { throw .outside(target) }
    let path = target.isEmpty ? root : "\(root)/\(target)"
    var data = options.data.joined(separator: ",")
    do throws(Errno) {
      if data.utf8.count >= MountOptions.pageSize - 512, let shorter = options.fromCommonFolder() {
        try valueOrErrno { unsafe chdir(shorter.folder) }
        data = shorter.data.joined(separator: ",")
      }
      guard data.utf8.count < MountOptions.pageSize else { throw .argListTooLong }
      try check(unsafe clinux_mount(source, path, type, options.flags.rawValue, data))
      // A bind takes no other flags: they need a second call (mount(2)).
      if options.flags.contains(.bind), options.flags.contains(.readOnly) {
        let again = options.flags.union(.remount)
        try check(unsafe clinux_mount(source, path, type, again.rawValue, data))
      }
    } catch .argListTooLong {
      throw .tooLong
    } catch {
      throw .refused(error)
    }
  }

  private func parsedOptions() throws(Failure) -> MountOptions {
    do throws(MountOptions.Failure) {
      return try MountOptions(options)
    } catch .unsupported(let word) {
      throw .unsupported(word)
    } catch {
      throw .tooLong
    }
  }
}

extension FileSystemMount {
  /// As words of a command line: type, source, target, the number of options, the options.
  package var words: [String] { [type, source, target, String(options.count)] + options }

  /// All mounts of a command line; nil when it is broken.
  package static func parse(_ words: [String]) -> [FileSystemMount]? {
    var rest = words[...]
    var mounts: [FileSystemMount] = []
    while let type = rest.popFirst() {
      guard let source = rest.popFirst(), let target = rest.popFirst(),
        let count = rest.popFirst().flatMap({ Int($0) }), count >= 0, count <= rest.count
      else { return nil }
      mounts.append(
        FileSystemMount(
          type: type, source: source, target: target, options: Array(rest.prefix(count))))
      rest = rest.dropFirst(count)
    }
    return mounts
  }
}

extension FileSystemMount.Failure {
  package var words: String {
    switch self {
    case .unsupported(let option): "the option \(option) is not built yet"
    case .tooLong: "mount options is too long"
    case .outside(let target): "\(target) leads out of the container"
    case .refused(let error): "\(error)"
    }
  }
}
