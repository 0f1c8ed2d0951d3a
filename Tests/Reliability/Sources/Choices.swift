// SPDX-License-Identifier: Apache-2.0

/// Random numbers of a seed and a round: the same two give the same choices, whatever was played before.
struct Choices: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, round: Int) {
    state = seed &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(round) &* 0xd1b5_4a32_d192_ed03
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True once in so many times.
  mutating func once(in times: Int) -> Bool { number(1...times) == 1 }

  /// One of these, the heavier the more often.
  mutating func one<Value>(of values: [(weight: Int, value: Value)]) -> Value {
    var rest = number(1...values.reduce(0) { $0 + $1.weight })
    for (weight, value) in values {
      rest -= weight
      if rest <= 0 { return value }
    }
    return values[values.count - 1].value
  }
}
