// SPDX-License-Identifier: Apache-2.0

internal import CJansson
internal import Linux

/// A parsed JSON text, one at a time on a thread. The only user of jansson.
@safe struct JSONDocument: ~Copyable {
  private let root: UnsafeMutablePointer<json_t>

  /// - Parameter name: the file's, for an error.
  /// - Parameter exact: refuses integers above 2^63, which a spec may hold (an unlimited rlimit is
  ///   2^64 - 1). They are read as reals otherwise, and could not be written again.
  /// - Parameter isBeginning: more may follow, which is not looked at.
  init(
    _ text: [UInt8], of name: String, exact: Bool = false, isBeginning: Bool = false
  ) throws(BundleError) {
    // The tree dies as a whole, and what comes after it finds the heap as it was.
    unsafe json_set_alloc_funcs({ unsafe Arena.allocate($0) }, { unsafe Arena.free($0) })
    var error = json_error_t()
    let numbers = exact ? 0 : JSON_DECODE_INT_AS_REAL
    let flags = size_t(numbers | (isBeginning ? JSON_DISABLE_EOF_CHECK : 0))
    let parsed = unsafe text.withUnsafeBytes { bytes in
      unsafe json_loadb(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error)
    }
    guard let parsed = unsafe parsed else {
      let words = unsafe withUnsafeBytes(of: &error.text) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      Arena.end()
      throw .malformed("\(name), line \(error.line): \(words)")
    }
    unsafe root = parsed
  }

  deinit { Arena.end() }

  /// The text of an object of strings.
  static func object(_ members: [(key: String, value: String)]) -> String {
    unsafe json_set_alloc_funcs({ unsafe Arena.allocate($0) }, { unsafe Arena.free($0) })
    defer { Arena.end() }
    let object = unsafe json_object()
    for (key, value) in members { unsafe json_object_set_new(object, key, json_string(value)) }
    // Fails for text that is no UTF-8, which a String cannot hold.
    guard let text = unsafe json_dumps(object, size_t(JSON_COMPACT)) else {
      preconditionFailure("no JSON")
    }
    return unsafe String(cString: text)
  }

  /// A member of the object that is a string.
  func string(_ key: String) -> String? {
    guard let value = unsafe json_string_value(json_object_get(root, key)) else { return nil }
    return unsafe String(cString: value)
  }

  /// A member of a member that is a string.
  func string(_ object: String, _ key: String) -> String? {
    let value = unsafe json_string_value(json_object_get(json_object_get(root, object), key))
    return unsafe value.map { unsafe String(cString: $0) }
  }

  /// A member of a member; nil when it is no whole number.
  func integer(_ object: String, _ key: String, default absent: Int) -> Int? {
    guard let value = unsafe json_object_get(json_object_get(root, object), key) else {
      return absent
    }
    // Read as a real, unless `exact`.
    let isNumber = unsafe [JSON_REAL, JSON_INTEGER].contains(value.pointee.type)
    return isNumber ? Int(exactly: unsafe json_number_value(value)) : nil
  }

  /// A member that is an array, of which the strings are taken.
  func strings(_ key: String) -> [String] {
    let all = unsafe json_object_get(root, key)
    return unsafe (0..<json_array_size(all)).compactMap { index in
      unsafe json_string_value(json_array_get(all, index)).map { unsafe String(cString: $0) }
    }
  }

  /// Whether a member is `true`.
  func isTrue(_ key: String) -> Bool { unsafe json_object_get(root, key) == json_true() }

  /// The text of the object with a member set.
  func setting(_ key: String, to value: Bool) throws(BundleError) -> [UInt8] {
    guard unsafe json_object_set_new(root, key, value ? json_true() : json_false()) == 0,
      let text = unsafe json_dumps(root, size_t(JSON_COMPACT))
    else { throw .malformed("not a JSON object") }
    return Array(unsafe String(cString: text).utf8)  // the arena frees it
  }

  /// `linux.namespaces` has an entry for pids, without the path of another one.
  var hasOwnPIDNamespace: Bool {
    let all = unsafe json_object_get(json_object_get(root, "linux"), "namespaces")
    return unsafe (0..<json_array_size(all)).contains { index in
      let entry = unsafe json_array_get(all, index)
      guard let type = unsafe json_string_value(json_object_get(entry, "type")),
        unsafe String(cString: type) == "pid"
      else { return false }
      let path = unsafe json_string_value(json_object_get(entry, "path"))
      return unsafe path.map { unsafe String(cString: $0).isEmpty } ?? true
    }
  }

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
