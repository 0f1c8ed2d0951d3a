// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

/// What a connection answers to each kind of frame. The texts are those of ttrpc's own server.
struct ProtocolTests {
  private let harness: Harness
  private let peer: Peer

  init() throws {
    harness = try Harness()
    peer = try harness.connect()
  }

  /// The answer to a frame, and proof that the connection lives on.
  private func answer(to bytes: [UInt8]) throws -> WireFrame? {
    let probe = request(0x7fff_ffff, "echo", stringValue("alive"))
    let frames = try harness.exchange(peer, bytes + probe.bytes, replies: 2)
    #expect(frames.last == response(0x7fff_ffff, "alive"))
    return frames.first
  }

  @Test func aReplyCarriesItsPayload() throws {
    let call =
      hex("0000001a 00000001 01 00 0a0c") + text("test.Service") + hex("1204") + text("echo")
      + hex("1a04 0a02") + text("o2")
    #expect(
      try harness.exchange(peer, call, replies: 1).first?.bytes
        == hex("00000006 00000001 02 00 1204 0a02") + text("o2"))
  }

  @Test(arguments: ["empty", "echo"]) func anEmptyReplyIsAnEmptyFrame(method: String) throws {
    try harness.send(peer, request(5, method).bytes)
    var bytes: [UInt8] = []
    try harness.loop.drive {
      bytes += try peer.receiveBytes()
      return bytes.count >= 10
    }
    #expect(bytes == Seen.empty)
  }

  @Test func aFailureCarriesCodeAndMessage() throws {
    #expect(
      try answer(to: request(1, "fail", stringValue("gone")).bytes)?.bytes
        == hex("0000000a 00000001 02 00 0a08 0805 1204") + text("gone"))
  }

  @Test func anUnknownServiceOrMethodIsUnimplemented() throws {
    #expect(
      try harness.exchange(
        peer,
        request(1, "Connect", service: "containerd.task.v9.Task").bytes
          + request(3, "none").bytes, replies: 2) == [
          failure(1, 12, "service containerd.task.v9.Task"), failure(3, 12, "method none"),
        ])
  }

  @Test func anUnparsableRequestIsInvalid() throws {
    let frame = try answer(to: hex("00000002 00000001 01 00 0a05"))
    #expect(frame?.streamID == 1)
    #expect(frame?.payload[2...3] == [8, 3])
    #expect(frame?.payload.dropFirst(6).starts(with: text("unmarshal request error: ")) == true)
  }

  @Test func anUnparsablePayloadIsInternal() throws {
    let frame = try answer(to: request(1, "echo", [0x0a, 5]).bytes)
    #expect(frame?.payload[2...3] == [8, 13])
    #expect(
      frame?.payload.dropFirst(6).starts(with: text("ttrpc: error unmarshalling payload: ")) == true
    )
    #expect(harness.calls == ["echo"])
  }

  @Test(arguments: [0, 2, 0xffff_fffe] as [UInt32], [1, 2, 3, 9] as [UInt8])
  func anEvenStreamIsRefused(streamID: UInt32, type: UInt8) throws {
    #expect(
      try answer(to: WireFrame(streamID: streamID, type: type, payload: []).bytes)
        == failure(streamID, 3, "StreamID must be odd for client initiated streams"))
  }

  @Test(arguments: [7, 5, 1] as [UInt32]) func aStreamIsNotReused(streamID: UInt32) throws {
    let bytes = request(7, "empty").bytes + request(streamID, "empty").bytes
    #expect(
      try harness.exchange(peer, bytes, replies: 2) == [
        response(7, ""), failure(streamID, 3, "StreamID cannot be re-used and must increment"),
      ])
    #expect(harness.calls == ["empty"])
  }

  @Test func anUnparsableRequestUsesItsStreamUp() throws {
    let bytes = hex("00000002 00000003 01 00 0a05") + request(3, "empty").bytes
    #expect(
      try harness.exchange(peer, bytes, replies: 2).last
        == failure(3, 3, "StreamID cannot be re-used and must increment"))
  }

  @Test(arguments: [0, 1, 5] as [UInt8]) func dataBelongsToNoStream(flags: UInt8) throws {
    #expect(
      try answer(to: WireFrame(streamID: 3, type: 3, flags: flags, payload: []).bytes)
        == failure(3, 3, "StreamID is no longer active"))
  }

  @Test(arguments: [0, 2, 4, 255] as [UInt8]) func otherFramesAreIgnored(type: UInt8) throws {
    let frame = WireFrame(streamID: 3, type: type, payload: [1, 2, 3])
    #expect(
      try harness.exchange(peer, frame.bytes + request(5, "empty").bytes, replies: 1)
        == [response(5, "")])
  }

  @Test(arguments: [1, 2, 3, 255] as [UInt8]) func flagsOfARequestAreIgnored(flags: UInt8) throws {
    #expect(
      try answer(to: request(1, "echo", stringValue("x"), flags: flags).bytes)
        == response(1, "x"))
  }

  @Test func unknownFieldsAndMetadataAreIgnored() throws {
    var frame = request(1, "echo", stringValue("x"))
    frame.payload +=
      field(5, field(1, text("traceparent")) + field(2, text("00-1"))) + field(9, [1])
    #expect(try answer(to: frame.bytes) == response(1, "x"))
  }

  /// 4 MiB of request envelope: 14 bytes of service, 6 of method, and the payload's own headers.
  @Test func aRequestOf4MiBIsAccepted() throws {
    let overhead =
      request(1, "hold", stringValue(String(repeating: "x", count: 4_000_000)))
      .payload.count - 4_000_000
    let string = String(repeating: "x", count: 4_194_304 - overhead)
    let call = request(1, "hold", stringValue(string))
    #expect(call.payload.count == 4_194_304)
    try harness.send(peer, call.bytes)
    try harness.loop.drive { harness.held[string] != nil }
    harness.held[string]?.send("ok")
    #expect(try harness.receive(peer, 1) == [response(1, "ok")])
  }

  @Test func aLongerRequestIsRefusedOnItsStream() throws {
    let bytes = hex("00400001 00000001 01 00") + [UInt8](repeating: 0, count: 4_194_305)
    #expect(
      try answer(to: bytes)
        == failure(1, 8, "message length 4194305 exceed maximum message size of 4194304"))
  }

  @Test func aReplyOf4MiBIsSentAndALongerOneIsAnError() throws {
    // Four bytes of length and a tag, twice.
    let longest = try harness.exchange(
      peer, request(1, "long", stringValue("\(4_194_304 - 10)")).bytes, replies: 1)
    #expect(longest.first?.payload.count == 4_194_304)
    #expect(
      try answer(to: request(3, "long", stringValue("\(4_194_304 - 9)")).bytes)
        == failure(3, 8, "message length 4194305 exceed maximum message size of 4194304"))
  }

  @Test func codesHaveTheNumbersOfGRPC() {
    let numbers: [Status.Code: Int32] = [
      .ok: 0, .canceled: 1, .unknown: 2, .invalidArgument: 3, .deadlineExceeded: 4, .notFound: 5,
      .alreadyExists: 6, .permissionDenied: 7, .resourceExhausted: 8, .failedPrecondition: 9,
      .aborted: 10, .outOfRange: 11, .unimplemented: 12, .internal: 13, .unavailable: 14,
      .dataLoss: 15, .unauthenticated: 16,
    ]
    for (code, number) in numbers { #expect(code.rawValue == number) }
    #expect(Status.Code(number: 17) == .unknown)
    #expect(Status.Code(number: -1) == .unknown)
  }
}
