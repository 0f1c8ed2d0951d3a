// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI

/// What the last deletions of a container's execs were answered, for a caller who lost the answer and
/// asks again.
struct DeletedExecs {
  static let limit = 64

  private var answers: [(id: String, response: DeleteResponse)] = []

  mutating func add(_ id: String, _ response: DeleteResponse) {
    forget(id)
    if answers.count == Self.limit { answers.removeFirst() }
    answers.append((id, response))
  }

  /// A new exec has the id.
  mutating func forget(_ id: String) { answers.removeAll { $0.id == id } }

  subscript(id: String) -> DeleteResponse? { answers.first { $0.id == id }?.response }
}
