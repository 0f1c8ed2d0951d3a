// SPDX-License-Identifier: Apache-2.0

internal import CJansson

/// A parsed JSON text. The only user of jansson.
@safe struct JSONDocument: ~Copyable {
  private let root: UnsafeMutablePointer<json_t>

  init(_ text: [UInt8]) throws(BundleError) {
    var error = json_error_t()
    let parsed = unsafe text.withUnsafeBytes { bytes in
      unsafe json_loadb(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, 0, &error)
    }
    guard let parsed = unsafe parsed else {
      let words = unsafe withUnsafeBytes(of: &error.text) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw .malformed("config.json, line \(error.line): \(words)")
    }
    unsafe root = parsed
  }

  // What json_decref does; a macro in jansson's header, and nobody shares this reference.
  deinit { unsafe json_delete(root) }

  /// The spec's annotations whose value is a string.
  var annotations: [String: String] {
    var found: [String: String] = [:]
    guard let all = unsafe json_object_get(root, "annotations") else { return found }
    var iterator = unsafe json_object_iter(all)
    while let entry = unsafe iterator {
      if let key = unsafe json_object_iter_key(entry),
        let value = unsafe json_string_value(json_object_iter_value(entry))
      {
        found[unsafe String(cString: key)] = unsafe String(cString: value)
      }
      unsafe iterator = unsafe json_object_iter_next(all, entry)
    }
    return found
  }
}
