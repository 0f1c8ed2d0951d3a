// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Foundation

/// A task's folder below containerd's state directory, laid out as containerd does (bundle.go).
package struct TaskBundle {
  package let id: String
  package let path: String
  /// What outlives a reboot.
  private let work: String

  init(_ id: String, _ command: ShimCommand) {
    self.id = id
    path = "\(Self.folder(command))/\(id)"
    work = "\(command.folder)/root/\(Self.runtime)/\(command.namespace)/\(id)"
  }

  private static let runtime = "io.containerd.runtime.v2.task"

  /// All bundles of a namespace.
  static func folder(_ command: ShimCommand) -> String {
    "\(command.folder)/state/\(runtime)/\(command.namespace)"
  }

  func make(annotations: [String: String]) throws {
    try Files.makeFolder(work)
    try Files.makeFolder(path)
    chmod(path, 0o700)
    try Files.makeFolder("\(path)/rootfs")
    chmod("\(path)/rootfs", 0o711)
    symlink(work, "\(path)/work")
    let spec = try JSONEncoder().encode(["annotations": annotations])
    try write("config.json", String(decoding: spec, as: UTF8.self))
    try Files.makeFifo("\(path)/log")
  }

  /// With both ends: so the shim's open never blocks.
  func openLog() throws -> Collector {
    Collector(try Handle.open("\(path)/log", O_RDWR | O_NONBLOCK))
  }

  package func read(_ name: String) throws -> String {
    guard let text = Files.read("\(path)/\(name)") else {
      throw TestFailure("no \(name) in \(path)")
    }
    return text
  }

  package func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  func remove() throws {
    try Leftovers.expectNoMount(below: path)
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.removeItem(atPath: work)
  }
}
