// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

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
    run(["unmount", path], completion: completion)
  }

  private func run(_ arguments: [String], completion: @escaping (RuntimeError?) -> Void) {
    if mounts.isEmpty { return completion(nil) }
    let command = Command(
      path: "/proc/self/exe", arguments: ["containerd-shim"] + arguments,
      environment: CurrentProcess.environmentForOthers)
    do throws(Errno) {
      try HelperProcess.run(command, within: Self.limit, loop, children) { ending in
        switch ending.status?.code {
        case 0: completion(nil)
        case nil: completion(.abandoned("\(arguments[0]) of the rootfs takes too long"))
        // One line, in containerd's words.
        default: completion(.failed(String(ending.output.prefix { !$0.isNewline })))
        }
      }
    } catch {
      completion(.failed("\(arguments[0]): \(error)"))
    }
  }
}

extension Mount {
  /// As `mount` reads it: type, source, target, the number of options, the options.
  fileprivate var words: [String] { [type, source, target, String(options.count)] + options }
}
