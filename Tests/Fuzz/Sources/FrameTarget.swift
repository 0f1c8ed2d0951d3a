// SPDX-License-Identifier: Apache-2.0

import TTRPC

/// The stream of a connection, in pieces whose length the first byte says.
enum FrameTarget {
  @Sendable static func run(_ input: [UInt8]) {
    guard let piece = input.first else { return }
    let stream = input.dropFirst()
    let inPieces = decode(stream, by: Int(piece) + 1)
    Fuzz.require(inPieces == decode(stream, by: max(1, stream.count)), "pieces make a difference")
    var encoded: [UInt8] = []
    for case .frame(let frame) in inPieces { frame.encode(into: &encoded) }
    if !inPieces.contains(where: \.isOversize) {
      Fuzz.require(stream.starts(with: encoded), "a frame is not what came")
    }
    Fuzz.plant(
      inPieces.contains { event in
        guard case .frame(let frame) = event else { return false }
        return frame.type == .request && frame.flags == 4 && frame.payload.isEmpty
      })
  }

  private static func decode(_ stream: ArraySlice<UInt8>, by size: Int) -> [FrameDecoder.Event] {
    var decoder = FrameDecoder()
    var events: [FrameDecoder.Event] = []
    var rest = stream
    while !rest.isEmpty {
      decoder.append(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let event = decoder.next() { events.append(event) }
    }
    return events
  }
}

extension FrameDecoder.Event {
  fileprivate var isOversize: Bool {
    if case .oversize = self { true } else { false }
  }
}
