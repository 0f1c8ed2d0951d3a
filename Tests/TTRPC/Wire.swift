// SPDX-License-Identifier: Apache-2.0

// Bytes on the wire, made and taken apart by hand: nothing here uses the code under test.

/// Bytes from hexadecimal digits; blanks do not count.
func hex(_ digits: String) -> [UInt8] {
  let values = digits.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

func text(_ string: String) -> [UInt8] { Array(string.utf8) }

/// A frame as it was seen.
struct WireFrame: Equatable {
  var streamID: UInt32
  var type: UInt8 = 2
  var flags: UInt8 = 0
  var payload: [UInt8]

  var bytes: [UInt8] {
    bigEndian(UInt32(payload.count)) + bigEndian(streamID) + [type, flags] + payload
  }

  /// Takes whole frames off the front.
  static func parse(_ bytes: inout [UInt8]) -> [WireFrame] {
    var frames: [WireFrame] = []
    var start = 0
    while bytes.count - start >= 10 {
      let header = Array(bytes[start..<start + 10])
      let length = header[..<4].reduce(0) { $0 * 256 + Int($1) }
      guard bytes.count - start - 10 >= length else { break }
      frames.append(
        WireFrame(
          streamID: header[4..<8].reduce(0) { $0 * 256 + UInt32($1) }, type: header[8],
          flags: header[9], payload: Array(bytes[start + 10..<start + 10 + length])))
      start += 10 + length
    }
    bytes.removeSubrange(..<start)
    return frames
  }
}

func bigEndian(_ number: UInt32) -> [UInt8] {
  [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
}

func varint(_ number: UInt64) -> [UInt8] {
  number < 128 ? [UInt8(number)] : [UInt8(number & 127 | 128)] + varint(number >> 7)
}

/// A field with a length: bytes, string or message.
func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
  [number << 3 | 2] + varint(UInt64(content.count)) + content
}

/// google.protobuf.StringValue.
func stringValue(_ string: String) -> [UInt8] { string.isEmpty ? [] : field(1, text(string)) }

func request(
  _ streamID: UInt32, _ method: String, _ payload: [UInt8] = [], service: String = "test.Service",
  timeout: Int64 = 0, flags: UInt8 = 0
) -> WireFrame {
  var body = field(1, text(service)) + field(2, text(method)) + field(3, payload)
  if timeout != 0 { body += [4 << 3] + varint(UInt64(bitPattern: timeout)) }
  return WireFrame(streamID: streamID, type: 1, flags: flags, payload: body)
}

func response(_ streamID: UInt32, _ string: String) -> WireFrame {
  WireFrame(streamID: streamID, payload: string.isEmpty ? [] : field(2, stringValue(string)))
}

func failure(_ streamID: UInt32, _ code: UInt8, _ message: String) -> WireFrame {
  WireFrame(streamID: streamID, payload: field(1, [1 << 3, code] + field(2, text(message))))
}
