// SPDX-License-Identifier: Apache-2.0

/// When a stream from a pipe has its next turn, and whether its pipes should grow: a pure value.
///
/// Each turn costs a wake-up of the shim and of the writer. So a busy stream with little to say waits a
/// moment, and lines gather.
struct Pacing {
  enum Turn { case now, later }

  /// Smaller pieces are copied, which packs them: a splice takes a slot of the output however small it
  /// is.
  static let spliceFrom = 16 * 1024
  static let largestPipe = 1024 * 1024
  /// A stream whose last turn is this near is busy.
  static let busy = Duration.milliseconds(1)
  /// A busy stream that brought so many large pieces is a fast one.
  static let fastFrom = 16

  private var lastTurn = Duration.zero
  /// With less a busy stream waits for more.
  private var gathersUpTo = Self.spliceFrom
  private var largePieces = 0
  private(set) var hasGrown = false

  /// The reader of a fast stream may keep up with it: then no pipe gets full, which would make it grow.
  var isFast: Bool { !hasGrown && largePieces >= Self.fastFrom }

  /// - Parameter available: bytes; none at the stream's end, which waits for nothing.
  mutating func readable(_ available: Int, at now: Duration) -> Turn {
    let isBusy = now - lastTurn < Self.busy
    if isBusy, available > 0, available < gathersUpTo { return .later }
    if isBusy, available >= Self.spliceFrom { largePieces += 1 }
    lastTurn = now
    return .now
  }

  /// The turn that was to come later.
  ///
  /// - Returns: whether the stream is steady: half of a large pipe will have come again by the next turn,
  ///   and epoll need not tell of it in between.
  mutating func waited(_ available: Int, at now: Duration) -> Bool {
    lastTurn = now
    return available >= Self.largestPipe / 2
  }

  /// - Parameter capacity: of the pipe that is read (bytes).
  mutating func grew(to capacity: Int) {
    hasGrown = true
    gathersUpTo = max(Self.spliceFrom, capacity / 2)
  }
}
