// SPDX-License-Identifier: Apache-2.0

import CPattern
import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// `stream`: output through a reader that stops, continues, goes away and comes back, while containerd
/// stops and starts again: each time for a moment, and once, half way, for AWAY seconds in which nobody
/// reads. Each byte is compared.
struct Stream {
  let settings: Settings
  private var away: Int { settings.number("AWAY", or: 0) }

  private struct Counts {
    var bytes = 0
    var stops = 0
    var detached = 0
    var outages = 0
  }

  func run() throws {
    let total = settings.number("MIB", or: 10 * 1024) * 1024 * 1024
    report("seed \(settings.seed), \(total >> 20) MiB")
    try Containerd.run { containerd in
      let id = "stream-\(getpid())"
      let table = "\(containerd.folder)/fast.toml"
      try "BinaryName = '\(FastHost.runtime)'\nRoot = '\(containerd.folder)/r'\n".write(
        toFile: table, atomically: true, encoding: .utf8)
      try containerd.runSleeper(id, flags: ["--runtime-config-path", table])
      let client = try containerd.client(id)
      let before = try Footprint.whenAsleep(try client.shimPID)
      let began = ContinuousClock.now
      let counts = try read(total, id, client, containerd)
      let seconds = max(1, (ContinuousClock.now - began).components.seconds)
      let after = try Footprint.wait(for: before, of: try client.shimPID)
      report("\(counts) in \(seconds) s; \(before), then \(after)")
      if settings.plant == .none {
        Record("stream").append([
          ("seed", "\(settings.seed)"), ("MiB", "\(counts.bytes >> 20)"), ("seconds", "\(seconds)"),
          ("stops", "\(counts.stops)"), ("detached", "\(counts.detached)"),
          ("containerd away", "\(counts.outages)"), ("once for (s)", "\(away)"),
          ("RssAnon before (kB)", "\(before.memory)"),
          ("RssAnon (kB)", "\(after.memory)"), ("wrong bytes", "0"),
        ])
      }
      try Execs.compare(before, settings.plant.distort(after))
      try containerd.ctr("task", "kill", "--signal", "KILL", id).expectSuccess()
      try containerd.awaitState(id, "STOPPED")
      try containerd.ctr("task", "rm", id).expectSuccess()
    }
  }

  private func read(
    _ total: Int, _ id: String, _ client: ShimClient, _ containerd: Containerd
  ) throws -> Counts {
    let path = "\(containerd.folder)/out"
    try Files.makeFifo(path)
    var request = FastHost.exec("s", ["stream", "\(settings.seed)", "\(total)"], stdout: path)
    request.id = id
    let process = StartRequest.with {
      $0.id = id
      $0.execID = "s"
    }
    var fifo: Handle? = try Handle.open(path, O_RDONLY | O_NONBLOCK)
    let _: Google_Protobuf_Empty = try client.call("Exec", request)
    let _: StartResponse = try client.call("Start", process)
    var choices = Choices(seed: settings.seed, round: 0)
    var counts = Counts()
    var expected = Pattern(seed: settings.seed)
    var until = choices.number(0...(64 << 20))
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var isLongOutageLeft = away > 0
    var lastRead = ContinuousClock.now
    while let reader = fifo {
      let count = Foundation.read(reader.number, &buffer, buffer.count)
      if count == 0 { break }
      if count < 0 {
        guard ContinuousClock.now - lastRead < .patience else {
          throw Violation("no output any more after \(counts.bytes) bytes")
        }
        usleep(200)
        continue
      }
      lastRead = .now
      settings.plant.distort(&buffer, count, at: counts.bytes)
      guard expected.matches(buffer, count) else {
        throw Violation("wrong bytes within \(count) from \(counts.bytes) on")
      }
      counts.bytes += count
      guard counts.bytes >= until, counts.bytes < total else { continue }
      until = counts.bytes + choices.number(0...(64 << 20))
      if isLongOutageLeft, counts.bytes > total / 2 {
        isLongOutageLeft = false
        try containerd.stop()
        sleep(UInt32(away))
        try containerd.start()
        lastRead = .now
        continue
      }
      switch choices.number(1...20) {
      case 1...10:
        counts.stops += 1
        usleep(UInt32(choices.number(0...20_000)))
      case 11...19:
        counts.detached += 1
        fifo = nil
        usleep(UInt32(choices.number(0...20_000)))
        fifo = try Handle.open(path, O_RDONLY | O_NONBLOCK)
      default:
        counts.outages += 1
        if choices.once(in: 2) { try containerd.crash() } else { try containerd.stop() }
        usleep(UInt32(choices.number(0...200_000)))
        try containerd.start()
      }
      lastRead = .now
    }
    guard counts.bytes == total else {
      throw Violation("\(counts.bytes) bytes have come, not \(total)")
    }
    let waited: WaitResponse = try client.call("Wait", process)
    guard waited.exitStatus == 0 else { throw Violation("status \(waited.exitStatus)") }
    let _: DeleteResponse = try client.call("Delete", process)
    return counts
  }
}

/// The bytes that must come next.
private struct Pattern {
  private var state: UInt64
  private var block = [UInt8](repeating: 0, count: 64 * 1024)
  private var position = 64 * 1024

  init(seed: UInt64) { state = seed }

  mutating func matches(_ bytes: [UInt8], _ count: Int) -> Bool {
    var done = 0
    while done < count {
      if position == block.count {
        pattern_fill(&state, &block, block.count)
        position = 0
      }
      let part = min(count - done, block.count - position)
      let isSame = bytes.withUnsafeBytes { left in
        block.withUnsafeBytes { right in
          guard let left = left.baseAddress, let right = right.baseAddress else { return false }
          return memcmp(left + done, right + position, part) == 0
        }
      }
      guard isSame else { return false }
      done += part
      position += part
    }
    return true
  }
}
