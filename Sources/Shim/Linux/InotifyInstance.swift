// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

/// What inotify can tell of a file.
package struct FileEvents: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let opened = FileEvents(rawValue: UInt32(IN_OPEN))
  package static let read = FileEvents(rawValue: UInt32(IN_ACCESS))
  package static let modified = FileEvents(rawValue: UInt32(IN_MODIFY))
  package static let readerLeft = FileEvents(rawValue: UInt32(IN_CLOSE_NOWRITE))
}

/// The system calls of inotify(7).
package enum InotifyInstance {
  package static func open() throws(Errno) -> Descriptor {
    Descriptor(owning: try valueOrErrno { inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) })
  }

  /// The same id again for a file that is watched already; the events add up.
  package static func add(
    _ instance: borrowing Descriptor, _ path: String, _ events: FileEvents
  ) throws(Errno) -> Int32 {
    try valueOrErrno {
      unsafe inotify_add_watch(instance.number, path, events.rawValue | UInt32(IN_MASK_ADD))
    }
  }

  package static func remove(_ instance: borrowing Descriptor, _ id: Int32) {
    _ = inotify_rm_watch(instance.number, id)
  }

  /// What has happened; id -1 means that events were lost.
  package static func read(_ instance: borrowing Descriptor) -> [(id: Int32, events: FileEvents)] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var found: [(Int32, FileEvents)] = []
    unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      guard let count = try? unsafe instance.read(into: buffer) else { return }
      let bytes = UnsafeRawBufferPointer(buffer)
      var offset = 0
      let header = MemoryLayout<inotify_event>.size
      while offset + header <= count {
        let event = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        found.append((event.wd, FileEvents(rawValue: event.mask)))
        offset += header + Int(event.len)
      }
    }
    return found
  }
}
