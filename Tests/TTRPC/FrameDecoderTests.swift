// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

/// Seen on the wire between containerd 1.6.20 and its shim.
enum Seen {
  static let connectRequest =
    hex("00000028 00000003 01 00 0a17") + text("containerd.task.v2.Task") + hex("1207")
    + text("Connect") + hex("1a04 0a02") + text("o2")
  static let connectResponse = hex("00000008 00000003 02 00 12 06 08 fe52 10 9353")
  static let empty = hex("00000000 00000005 02 00")
}

struct FrameDecoderTests {
  private static let stream =
    Seen.connectRequest + Seen.connectResponse + Seen.empty + hex("00000001 ffffffff 7f ff 2a")

  private static let events: [FrameDecoder.Event] = [
    .frame(
      Frame(
        streamID: 3, type: .request, flags: 0,
        payload: hex("0a17") + text("containerd.task.v2.Task") + hex("1207") + text("Connect")
          + hex("1a04 0a02") + text("o2"))),
    .frame(
      Frame(streamID: 3, type: .response, flags: 0, payload: hex("12 06 08 fe52 10 9353"))),
    .frame(Frame(streamID: 5, type: .response, flags: 0, payload: [])),
    .frame(
      Frame(streamID: 4_294_967_295, type: .init(rawValue: 127), flags: 255, payload: [42])),
  ]

  private func decode(_ pieces: [ArraySlice<UInt8>]) -> [FrameDecoder.Event] {
    var decoder = FrameDecoder()
    var events: [FrameDecoder.Event] = []
    for piece in pieces {
      decoder.append(piece)
      while let event = decoder.next() { events.append(event) }
    }
    #expect(decoder.bufferedBytes == 0)
    return events
  }

  @Test func framesArriveWholeHoweverTheStreamIsSplit() {
    let stream = Self.stream
    #expect(decode([stream[...]]) == Self.events)
    #expect(decode(stream.indices.map { stream[$0...$0] }) == Self.events)
    for first in stream.indices {
      for second in first..<stream.count {
        let pieces = [stream[..<first], stream[first..<second], stream[second...]]
        guard decode(pieces) == Self.events else {
          Issue.record("split at \(first) and \(second)")
          return
        }
      }
    }
  }

  @Test func aFrameIsEncodedAsItWasSeen() {
    guard case .frame(let request) = Self.events[0], case .frame(let empty) = Self.events[2]
    else { return }
    #expect(request.encoded == Seen.connectRequest)
    #expect(empty.encoded == Seen.empty)
  }

  @Test func theLongestPayloadIsAccepted() {
    let payload = [UInt8](repeating: 7, count: 4_194_304)
    let stream = hex("00400000 00000001 01 00") + payload
    #expect(
      decode([stream[..<100], stream[100...]])
        == [.frame(Frame(streamID: 1, type: .request, payload: payload))])
  }

  @Test func oneByteMoreIsToldOnceAndSkippedUnbuffered() {
    var decoder = FrameDecoder()
    decoder.append(hex("00400001 00000007 01 00"))
    #expect(decoder.next() == .oversize(streamID: 7, length: 4_194_305))
    let piece = [UInt8](repeating: 7, count: 65_536)
    for _ in 0..<64 {
      decoder.append(piece)
      #expect(decoder.bufferedBytes == 0)
      #expect(decoder.next() == nil)
    }
    decoder.append([7] + Seen.empty)
    #expect(decoder.next() == Self.events[2])
    #expect(decoder.next() == nil)
  }

  @Test func anOversizeFrameMayBeSplitAnywhere() {
    let length = 4_194_305
    let body = [UInt8](repeating: 0, count: length)
    let stream = Seen.empty + hex("00400001 00000007 02 00") + body + Seen.empty
    let cuts = Array(0...40) + Array(stream.count - 30...stream.count)
    for cut in cuts {
      let events = decode([stream[..<cut], stream[cut...]])
      #expect(
        events == [Self.events[2], .oversize(streamID: 7, length: length), Self.events[2]],
        "split at \(cut)")
    }
  }

  @Test func theLargestLengthIsOnlyAnOversizeFrame() {
    var decoder = FrameDecoder()
    decoder.append(hex("ffffffff 00000001 01 00 00 00 00"))
    #expect(decoder.next() == .oversize(streamID: 1, length: 4_294_967_295))
    #expect(decoder.next() == nil)
    #expect(decoder.bufferedBytes == 0)
  }
}
