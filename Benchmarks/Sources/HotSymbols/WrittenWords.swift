// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What a process has changed of its executable's data: words whose pages are its own (proc(5),
/// `pagemap`) and that differ from the file.
enum WrittenWords {
  private static let page: UInt64 = 4096

  /// - Returns: their addresses.
  static func find(in pid: Int32, of executable: String) throws -> [UInt64] {
    let image = try ELFImage(executable)
    let pages = try Handle.open("/proc/\(pid)/pagemap", O_RDONLY)
    let memory = try Handle.open("/proc/\(pid)/mem", O_RDONLY)
    var found: [UInt64] = []
    for address in stride(from: image.start, to: image.end, by: Int(page)) {
      let entry = read(pages, count: 1, at: address / page * 8).first ?? 0
      let isPresent = entry >> 63 == 1
      let isOfFile = entry >> 61 & 1 == 1
      guard isPresent, !isOfFile else { continue }
      for (index, word) in read(memory, count: Int(page / 8), at: address).enumerated() {
        let place = address + UInt64(index) * 8
        if let first = image.word(at: place), first != word { found.append(place) }
      }
    }
    return found
  }

  private static func read(_ handle: Handle, count: Int, at offset: UInt64) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: count)
    let size = pread(handle.number, &words, count * 8, off_t(offset))
    return Array(words.prefix(max(0, size) / 8))
  }
}

/// What of an executable is loaded where, at first (elf(5)).
private struct ELFImage {
  private struct Segment {
    let address, fileSize, size, offset: UInt64
  }

  private let bytes: [UInt8]
  private let segments: [Segment]

  init(_ path: String) throws {
    guard let data = FileManager.default.contents(atPath: path), data.count > 64 else {
      throw TestFailure("\(path) is no executable")
    }
    let bytes = Array(data)
    self.bytes = bytes
    let table = Int(Self.number(bytes, 32, UInt64.self))
    let count = Int(Self.number(bytes, 56, UInt16.self))
    let isLoaded: UInt32 = 1  // PT_LOAD
    segments = (0..<count).map { table + $0 * 56 }
      .filter { Self.number(bytes, $0, UInt32.self) == isLoaded }
      .map {
        Segment(
          address: Self.number(bytes, $0 + 16, UInt64.self),
          fileSize: Self.number(bytes, $0 + 32, UInt64.self),
          size: Self.number(bytes, $0 + 40, UInt64.self),
          offset: Self.number(bytes, $0 + 8, UInt64.self))
      }
  }

  var start: UInt64 { (segments.map(\.address).min() ?? 0) & ~4095 }
  var end: UInt64 { segments.map { $0.address + $0.size }.max() ?? 0 }

  /// Nil where nothing is loaded; 0 beyond what the file has.
  func word(at address: UInt64) -> UInt64? {
    guard
      let segment = segments.first(where: {
        $0.address <= address && address - $0.address < $0.size
      })
    else { return nil }
    let place = address - segment.address
    guard place < segment.fileSize else { return 0 }
    let word = Self.number(bytes, Int(segment.offset + place), UInt64.self)
    let left = segment.fileSize - place
    return left >= 8 ? word : word & (1 << (left * 8) - 1)
  }

  private static func number<Number: FixedWidthInteger>(
    _ bytes: some RandomAccessCollection<UInt8>, _ offset: Int, _: Number.Type
  ) -> Number {
    bytes.dropFirst(offset).prefix(Number.bitWidth / 8).reversed().reduce(0) {
      $0 << 8 | Number($1)
    }
  }
}
