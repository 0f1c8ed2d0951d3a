// SPDX-License-Identifier: Apache-2.0

/// Where the linker has put what, from lld's `-Map`: lines of address, load address, size (all
/// hexadecimal), alignment and a name, which is indented more for an input section than for the output
/// section that it went into, and most for a symbol.
struct LinkMap {
  struct Section {
    let address: UInt64
    let size: UInt64
    /// Those that name it to the linker.
    var symbols: [String] = []
  }

  /// Input sections, by address.
  let sections: [Section]
  /// How many symbols of a name there are: local ones may share it.
  private let uses: [String: Int]

  init(_ text: String) {
    var sections: [Section] = []
    var uses: [String: Int] = [:]
    for line in text.split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ", maxSplits: 4)
      guard words.count == 5, let address = UInt64(words[0], radix: 16),
        let size = UInt64(words[2], radix: 16), let start = words.last?.startIndex
      else { continue }
      // One space has been taken as the separator; the name begins at a column that tells the kind.
      let name = line[start...]
      switch name.prefix(while: { $0 == " " }).count {
      case 8..<16: if size > 0 { sections.append(Section(address: address, size: size)) }
      case 16...:
        let symbol = String(name.drop { $0 == " " })
        uses[symbol, default: 0] += 1
        if let last = sections.indices.last { sections[last].symbols.append(symbol) }
      default: break
      }
    }
    self.sections = sections.sorted { $0.address < $1.address }
    self.uses = uses
  }

  /// The section that holds an address.
  func section(at address: UInt64) -> Int? {
    var low = 0
    var high = sections.count
    while low < high {
      let middle = (low + high) / 2
      if sections[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - sections[low - 1].address < sections[low - 1].size else { return nil }
    return low - 1
  }

  /// The symbol that names a section best; nil when it has none.
  func symbol(of section: Int) -> String? {
    sections[section].symbols.min {
      (uses[$0] ?? 0, $0.utf8.count, $0) < (uses[$1] ?? 0, $1.utf8.count, $1)
    }
  }
}
