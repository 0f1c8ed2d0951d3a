// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

/// How long the loop has kept others waiting: the longest of its turns so far, and what it did. A
/// turn is one call of a handler.
package struct LoopLag {
  private var longestNanoseconds: Int64 = 0
  private var longestOwner: StaticString = "none"
  private var longestNote = ""

  /// What the turn under way does, beside whose handler it is: the method of a request, say. The last
  /// one counts.
  var note = ""
  private var begin: Int64 = 0

  package var longest: Duration { .nanoseconds(longestNanoseconds) }

  /// The longest turn in words: the file that made the watch or timer, and the note.
  package var longestName: String { Self.name(longestOwner, longestNote) }

  private static func name(_ owner: StaticString, _ note: String) -> String {
    note.isEmpty ? "\(owner)" : "\(owner) \(note)"
  }

  mutating func turnBegins() {
    note = ""
    #if DEBUG
      hindrances = Self.hindrancesSoFar
    #endif
    begin = MonotonicClock.nanoseconds
  }

  mutating func turnEnds(_ owner: StaticString) {
    let length = MonotonicClock.nanoseconds - begin
    #if DEBUG
      if length > Self.bound, Self.hindrancesSoFar == hindrances {
        onTooLong("a turn of the loop took \(length / 1_000_000) ms: \(Self.name(owner, note))")
      }
    #endif
    guard length > longestNanoseconds else { return }
    longestNanoseconds = length
    longestOwner = owner
    longestNote = note
  }

  #if DEBUG
    /// A debug build's daemon does not survive a turn that is longer and has only itself to blame.
    private static let bound: Int64 = 50_000_000
    private var hindrances = 0
    /// The daemon traps here. Tests, whose handlers are not its own, do not.
    package var onTooLong: (String) -> Void = { _ in }

    /// What makes a turn longer without its fault: the kernel gave the processor to somebody else, or
    /// read a page of our executable from a disk.
    private static var hindrancesSoFar: Int {
      let thisThread: Int32 = 1  // RUSAGE_THREAD, which Swift's Glibc lacks
      var usage = rusage()
      unsafe getrusage(thisThread, &usage)
      return usage.ru_nivcsw + usage.ru_majflt
    }
  #endif
}
