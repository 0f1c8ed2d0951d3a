// SPDX-License-Identifier: Apache-2.0

internal import Linux

package import struct SystemPackage.Errno

/// A container's folder under containerd's state directory, held open.
package final class Bundle {
  package let path: String
  private let directory: Directory

  /// A config.json larger than this is not containerd's (bytes).
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

  package func remove(_ name: String) throws(Errno) { try directory.remove(name) }

  package func isSame(as path: String) -> Bool { directory.isSame(as: path) }

  /// The annotations of config.json.
  package func annotations() throws(BundleError) -> [String: String] {
    let text: [UInt8]
    do throws(Errno) {
      text = try directory.read("config.json", limit: Self.specLimit)
    } catch {
      throw .unreadable(error)
    }
    return try JSONDocument(text).annotations
  }
}

/// Why a bundle says nothing.
package enum BundleError: Error, Equatable {
  case unreadable(Errno)
  /// config.json is no JSON: the parser's words.
  case malformed(String)
}

extension BundleError {
  package var words: String {
    switch self {
    case .unreadable(let error): "config.json: \(error)"
    case .malformed(let words): words
    }
  }
}
