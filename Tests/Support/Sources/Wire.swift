// SPDX-License-Identifier: Apache-2.0

/// ttrpc's bytes, written and read by hand: the tests do not trust the shim's own encoder.
package enum Wire {
  package static let request: UInt8 = 1
  package static let response: UInt8 = 2

  package struct Frame {
    package let stream: UInt32
    package let type: UInt8
    package let flags: UInt8
    package let data: [UInt8]
  }

  package static func frame(
    stream: UInt32, type: UInt8 = request, flags: UInt8 = 0, length: UInt32? = nil, _ data: [UInt8]
  ) -> [UInt8] {
    bigEndian(length ?? UInt32(data.count)) + bigEndian(stream) + [type, flags] + data
  }

  /// ttrpc.Request: service, method, payload, timeout in nanoseconds.
  package static func request(
    _ service: String, _ method: String, _ payload: [UInt8], timeout: Int64 = 0
  ) -> [UInt8] {
    var bytes = field(1, Array(service.utf8)) + field(2, Array(method.utf8)) + field(3, payload)
    if timeout != 0 { bytes += varint(4 << 3) + varint(UInt64(bitPattern: timeout)) }
    return bytes
  }

  /// ttrpc.Response: google.rpc.Status (code, message) or payload.
  package static func response(_ bytes: [UInt8]) throws -> Result<[UInt8], RPCError> {
    let fields = try parse(bytes)
    guard let status = fields.bytes[1] else { return .success(fields.bytes[2] ?? []) }
    let parts = try parse(status)
    let code = Int(parts.numbers[1] ?? 0)
    if code == 0 { return .success(fields.bytes[2] ?? []) }
    return .failure(
      RPCError(code: code, message: String(decoding: parts.bytes[2] ?? [], as: UTF8.self)))
  }

  /// The last value of each field of a message.
  package struct Fields {
    package var numbers: [UInt64: UInt64] = [:]
    package var bytes: [UInt64: [UInt8]] = [:]
  }

  package static func parse(_ bytes: [UInt8]) throws -> Fields {
    var fields = Fields()
    var rest = bytes[...]
    while !rest.isEmpty {
      let key = try takeVarint(&rest)
      switch key & 7 {
      case 0: fields.numbers[key >> 3] = try takeVarint(&rest)
      case 2:
        let count = Int(try takeVarint(&rest))
        guard count <= rest.count else { throw TestFailure("a message is cut off") }
        fields.bytes[key >> 3] = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
      default: throw TestFailure("wire type \(key & 7)")
      }
    }
    return fields
  }

  package static func field(_ number: UInt64, _ value: [UInt8]) -> [UInt8] {
    value.isEmpty ? [] : varint(number << 3 | 2) + varint(UInt64(value.count)) + value
  }

  package static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var value = value
    var bytes: [UInt8] = []
    while value > 127 {
      bytes.append(UInt8(value & 127) | 128)
      value >>= 7
    }
    return bytes + [UInt8(value)]
  }

  private static func takeVarint(_ bytes: inout ArraySlice<UInt8>) throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = bytes.popFirst() {
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
    throw TestFailure("a number is cut off")
  }
}

/// A refusal as it came over the wire: gRPC's number and a sentence.
package struct RPCError: Error, Equatable {
  package let code: Int
  package let message: String

  package init(code: Int, message: String) {
    self.code = code
    self.message = message
  }

  package static let unknown = 2
  package static let invalidArgument = 3
  package static let deadlineExceeded = 4
  package static let notFound = 5
  package static let alreadyExists = 6
  package static let resourceExhausted = 8
  package static let failedPrecondition = 9
  package static let unimplemented = 12
  package static let `internal` = 13
}
