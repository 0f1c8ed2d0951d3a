// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

/// The root file system of a container, which we mount when containerd gives us mounts. Done by
/// children of ours: `mount` and `unmount` of this same executable.
final class Rootfs {
  private static let limit = Duration.seconds(60)

  private let path: String
  private let mounts: [Mount]
  private let loop: EventLoop
  private let children: ChildProcesses

  init(_ bundle: Bundle, _ mounts: [Mount], _ loop: EventLoop, _ children: ChildProcesses) {
    // As the table of mounts names it.
    path = "\(bundle.realPath ?? bundle.path)/rootfs"
    self.mounts = mounts
    self.loop = loop
    self.children = children
  }

  func mount(completion: @escaping (RuntimeError?) -> Void) {
    run(["mount", path] + mounts.flatMap(\.words), completion: completion)
  }

  func unmount(completion: @escaping (RuntimeError?) -> Void) {
    run(["unmount", path], insists: true, completion: completion)
  }

  private func run(
    _ arguments: [String], insists: Bool = false, completion: @escaping (RuntimeError?) -> Void
  ) {
    if mounts.isEmpty { return completion(nil) }
    HelperProcess.runOurselves(
      arguments, within: Self.limit, loop, children, insists: insists, completion: completion)
  }
}

extension Mount {
  /// As `mount` reads it: type, source, target, the number of options, the options.
  fileprivate var words: [String] { [type, source, target, String(options.count)] + options }
}
