// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Where and with what was measured. No names of machines.
enum Machine {
  static var description: String {
    get throws {
      let processor =
        (Files.read("/proc/cpuinfo") ?? "").split(separator: "\n")
        .first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
      let memory = ProcessInfo.processInfo.physicalMemory >> 30
      let kernel = (Files.read("/proc/sys/kernel/osrelease") ?? "").split {
        !"0123456789.".contains($0)
      }
      let commit = try run("git", "-C", ShimBinary.root, "rev-parse", "--short", "HEAD").output
      let versions = try [("containerd", "containerd --version"), ("runc", "runc --version")].map {
        let words = try run("sh", "-c", $0.1).output.split(whereSeparator: \.isWhitespace)
        return "\($0.0) \(words.first { $0.first?.isNumber ?? false } ?? "unknown")"
      }
      let day = ISO8601DateFormatter.string(
        from: Date(), timeZone: .gmt, formatOptions: [.withFullDate])
      return """
        \(day), commit \(commit.split(separator: "\n").first ?? "none"), \
        \(ProcessInfo.processInfo.activeProcessorCount) cores of\(processor), \(memory) GiB, \
        Linux \(kernel.first ?? "unknown"), \(versions.joined(separator: ", "))
        """
    }
  }
}
