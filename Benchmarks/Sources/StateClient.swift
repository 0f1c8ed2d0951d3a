// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Linux
import Support
import SwiftProtobuf

/// Sends one request again and again, with as little of its own as can be: bytes that are prepared,
/// blocking reads and writes, and no memory allocated while it is measured.
final class StateClient {
  private static let header = 10

  private static let answersSize = 64 * 1024

  private let connection: Connection
  private let inFlight: Int
  /// One after the other, as many as are ever in flight.
  private let requests: UnsafeMutableRawPointer
  private let size: Int
  private let answers = UnsafeMutableRawPointer.allocate(byteCount: answersSize, alignment: 8)
  /// Bytes of an answer that is not whole yet.
  private var held = 0
  private var lastStream: UInt32 = 1

  /// - Parameters:
  ///   - path: of the server's socket.
  ///   - id: the container's.
  init(_ path: String, _ id: String, inFlight: Int) throws {
    connection = try Connection(path: path)
    let state = try StateRequest.with { $0.id = id }.serializedBytes() as [UInt8]
    let frame = Wire.frame(stream: 0, Wire.request("containerd.task.v2.Task", "State", state))
    size = frame.count
    self.inFlight = inFlight
    requests = .allocate(byteCount: size * inFlight, alignment: 8)
    for place in 0..<inFlight {
      UnsafeMutableRawBufferPointer(start: requests + place * size, count: size)
        .copyBytes(from: frame)
    }
  }

  deinit {
    requests.deallocate()
    answers.deallocate()
  }

  /// One call after the other; the time of each goes into the buffer (ns).
  func measure(_ times: inout [Int64]) throws {
    for place in times.indices {
      let began = MonotonicClock.nanoseconds
      try send(1)
      while try receive() == 0 {}
      times[place] = MonotonicClock.nanoseconds - began
    }
  }

  /// So many calls, with as many in flight as there can be: an answer makes room for the next request.
  ///
  /// - Returns: seconds.
  func measure(_ calls: Int) throws -> Double {
    let began = MonotonicClock.nanoseconds
    var sent = min(calls, inFlight)
    var answered = 0
    try send(sent)
    while answered < calls {
      let count = try receive()
      answered += count
      let next = min(count, calls - sent)
      if next > 0 { try send(next) }
      sent += next
    }
    return Double(MonotonicClock.nanoseconds - began) / 1e9
  }

  private func send(_ count: Int) throws {
    for place in 0..<count {
      lastStream += 2
      requests.storeBytes(
        of: lastStream.bigEndian, toByteOffset: place * size + 4, as: UInt32.self)
    }
    var sent = 0
    while sent < count * size {
      let written = write(connection.number, requests + sent, count * size - sent)
      guard written > 0 else { throw TestFailure("write: errno \(errno)") }
      sent += written
    }
  }

  /// Reads once.
  ///
  /// - Returns: how many answers have come with it.
  private func receive() throws -> Int {
    let count = read(connection.number, answers + held, Self.answersSize - held)
    guard count > 0 else { throw TestFailure("the server has hung up") }
    let end = held + count
    var start = 0
    var answered = 0
    while end - start >= Self.header {
      let length = Int(number(at: start))
      guard end - start >= Self.header + length else { break }
      try check(start)
      answered += 1
      start += Self.header + length
    }
    held = end - start
    if held > 0 { memmove(answers, answers + start, held) }
    return answered
  }

  private func number(at offset: Int) -> UInt32 {
    UInt32(bigEndian: answers.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// A response, to a request that is in flight. (Stock answers in any order.)
  private func check(_ start: Int) throws {
    let stream = number(at: start + 4)
    guard answers.load(fromByteOffset: start + 8, as: UInt8.self) == Wire.response, stream % 2 == 1,
      stream <= lastStream
    else {
      throw TestFailure("no answer, on stream \(stream)")
    }
  }
}
