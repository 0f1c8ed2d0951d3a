// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// Clients that come all at once.
  @Suite struct CrowdTests {
    private static let count = 900

    /// The shim is stopped while they come: none can be accepted before all are there.
    @Test func aCrowdThatConnectsAtOnce() throws {
      Processes.raiseOpenFileLimit()
      // What the kernel allows is the shim's too.
      let allowed = Files.read("/proc/sys/net/core/somaxconn").flatMap { Int($0.dropLast()) }
      let count = min(Self.count, try #require(allowed))
      try ShimHost.run { host in
        let target = try RobustnessTests.Target(host)
        let path = ShimClient.socket(of: target.address)
        let request = try RobustnessTests.stateRequest()
        try target.expectRecovery {
          kill(target.pid, SIGSTOP)
          defer { kill(target.pid, SIGCONT) }
          let crowd = try (0..<count).map { _ in try Connection(path: path, waits: false) }
          for client in crowd { try client.send(Wire.frame(stream: 1, request)) }
          kill(target.pid, SIGCONT)
          for client in crowd { #expect(try client.receive()?.stream == 1) }
        }
      }
    }
  }
}
