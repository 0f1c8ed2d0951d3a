// SPDX-License-Identifier: Apache-2.0

/// How the OCI runtime is to be run.
package struct RuntimeOptions: Equatable, Sendable {
  /// Name or path of the runtime.
  package var binaryName = "runc"
  /// Where the runtime keeps its state, one folder for each namespace below.
  package var root = "/run/containerd/runc"
  package var systemdCgroup = false
  package var noPivotRoot = false
  package var noNewKeyring = false

  package init() {}
}
