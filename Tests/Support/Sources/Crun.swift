// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// crun, the other OCI runtime of Debian, which is not to be had on every machine.
package enum Crun {
  /// Runs a command where crun can: the crun of Debian 12 refuses cgroups of version 1 beside a
  /// hierarchy of version 2 (systemd's hybrid), so that the latter is hidden from it and its children.
  package static let wrapper = [
    "unshare", "--mount", "sh", "-c",
    "! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec \"$@\"", "sh",
  ]

  /// Why this machine runs no container with crun, in its own words; nil when it does.
  package static let refusal: String? = {
    do {
      let temporary = try TemporaryFolder()
      let folder = temporary.path
      try Busybox(in: folder).writeSpec("true", to: folder)
      let crun = ["crun", "--root", "\(folder)/crun", "run", "--bundle", folder]
      try Subprocess(wrapper + crun + ["crun-\(getpid())"]).wait().expectSuccess()
      withExtendedLifetime(temporary) {}
      return nil
    } catch {
      return "\(error)"
    }
  }()
}
