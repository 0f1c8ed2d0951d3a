// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
internal import SwiftProtobuf

/// Which OCI runtime the tests' containers get, and who makes their cgroups: as two variables say, for
/// `make vm-test`, or else the shim's own choice, runc and its driver `cgroupfs`.
package enum OCIVariant {
  private static let environment = ProcessInfo.processInfo.environment
  /// A name or a path; empty means runc.
  package static let runtime = environment["OCI_RUNTIME"] ?? ""
  package static let usesSystemd = environment["CGROUP_DRIVER"] == "systemd"

  /// Whether this machine has cgroups of version 2 alone.
  package static let hasVersion2 = Files.exists("/sys/fs/cgroup/cgroup.controllers")

  /// Of the options' table.
  package static let driver = "SystemdCgroup = \(usesSystemd)\n"

  /// As messages, for calls without ctr.
  package static func options(root: String) -> RuncOptions {
    .with {
      $0.root = root
      $0.binaryName = runtime
      $0.systemdCgroup = usesSystemd
    }
  }

  /// With systemd a slice, and two parts of the scope's name (runc's docs/systemd.md).
  package static func cgroup(_ id: String) -> String {
    usesSystemd ? "system.slice:test:\(id)" : "/test/\(id)"
  }

  /// A call of `ctr` with the options added, if it runs one of our containers and names none itself.
  ///
  /// - Parameter folder: gets the table.
  static func complete(_ call: [String], in folder: String) throws -> [String] {
    guard usesSystemd || !runtime.isEmpty, !call.contains("--runtime-config-path"),
      let oci = call.firstIndex(of: Containerd.oci),
      let image = call.firstIndex(of: Containerd.image)
    else { return call }
    let table = "\(folder)/variant.toml"
    try "BinaryName = '\(runtime)'\n\(driver)".write(
      toFile: table, atomically: true, encoding: .utf8)
    var call = call
    call.insert(
      contentsOf: ["--runtime-config-path", table, "--cgroup", cgroup(call[image + 1])], at: oci + 1
    )
    return call
  }
}
