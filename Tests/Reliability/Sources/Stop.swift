// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Whether somebody wants the run to stop, by CTRL-C for example: what is under way is finished, and
/// the figures are kept.
enum Stop {
  private static let signalled = Atomic(false)

  static var isWanted: Bool { signalled.load(ordering: .relaxed) }

  static func onSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { _ in Stop.signalled.store(true, ordering: .relaxed) }
    }
  }
}
