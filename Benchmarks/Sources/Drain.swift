// SPDX-License-Identifier: Apache-2.0

import Foundation
import Linux
import Support
import SystemPackage

/// Reads FIFOs as fast as a reader can: it splices them to /dev/null, and so copies nothing. It counts.
final class Drain {
  private final class Source {
    let descriptor: Linux.Descriptor
    var bytes = 0
    var hasEnded = false

    init(_ path: String) throws { descriptor = try Drain.open(path, O_RDONLY | O_NONBLOCK) }
  }

  private let sources: [Source]
  /// Of the sources, in their order; -1 for one that has ended, which poll passes over.
  private var requests: [pollfd]
  private let null: Linux.Descriptor

  init(_ paths: [String]) throws {
    sources = try paths.map(Source.init)
    requests = sources.map {
      pollfd(fd: $0.descriptor.number, events: Int16(POLLIN), revents: 0)
    }
    null = try Self.open("/dev/null", O_WRONLY)
  }

  private static func open(_ path: String, _ flags: Int32) throws -> Linux.Descriptor {
    let number = Foundation.open(path, flags | O_CLOEXEC)
    guard number >= 0 else { throw TestFailure("open \(path): \(Errno(rawValue: errno))") }
    return Descriptor(owning: number)
  }

  /// Reads until as many bytes have come from each.
  func read(_ bytes: Int) throws {
    try read(while: { $0.bytes < bytes })
  }

  /// The same from one.
  func read(_ bytes: Int, of number: Int) throws {
    let source = sources[number]
    try read(while: { $0 === source && $0.bytes < bytes })
  }

  /// Reads to the end of each.
  func readToEnd() throws { try read(while: { !$0.hasEnded }) }

  /// The same; it is where it has to be.
  func readToEnd(at bytes: Int) throws {
    try readToEnd()
    for source in sources where source.bytes != bytes {
      throw TestFailure("\(source.bytes) bytes have come, not \(bytes)")
    }
  }

  private func read(while isUnfinished: (Source) -> Bool) throws {
    var unfinished = sources.count(where: isUnfinished)
    while unfinished > 0 {
      guard poll(&requests, nfds_t(requests.count), 30_000) > 0 else { throw interruption }
      for place in requests.indices where requests[place].revents != 0 {
        let source = sources[place]
        let wasUnfinished = isUnfinished(source)
        try read(source)
        if source.hasEnded { requests[place].fd = -1 }
        guard wasUnfinished else { continue }
        if !isUnfinished(source) {
          unfinished -= 1
        } else if source.hasEnded {
          throw interruption
        }
      }
    }
  }

  private var interruption: TestFailure {
    TestFailure("no output any more, after \(sources.map(\.bytes)) bytes")
  }

  private func read(_ source: Source) throws {
    do {
      let moved = try source.descriptor.splice(to: null, atMost: 1 << 20)
      source.bytes += moved
      source.hasEnded = moved == 0
    } catch Errno.wouldBlock {}
  }
}
