// SPDX-License-Identifier: Apache-2.0

/// The live processes where a container is: see `GroupMembership`.
package struct Members: Equatable {
  package var own: [Int32] = []
  /// In its control group, and not known to be its own.
  package var others: [Int32] = []

  package init() {}
}
