// SPDX-License-Identifier: Apache-2.0

/// The unit of ttrpc: a header of ten bytes, big-endian, and a payload
/// (PROTOCOL.md of containerd/ttrpc).
package struct Frame: Equatable, Sendable {
  /// Any number may arrive; these have a meaning.
  package struct Kind: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let request = Kind(rawValue: 1)
    package static let response = Kind(rawValue: 2)
    package static let data = Kind(rawValue: 3)
  }

  package static let headerSize = 10
  /// The longest payload, inclusive (channel.go, messageLengthMax).
  package static let maximumLength = 4_194_304

  package var streamID: UInt32
  package var type: Kind
  package var flags: UInt8
  package var payload: [UInt8]

  package init(streamID: UInt32, type: Kind, flags: UInt8 = 0, payload: [UInt8]) {
    self.streamID = streamID
    self.type = type
    self.flags = flags
    self.payload = payload
  }

  /// Appends header and payload. Traps when the payload is too long: its maker checks.
  package func encode(into bytes: inout [UInt8]) {
    precondition(payload.count <= Self.maximumLength)
    append(UInt32(payload.count), to: &bytes)
    append(streamID, to: &bytes)
    bytes.append(type.rawValue)
    bytes.append(flags)
    bytes += payload
  }

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + payload.count)
    encode(into: &bytes)
    return bytes
  }

  private func append(_ number: UInt32, to bytes: inout [UInt8]) {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }
}
