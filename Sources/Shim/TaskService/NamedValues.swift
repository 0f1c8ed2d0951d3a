// SPDX-License-Identifier: Apache-2.0

/// Words `name=value` of a line that the kernel has written; 0 for what is not among them.
struct NamedValues {
  private var values: [Substring: Substring] = [:]

  init(_ words: some Sequence<Substring>) {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
  }

  subscript(name: Substring) -> UInt64 { values[name].flatMap { UInt64($0) } ?? 0 }

  func fraction(_ name: Substring) -> Double { values[name].flatMap { Double($0) } ?? 0 }

  /// `max` is the greatest number, in both versions.
  func count(_ name: Substring) -> UInt32 {
    values[name] == "max" ? .max : UInt32(clamping: self[name])
  }
}

/// A line of the controller `rdma`: `device hca_handle=… hca_object=…`.
struct RdmaCounts {
  let device: String
  let handles: UInt32
  let objects: UInt32

  init(_ words: [Substring]) {
    let values = NamedValues(words.dropFirst())
    device = String(words.first ?? "")
    handles = values.count("hca_handle")
    objects = values.count("hca_object")
  }
}
