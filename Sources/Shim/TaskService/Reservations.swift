// SPDX-License-Identifier: Apache-2.0

/// Containers that were promised to this shim and that no Create has named yet.
///
/// A `start` that finds the shim of its group alive calls Connect with the new container's id. From
/// then on containerd is on its way to us, so we must not end with the group's last task: a Shutdown
/// may come in between. Nobody tells when containerd gives up, hence the limit. Times are since any
/// fixed moment.
struct Reservations {
  static let lifetime = Duration.seconds(10)
  /// Whoever asks for more is not containerd.
  static let limit = 1024

  private var ends: [String: Duration] = [:]

  mutating func add(_ id: String, at now: Duration) {
    guard ends.count < Self.limit || ends[id] != nil else { return }
    ends[id] = now + Self.lifetime
  }

  mutating func remove(_ id: String) { ends[id] = nil }

  /// How long the last one holds; nil when none does.
  mutating func timeLeft(at now: Duration) -> Duration? {
    ends = ends.filter { $0.value > now }
    return ends.values.max().map { $0 - now }
  }
}
