// SPDX-License-Identifier: Apache-2.0

/// When the exits of a container's processes are told: each after its start, and init's last of all. A pure
/// value.
///
/// Init's exit is held, and the container counts as running meanwhile. It waits for execs that are starting, for
/// those that run, and for whatever else lives on; and at last for those who read the output. Nobody is
/// waited for without a bound: the runtime may hang, and a process may be in the kernel's hands, or have
/// left the container's control group.
struct ExitOrder {
  /// For starts that are under way (requirement R12).
  static let startLimit = Duration.seconds(2)
  /// For processes that were killed. As long as Delete would wait.
  static let endLimit = Duration.seconds(10)

  /// What becomes of an exit that was seen.
  enum Fate { case told, keptUntilStarted, held, dropped }

  static func fate(of process: ProcessState, isInit: Bool, startHasFailed: Bool) -> Fate {
    if process == .starting { return .keptUntilStarted }
    if isInit { return .held }
    return startHasFailed ? .dropped : .told  // nobody was told of its start
  }

  /// What a held exit does next.
  enum Step: Equatable {
    /// Until something ends, or this time is over.
    case wait(Duration)
    case read
    case tell
  }

  /// Whether something lives on that is no exec.
  var restLives = false
  /// The output was read, or nobody reads it.
  var isRead = false

  /// - Parameters:
  ///   - waited: since the exit.
  ///   - execs: the states of all.
  func step(after waited: Duration, execs: some Sequence<ProcessState>) -> Step {
    let execs = Array(execs)
    if waited < Self.startLimit, execs.contains(.starting) {
      return .wait(Self.startLimit - waited)
    }
    if waited < Self.endLimit, restLives || execs.contains(.running) {
      return .wait(Self.endLimit - waited)
    }
    return isRead ? .tell : .read
  }
}
