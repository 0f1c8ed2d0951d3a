// SPDX-License-Identifier: Apache-2.0

/// The standard input of `start`, as real containerds wrote it (ids and paths shortened).
package enum Recorded {
  /// containerd 2.4, `-id c1 -namespace default`, without options.
  package static let parameters = bytes(
    "0a026331120764656661756c742205322e342e302a252f72756e2f636f6e7461"
      + "696e6572642f636f6e7461696e6572642e736f636b2e7474727063321f2f7275"
      + "6e2f636f6e7461696e6572642f636f6e7461696e6572642e736f636b3a132f75"
      + "73722f62696e2f636f6e7461696e6572644a112f72756e2f636f6e7461696e65" + "72642f73")
  /// The same with `ctr run --runtime-config-path /etc/x.toml`.
  package static let parametersWithOptions = bytes(
    "0a026331120764656661756c742205322e342e302a252f72756e2f636f6e7461"
      + "696e6572642f636f6e7461696e6572642e736f636b2e7474727063321f2f7275"
      + "6e2f636f6e7461696e6572642f636f6e7461696e6572642e736f636b3a132f75"
      + "73722f62696e2f636f6e7461696e657264422c0a2a0a1972756e74696d656f70"
      + "74696f6e732e76312e4f7074696f6e73120d120b2f6574632f782e746f6d6c4a"
      + "112f72756e2f636f6e7461696e6572642f73")
  /// containerd 1.6, `--runtime-config-path /tmp/x`: a bare Any.
  package static let options = bytes(
    "0a1972756e74696d656f7074696f6e732e76312e4f7074696f6e73120812062f" + "746d702f78")
  /// containerd 1.6, `--no-pivot`.
  package static let legacyOptions = bytes(
    "0a23636f6e7461696e6572642e6c696e75782e72756e632e4372656174654f70" + "74696f6e7312020801")

  package static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
  }
}
