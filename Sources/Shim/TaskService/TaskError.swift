// SPDX-License-Identifier: Apache-2.0

internal import Runtime
internal import Stdio
internal import TTRPC

internal import struct SystemPackage.Errno

/// Why a request was refused: the only place that knows codes on the wire.
///
/// containerd's clients look at the code; people look at the text, which ends in the words of its
/// class as those of containerd's own shims do.
package enum TaskError: Error, Equatable {
  case notFound(String)
  case alreadyExists(String)
  case invalid(String)
  case precondition(String)
  case unimplemented(String)
  case unavailable(String)
  case deadline(String)
  case exhausted(String)
  /// What has no class, such as a call in the wrong state: containerd's shims answer Unknown.
  case unknown(String)

  static let noContainer = TaskError.notFound("container not created")
  /// Of the runtime's: it was not restored yet, or somebody else has deleted it.
  static let noSuchContainer = TaskError.notFound("no such container")
  static let shuttingDown = TaskError.unavailable("this shim is shutting down")
  static let finished = TaskError.notFound("process already finished")

  static func noExec(_ id: String) -> TaskError { .notFound("process does not exist \(id)") }

  var status: Status {
    switch self {
    case .notFound(let text): Status(code: .notFound, message: "\(text): not found")
    case .alreadyExists(let text): Status(code: .alreadyExists, message: "\(text): already exists")
    case .invalid(let text): Status(code: .invalidArgument, message: "\(text): invalid argument")
    case .precondition(let text):
      Status(code: .failedPrecondition, message: "\(text): failed precondition")
    case .unimplemented(let text): Status(code: .unimplemented, message: "\(text): not implemented")
    case .unavailable(let text): Status(code: .unavailable, message: "\(text): unavailable")
    case .deadline(let text):
      Status(code: .deadlineExceeded, message: "\(text): context deadline exceeded")
    case .exhausted(let text):
      Status(code: .resourceExhausted, message: "\(text): resource exhausted")
    case .unknown(let text): Status(code: .unknown, message: text)
    }
  }

  /// As containerd's own shim says it.
  static func ofKill(_ error: RuntimeError) -> TaskError {
    guard case .failed(let words) = error else { return TaskError(error) }
    // The runtime's words for what has ended before it could be signalled.
    if words.contains("process already finished") || words.contains("container not running")
      || words.lowercased().contains("no such process")
    {
      return .finished
    }
    if error.tellsOfNoContainer { return .noSuchContainer }
    return .unknown("unknown error after kill: \(words)")
  }

  init(_ error: RuntimeError) {
    switch error {
    case .notBuilt(let text): self = .unimplemented(text)
    case .refused(let text): self = .precondition(text)
    case .invalid(let text): self = .invalid(text)
    case .missing(let text): self = .notFound(text)
    case .failed(let text), .abandoned(let text): self = .unknown(text)
    case .processFinished: self = .finished
    }
  }

  init(_ error: StdioError) {
    let prefix = "failed to create init process I/O"
    switch error {
    case .unknownScheme(let scheme): self = .unknown("\(prefix): unknown STDIO scheme \(scheme)")
    case .notAPath(let name): self = .invalid("\(prefix): \(name) is no absolute path")
    case .open(let path, .noSuchFileOrDirectory):
      self = .notFound("\(prefix): open \(path): no such file or directory")
    case .open(let path, let error): self = .unknown("\(prefix): open \(path): \(error)")
    case .pipe(let error): self = .unknown("\(prefix): pipe: \(error)")
    case .noReader: self = .deadline("failed to start io pipe copy")
    case .logger(let path, let error):
      let words = error == .noSuchFileOrDirectory ? "no such file or directory" : "\(error)"
      self = .unknown("\(prefix): failed to start binary process: fork/exec \(path): \(words)")
    case .loggerNotReady:
      self = .unknown(
        "\(prefix): logging binary did not call ready (it may have crashed or exited prematurely)")
    case .loggerIsLate(let path): self = .deadline("\(prefix): \(path) did not call ready")
    case .loggerRefused(let words): self = .precondition("\(prefix): \(words)")
    }
  }
}
