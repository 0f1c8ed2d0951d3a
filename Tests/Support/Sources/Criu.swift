// SPDX-License-Identifier: Apache-2.0

/// CRIU, by which runc makes checkpoints. A kernel that is newer than it may be too much for it.
package enum Criu {
  /// Why this machine makes no checkpoints, in CRIU's own words; nil when it does.
  package static let refusal: String? = {
    do {
      if OCIVariant.runtime == "crun" { return "Debian's crun is built without it" }
      try Subprocess(["criu", "check"]).wait().expectSuccess()
      return nil
    } catch {
      return "\(error)"
    }
  }()
}
