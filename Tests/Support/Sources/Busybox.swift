// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
internal import SwiftProtobuf

/// A root file system of this machine's static busybox, and specs of its commands: for bundles that
/// no containerd fills.
package struct Busybox {
  private let rootfs: String

  /// - Parameter folder: gets the folder `rootfs`, and so is itself almost a bundle.
  package init(in folder: String) throws {
    rootfs = "\(folder)/rootfs"
    for name in ["bin", "dev", "proc", "sys"] { try Files.makeFolder("\(rootfs)/\(name)") }
    try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(rootfs)/bin/busybox")
    for name in ["sh", "sleep", "true"] { symlink("busybox", "\(rootfs)/bin/\(name)") }
  }

  /// Gives a bundle the spec that `runc spec` writes, with another command and no terminal.
  package func writeSpec(_ command: String..., to bundle: String) throws {
    let file = "\(bundle)/config.json"
    unlink(file)
    try run("runc", "spec", "--bundle", bundle).expectSuccess()
    let text = try Data(contentsOf: URL(fileURLWithPath: file))
    var spec = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
    var process = spec["process"] as? [String: Any] ?? [:]
    process["args"] = command
    process["terminal"] = false
    spec["process"] = process
    try JSONSerialization.data(withJSONObject: spec).write(to: URL(fileURLWithPath: file))
  }

  /// A spec of a container with its own processes, mounts and control group, and little else. Its
  /// root can be written to: CRIU 4 makes a folder there when it restores.
  ///
  /// - Parameter memory: its limit, in bytes.
  package func spec(_ command: String..., of id: String, memory: Int? = nil) -> String {
    let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
    let resources = memory.map { #", "resources": {"memory": {"limit": \#($0)}}"# } ?? ""
    return """
      {"ociVersion": "1.0.2",
       "process": {"args": [\(words)],
                   "env": ["PATH=/bin"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
       "root": {"path": "\(rootfs)"},
       "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}],
       "linux": {"cgroupsPath": "\(OCIVariant.cgroup(id))",
                 "namespaces": [{"type": "pid"}, {"type": "mount"}]\(resources)}}
      """
  }

  /// What makes the root file system that of a bundle.
  package var mount: Mount {
    .with {
      $0.type = "bind"
      $0.source = rootfs
      $0.options = ["rbind", "ro"]
    }
  }
}
