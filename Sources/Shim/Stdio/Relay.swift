// SPDX-License-Identifier: Apache-2.0

internal import struct SystemPackage.Errno

/// Moves bytes from one descriptor to another, a bounded piece in a turn, as long as both live.
///
/// When its output has failed it reads on and drops what comes, so that the writer goes on.
protocol Relay: AnyObject {
  var output: RelayOutput { get }
  /// Bytes that have left the writer and not reached the output.
  var bytesHeld: Int { get }

  /// The process whose output this is has exited. Most inputs end by that themselves.
  func processExited()

  /// Lets go of both ends; tells nobody.
  func close()
}

extension Relay {
  func processExited() {}
}

/// What a relay tells.
enum RelayEnd: Equatable, Sendable {
  /// All writers of the input are gone, and every byte was written: it is over.
  case inputEnded
  /// The output takes no more: `EPIPE` without a reader, `ENOSPC` of a full disk.
  case outputFailed(Errno)
}
