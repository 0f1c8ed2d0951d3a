// SPDX-License-Identifier: Apache-2.0

/// Names of containers and namespaces: letters and digits, joined by single `.`, `_` or `-`, at most
/// 76 bytes. containerd's own rule (pkg/identifiers); it keeps `..`, `/` and NUL out of file names.
package enum Identifier {
  package static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 76 else { return false }
    var afterSeparator = true
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        afterSeparator = false
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        if afterSeparator { return false }
        afterSeparator = true
      default: return false
      }
    }
    return !afterSeparator
  }
}
