// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import struct SystemPackage.Errno

/// Small files of /proc.
package enum ProcFile {
  package static func read(_ name: String) -> String? {
    guard let file = unsafe fopen("/proc/\(name)", "re") else { return nil }
    defer { _ = unsafe fclose(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
  }

  package static func write(_ name: String, _ text: String) throws(Errno) {
    let file = Descriptor(
      owning: try valueOrErrno { unsafe open("/proc/\(name)", O_WRONLY | O_CLOEXEC) })
    _ = try file.write(Array(text.utf8).span)
  }

  package static func list(_ name: String) -> [String] {
    guard let directory = unsafe opendir("/proc/\(name)") else { return [] }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}
