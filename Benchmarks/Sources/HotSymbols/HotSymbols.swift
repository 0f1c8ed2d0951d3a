// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Lists the variables that a shim writes, for the linker to lay them side by side: each page that one
/// of them lies on is a page that no two shims share. And the functions that each executes.
enum HotSymbols {
  static let file = "\(ShimBinary.root)/Sources/Shim/hot-symbols.txt"

  /// A section this large has pages of its own anyway, and comes last.
  private static let large = 4096

  /// - Parameter mapFile: lld's map of the executable.
  static func list(mapFile: String) throws {
    guard let text = Files.read(mapFile) else { throw TestFailure("\(mapFile): cannot be read") }
    let map = LinkMap(text)
    let executable = try ShimBinary.path(ShimBinary.oci)
    let (idle, used) = try writtenSections(map, executable)
    let order = bySize(idle, map) + bySize(used.subtracting(idle), map)
    let small = order.filter { map.sections[$0].size < large }
    let all = small + order.filter { map.sections[$0].size >= large }
    let symbols = all.compactMap(map.symbol(of:))
    let functions = try ExecutedFunctions.find(executable)
    try "\(header)\((symbols + functions).joined(separator: "\n"))\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    say(
      """
      \(symbols.count) sections are written: \(idle.count) of them while one container is idle; \
      \(functions.count) functions are executed
      """)
  }

  private static let header = """
    # What a shim writes and executes, by `make hot-symbols`: the linker lays the sections of these symbols
    # side by side (lld, --symbol-ordering-file). A name that is gone is ignored.

    """

  /// Of a shim with one container that has come to rest, and after it has been used.
  private static func writtenSections(
    _ map: LinkMap, _ executable: String
  ) throws -> (idle: Set<Int>, used: Set<Int>) {
    var moments: [Set<Int>] = []
    try Containerd.run { containerd in
      try containerd.runSleeper("hot")
      let shim = try containerd.shim(of: "hot")
      func look() throws {
        _ = try Footprint.whenAsleep(shim)
        let words = try WrittenWords.find(in: shim, of: executable)
        moments.append(Set(words.compactMap(map.section)))
      }
      try look()
      try containerd.ctr("task", "exec", "--exec-id", "e", "hot", "sh", "-c", "ls; exit 0")
        .expectSuccess()
      try containerd.ctr("task", "metrics", "hot").expectSuccess()
      try containerd.ctr("task", "ps", "hot").expectSuccess()
      try containerd.ctr("task", "pause", "hot").expectSuccess()
      try containerd.ctr("task", "resume", "hot").expectSuccess()
      try look()
      try containerd.endTask("hot")
    }
    return (moments[0], moments[0].union(moments[1]))
  }

  private static func bySize(_ sections: Set<Int>, _ map: LinkMap) -> [Int] {
    sections.sorted { (map.sections[$0].size, $0) < (map.sections[$1].size, $1) }
  }
}
