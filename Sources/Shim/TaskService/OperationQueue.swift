// SPDX-License-Identifier: Apache-2.0

/// Operations of one container that must not overlap: each begins when the one before has ended.
/// Different containers, and the execs of one, do not wait for each other.
final class OperationQueue {
  /// A turn in the queue. It ends when the last reference goes, so that an operation that forgets to
  /// say so stalls nothing.
  final class Turn {
    private let queue: OperationQueue
    fileprivate init(_ queue: OperationQueue) { self.queue = queue }
    deinit { queue.turnEnded() }
  }

  private var waiting: [(Turn) -> Void] = []
  private var isBusy = false
  private var isBeginning = false

  /// Begins the operation now, or after those that are there already.
  func add(_ operation: @escaping (Turn) -> Void) {
    waiting.append(operation)
    beginNext()
  }

  private func turnEnded() {
    isBusy = false
    beginNext()
  }

  /// A loop, so that operations that end at once do not nest.
  private func beginNext() {
    guard !isBeginning else { return }
    isBeginning = true
    defer { isBeginning = false }
    while !isBusy, !waiting.isEmpty {
      isBusy = true
      waiting.removeFirst()(Turn(self))
    }
  }
}
