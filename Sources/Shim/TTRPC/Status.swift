// SPDX-License-Identifier: Apache-2.0

/// How a call failed, as it travels: google.rpc.Status without its details.
package struct Status: Error, Equatable, Sendable {
  /// The numbers of gRPC. containerd turns them into its error classes (errdefs).
  package enum Code: Int32, Sendable {
    case ok = 0
    case canceled
    case unknown
    case invalidArgument
    case deadlineExceeded
    case notFound
    case alreadyExists
    case permissionDenied
    case resourceExhausted
    case failedPrecondition
    case aborted
    case outOfRange
    case unimplemented
    case `internal`
    case unavailable
    case dataLoss
    case unauthenticated

    /// A number that we do not know is `unknown`.
    package init(number: Int32) { self = Code(rawValue: number) ?? .unknown }
  }

  package var code: Code
  package var message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }
}
