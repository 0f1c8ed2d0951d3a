// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

package import struct SystemPackage.Errno

/// A container's folder under containerd's state directory, held open.
package final class Bundle {
  package let path: String
  private let directory: Directory

  /// A larger config.json is not containerd's (bytes).
  private static let specLimit = 16 * 1024 * 1024

  /// - Throws: `ENOENT`, `ENOTDIR`.
  package init(path: String) throws(Errno) {
    self.path = path
    directory = try Directory(path: path)
  }

  package func read(_ name: String) throws(Errno) -> String {
    String(decoding: try directory.read(name, limit: 64 * 1024), as: UTF8.self)
  }

  package func write(_ name: String, _ content: String) throws(Errno) {
    try directory.write(name, content)
  }

  /// - Parameter limit: beyond this size it begins anew (bytes).
  func append(_ name: String, _ text: String, limit: Int) throws(Errno) {
    try directory.append(name, text, limit: limit)
  }

  package func remove(_ name: String) throws(Errno) { try directory.remove(name) }

  func rename(_ name: String, to other: String) throws(Errno) {
    try directory.rename(name, to: other)
  }

  func removeFolder(_ name: String) throws(Errno) { try directory.removeFolder(name) }

  /// Its path without links, as in the table of mounts.
  package var realPath: String? { directory.realPath }

  package var isRemoved: Bool { directory.isRemoved }

  package func isSame(as path: String) -> Bool { directory.isSame(as: path) }

  /// The annotations of config.json.
  ///
  /// - Parameter keys: if none of these is in the file it is not parsed, which takes longer, and the answer
  ///   is empty.
  package func annotations(ifAnyOf keys: [String]? = nil) throws(BundleError) -> [String: String] {
    let text = try text("config.json")
    // JSON may write a letter as \u and its code.
    if let keys, !(keys + ["\\u"]).contains(where: { text.includes($0) }) { return [:] }
    return try JSONDocument(text, of: "config.json").annotations
  }

  /// Which namespaces of its own config.json asks for.
  package func ownNamespaces() throws(BundleError) -> (pids: Bool, mounts: Bool) {
    let spec = try document("config.json")
    return (spec.hasOwnNamespace("pid"), spec.hasOwnNamespace("mount"))
  }

  /// `linux.cgroupsPath` of config.json; empty when it names no control group.
  func groupPath() throws(BundleError) -> String {
    try document("config.json").string("linux", "cgroupsPath") ?? ""
  }

  /// A member of an object in a file.
  func string(_ key: String, of name: String) throws(BundleError) -> String? {
    try document(name).string(key)
  }

  private func document(_ name: String) throws(BundleError) -> JSONDocument {
    try JSONDocument(try text(name), of: name)
  }

  private func text(_ name: String) throws(BundleError) -> [UInt8] {
    do throws(Errno) {
      return try directory.read(name, limit: Self.specLimit)
    } catch {
      throw .unreadable(name, error)
    }
  }
}

extension [UInt8] {
  fileprivate func includes(_ words: String) -> Bool {
    // What comes after a NUL is no JSON.
    unsafe (self + [0]).withUnsafeBytes { text in
      guard let text = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self) else {
        return false
      }
      return unsafe strstr(text, words) != nil
    }
  }
}

/// Why a bundle says nothing.
package enum BundleError: Error, Equatable {
  case unreadable(_ name: String, Errno)
  case unwritable(_ name: String, Errno)
  /// A file is no JSON: its name and the parser's words.
  case malformed(String)
  /// A file that another version of this program has written.
  case unknownVersion(_ name: String, String)
}

extension BundleError {
  package var words: String {
    switch self {
    case .unreadable(let name, let error), .unwritable(let name, let error): "\(name): \(error)"
    case .malformed(let words): words
    case .unknownVersion(let name, let version): "\(name) has the unknown version \(version)"
    }
  }
}
