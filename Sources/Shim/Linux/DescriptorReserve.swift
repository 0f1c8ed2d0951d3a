// SPDX-License-Identifier: Apache-2.0

internal import Glibc

internal import struct SystemPackage.Errno

/// Descriptors that are open for nothing, so that some can be closed when there are no others: what ends a
/// container must not fail for want of what its end gives back.
package final class DescriptorReserve {
  /// For one run of a program: its log, its input, a pipe, a pidfd, and what the child itself has to open.
  private static let size = 12

  private var numbers: [Int32] = []

  package init() { refill() }

  package func lend() {
    for number in numbers { _ = Descriptor(owning: number) }
    numbers = []
  }

  /// As far as there are descriptors; cheap when it is full.
  package func refill() {
    guard numbers.count < Self.size else { return }
    numbers.reserveCapacity(Self.size)
    while numbers.count < Self.size {
      let number = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      if number < 0 { return }
      numbers.append(number)
    }
  }
}
