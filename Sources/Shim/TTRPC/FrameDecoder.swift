// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into frames. A pure value; any bytes in any pieces are legal input.
///
/// Append what was read, then call `next` until it answers nil.
package struct FrameDecoder {
  package enum Event: Equatable, Sendable {
    case frame(Frame)
    /// The header of a payload over the limit; the payload itself will be skipped.
    case oversize(streamID: UInt32, length: Int)
  }

  private var input: [UInt8] = []
  /// How much of the input is used up.
  private var position = 0
  /// Bytes of an oversize payload still to come.
  private var skipping = 0

  package init() {}

  /// What is kept between two reads: at most one incomplete frame, once `next` has answered nil.
  package var bufferedBytes: Int { input.count - position }

  package mutating func append(_ bytes: some Collection<UInt8>) {
    // What is skipped never enters the buffer.
    let skipped = bufferedBytes == 0 ? min(skipping, bytes.count) : 0
    skipping -= skipped
    input.append(contentsOf: bytes.dropFirst(skipped))
  }

  package mutating func next() -> Event? {
    guard let event = decode() else {
      // All that is left belongs to one frame. An array of just that: most connections idle, with
      // nothing left, and keep no memory then.
      if position > 0 { input = Array(input[position...]) }
      position = 0
      return nil
    }
    return event
  }

  private mutating func decode() -> Event? {
    let skipped = min(skipping, bufferedBytes)
    skipping -= skipped
    position += skipped

    guard bufferedBytes >= Frame.headerSize else { return nil }
    let length = Int(number(at: position))
    let streamID = number(at: position + 4)
    guard length <= Frame.maximumLength else {
      position += Frame.headerSize
      skipping = length
      return .oversize(streamID: streamID, length: length)
    }
    guard bufferedBytes >= Frame.headerSize + length else { return nil }
    let payload = position + Frame.headerSize
    let frame = Frame(
      streamID: streamID, type: Frame.Kind(rawValue: input[position + 8]),
      flags: input[position + 9], payload: Array(input[payload..<payload + length]))
    position = payload + length
    return .frame(frame)
  }

  private func number(at index: Int) -> UInt32 {
    input[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
