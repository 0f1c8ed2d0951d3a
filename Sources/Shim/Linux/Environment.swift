// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What a program gets as its environment. What it has of ours is handed on as it lies there: an entry
/// may be no UTF-8, which no String can hold.
package struct Environment: Equatable, Sendable, ExpressibleByArrayLiteral {
  /// Of our entries it does not get these: each is an entry, or a name with its `=`. Nil: it gets none.
  private var withheld: [String]?
  private var own: [String]

  /// These entries and no others.
  package init(_ entries: [String]) { own = entries }

  package init(arrayLiteral entries: String...) { own = entries }

  /// All of ours, but for some.
  package init(withholding withheld: [String]) {
    self.withheld = withheld
    own = []
  }

  /// In place of what has that name.
  package mutating func set(_ name: String, to value: String) {
    withheld?.append("\(name)=")
    own.removeAll { $0.hasPrefix("\(name)=") }
    own.append("\(name)=\(value)")
  }

  /// As execve(2) wants it: a C array of C strings that ends in NULL, which lives as long as the call.
  func withPointers<Result>(
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    // No array: its type would be made at run time, which takes `start` longer than all of this.
    var count = 0
    while unsafe environ[count] != nil { count += 1 }
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: count + own.count + 1)
    defer { unsafe pointers.deallocate() }
    var used = 0
    for index in 0..<count {
      guard let withheld, let entry = unsafe environ[index] else { break }
      if withheld.contains(where: { unsafe Self.isEntry(entry, $0) }) { continue }
      unsafe pointers[used] = unsafe entry
      used += 1
    }
    let inherited = used
    for entry in own {
      unsafe pointers[used] = unsafe strdup(entry)
      used += 1
    }
    unsafe pointers[used] = nil
    defer { for index in inherited..<used { unsafe free(pointers[index]) } }
    return unsafe body(pointers)
  }

  private static func isEntry(_ entry: UnsafeMutablePointer<CChar>, _ words: String) -> Bool {
    unsafe words.hasSuffix("=")
      ? strncmp(entry, words, words.utf8.count) == 0 : strcmp(entry, words) == 0
  }
}

extension Environment {
  /// Glibc's setting for a small heap: up to seven freed blocks of each size are no longer kept, strewn
  /// over pages that could be given back. Read when a program begins, and only from the environment.
  private static let compactHeap = (name: "GLIBC_TUNABLES", value: "glibc.malloc.tcache_count=0")

  /// For a program of ours that stays. Somebody else's setting goes before ours.
  package static var forDaemon: Environment {
    var all = Environment(withholding: [])
    if CurrentProcess.environmentVariable(compactHeap.name) == nil {
      all.set(compactHeap.name, to: compactHeap.value)
    }
    return all
  }

  /// For programs of others: without what is ours, and without the socket by which containerd talks to
  /// systemd, in containerd's name.
  package static let forOthers = Environment(
    withholding: ["NOTIFY_SOCKET=", "\(compactHeap.name)=\(compactHeap.value)"])
}
