// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// One mount to be made. All of it may block: for commands.
package struct Mount: Equatable, Sendable {
  package let type: String
  package let source: String
  /// Below the root filesystem; empty for itself.
  package let target: String
  package let options: [String]

  package init(type: String, source: String, target: String, options: [String]) {
    self.type = type
    self.source = source
    self.target = target
    self.options = options
  }

  package enum Failure: Error, Equatable {
    case options(MountOptions.Failure)
    case notBuilt(String)
    /// What we tried, and how the kernel answered.
    case kernel(_ step: String, Errno)
  }

  /// - Parameter root: absolute. The target is looked up so that no link leads out of it.
  package func attach(to root: String) throws(Failure) {
    if type.hasPrefix("fuse.") || type.hasPrefix("fuse3.") { throw .notBuilt(type) }
    let options: MountOptions
    let layers: OverlayLayers
    let data: String
    do throws(MountOptions.Failure) {
      options = try MountOptions(self.options)
      layers = type == "overlay" ? OverlayLayers(options.data) : OverlayLayers([])
      data = try MountOptions.join(layers.data.isEmpty ? options.data : layers.data)
    } catch {
      throw .options(error)
    }
    let place = try Self.step("\(root)/\(target)") { () throws(Errno) in
      Descriptor(owning: try check(unsafe clinux_open_root(root, target.isEmpty ? "." : target)))
    }
    // The mount goes onto the very folder that was found.
    let path = "/proc/self/fd/\(place.number)"
    if options.isMapped {
      try attachMapped(to: place, options)
      return try remountIfNeeded(root, options)
    }
    var source = self.source
    var loop: Descriptor?
    if options.isLoop { loop = try Self.attachLoop(&source, options.isReadOnly) }
    try Self.step("mount \(source)") { () throws(Errno) in
      // The command ends soon; it needs no way back.
      if let folder = layers.folder { try valueOrErrno { unsafe chdir(folder) } }
      let flags = options.isBind ? options.flags & UInt(MS_BIND | MS_REC) : options.flags
      try check(unsafe clinux_mount(source, path, type, flags, data))
    }
    _ = consume loop  // held until here: without a user the device would end
    if options.isBind { try remountIfNeeded(root, options) }
  }

  /// A bind mount has its source's flags, whatever was asked for: the second call sets them.
  private func remountIfNeeded(_ root: String, _ options: MountOptions) throws(Failure) {
    guard options.remountFlags != 0 else { return }
    try Self.step("remount \(root)/\(target)") { () throws(Errno) in
      // Looked up again: what was found before lies below the new mount.
      let place = Descriptor(
        owning: try check(unsafe clinux_open_root(root, target.isEmpty ? "." : target)))
      try check(
        unsafe clinux_remount_bind("/proc/self/fd/\(place.number)", options.remountFlags))
    }
  }

  /// - Parameter source: a file's path, which becomes that of its device.
  private static func attachLoop(_ source: inout String, _ readOnly: Bool) throws(Failure)
    -> Descriptor
  {
    var name = [CChar](repeating: 0, count: 64)
    let file = source
    let device = try step("loop device for \(file)") { () throws(Errno) in
      Descriptor(owning: try check(unsafe clinux_attach_loop(file, readOnly, &name, name.count)))
    }
    source = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return device
  }

  private func attachMapped(
    to place: borrowing Descriptor, _ options: MountOptions
  ) throws(Failure) {
    guard options.isBind else { throw .notBuilt("uidmap of \(type)") }
    let uids: String
    let gids: String
    do throws(MountOptions.Failure) {
      uids = try MountOptions.lines(options.uidMap)
      gids = try MountOptions.lines(options.gidMap)
    } catch {
      throw .options(error)
    }
    let namespace = try Self.step("user namespace") { () throws(Errno) in
      Descriptor(owning: try check(unsafe clinux_open_user_namespace(uids, gids)))
    }
    let tree = try Self.step("id-mapped copy of \(source) (Linux 5.12)") { () throws(Errno) in
      Descriptor(
        owning: try check(
          unsafe clinux_open_mapped_tree(source, options.isRecursive, namespace.number)))
    }
    do throws(Errno) {
      try check(clinux_attach_tree(tree.number, place.number))
    } catch {
      throw .kernel("mount \(source)", error)
    }
  }

  private static func step<Result: ~Copyable>(
    _ words: String, _ body: () throws(Errno) -> Result
  ) throws(Failure) -> Result {
    do throws(Errno) {
      return try body()
    } catch {
      throw .kernel(words, error)
    }
  }
}

extension Mount.Failure {
  package var words: String {
    switch self {
    case .options(let failure): failure.words
    case .notBuilt(let what): "\(what) is not supported"
    case .kernel(let step, let error): "\(step): \(error)"
    }
  }
}
