// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// Controllers of version 2, as containerd's own shims pass them on: of those that neither the OCI
/// runtime nor systemd does, Stats could tell nothing.
extension OCIContainer {
  private static let limit = Duration.seconds(10)

  /// Nearly always all is done already, and only read. What fails is logged.
  func delegate(completion: @escaping () -> Void) {
    guard let delegation = group?.delegation, !delegation.isComplete else { return completion() }
    program.runOurselves(["delegate"] + delegation.folders, within: Self.limit) {
      [program, id] error in
      switch error {
      case .failed(let words)?, .abandoned(let words)?:
        program.warn("not all controllers: \(words)", id)
      default: break
      }
      completion()
    }
  }
}
