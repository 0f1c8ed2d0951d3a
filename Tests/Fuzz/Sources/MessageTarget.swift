// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import SwiftProtobuf
import TTRPCEnvelope

/// Every message that a peer may send, chosen by the first byte: what is decoded survives its own
/// encoding.
enum MessageTarget {
  private static let decoders: [@Sendable ([UInt8]) -> Void] = [
    decode(EnvelopeRequest.self), decode(EnvelopeResponse.self), decode(CreateTaskRequest.self),
    decode(StartRequest.self), decode(DeleteRequest.self), decode(StateRequest.self),
    decode(PidsRequest.self), decode(PauseRequest.self), decode(ResumeRequest.self),
    decode(CheckpointTaskRequest.self), decode(KillRequest.self), decode(ExecProcessRequest.self),
    decode(ResizePtyRequest.self), decode(CloseIORequest.self), decode(UpdateTaskRequest.self),
    decode(WaitRequest.self), decode(StatsRequest.self), decode(ConnectRequest.self),
    decode(ShutdownRequest.self), decode(ConnectResponse.self), decode(RuncOptions.self),
    decode(RuncCheckpointOptions.self), decode(LegacyCreateOptions.self), decode(CRIOptions.self),
  ]

  @Sendable static func run(_ input: [UInt8]) {
    guard let choice = input.first, Int(choice) < decoders.count else { return }
    decoders[Int(choice)](Array(input.dropFirst()))
  }

  private static func decode<M: Message>(_ type: M.Type) -> @Sendable ([UInt8]) -> Void {
    { bytes in if let message = try? M(serializedBytes: bytes) { check(message) } }
  }

  private static func check<M: Message>(_ message: M) {
    guard let encoded: [UInt8] = try? message.serializedBytes(),
      let again = try? M(serializedBytes: encoded),
      let encodedAgain: [UInt8] = try? again.serializedBytes()
    else { fatalError("\(M.self) cannot be encoded") }
    // Maps have no order: only the size is the same then.
    Fuzz.require(encoded.count == encodedAgain.count, "\(M.self) changes")
    if let kill = message as? KillRequest { Fuzz.plant(kill.all && kill.signal > 63) }
  }
}
