// SPDX-License-Identifier: Apache-2.0

#if DEBUG
  /// What a method does before or in place of its work, by order of a test: the language of containerd's
  /// pkg/failpoint, which descends from FreeBSD's fail(9).
  ///
  ///     COUNT*off | COUNT*error(WORDS) | COUNT*panic(WORDS) | COUNT*delay(MILLISECONDS) [->…]
  ///
  /// Each call uses up one count of the first term that has any left; afterwards nothing happens.
  package struct Failpoint: Equatable {
    package enum Action: Equatable {
      case off
      case error(String)
      case panic(String)
      case delay(Duration)
    }

    private struct Term: Equatable {
      var count: Int
      let action: Action
    }

    private var terms: [Term] = []

    package init?(_ text: String) {
      var rest = text[...]
      repeat {
        guard let term = Self.takeTerm(&rest) else { return nil }
        terms.append(term)
      } while Self.take("->", &rest)
      guard rest.isEmpty else { return nil }
    }

    package mutating func next() -> Action? {
      guard let index = terms.firstIndex(where: { $0.count > 0 }) else { return nil }
      terms[index].count -= 1
      return terms[index].action
    }

    private static func takeTerm(_ rest: inout Substring) -> Term? {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard let count = Int(digits), take("*", &rest) else { return nil }
      if take("off", &rest) { return Term(count: count, action: .off) }
      for name in ["error", "panic", "delay"] where take("\(name)(", &rest) {
        let words = rest.prefix { $0 != ")" }
        rest = rest.dropFirst(words.count)
        guard !words.isEmpty, take(")", &rest) else { return nil }
        switch name {
        case "error": return Term(count: count, action: .error(String(words)))
        case "panic": return Term(count: count, action: .panic(String(words)))
        default:
          return Int(words).map { Term(count: count, action: .delay(.milliseconds($0))) }
        }
      }
      return nil
    }

    private static func take(_ word: String, _ rest: inout Substring) -> Bool {
      guard rest.hasPrefix(word) else { return false }
      rest = rest.dropFirst(word.count)
      return true
    }
  }
#endif
