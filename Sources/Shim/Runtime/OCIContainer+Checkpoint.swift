// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Stdio

internal import struct SystemPackage.Errno

/// Checkpoints, which the runtime makes and reads with CRIU (criu(8)).
extension OCIContainer {
  /// All memory of the container goes to a disk, or comes from one.
  private static let limit = Duration.seconds(600)
  private static let checkLimit = Duration.seconds(30)

  /// What is to be restored at Start, and for whom.
  struct Restoration {
    /// The folder of the checkpoint.
    let image: String
    let io: ProcessIO
    let onExit: (ExitStatus) -> Void
  }

  func checkpoint(_ request: CheckpointRequest, completion: @escaping (RuntimeError?) -> Void) {
    let own = "criu.\(program.runs)"
    let isOwn = request.workPath.isEmpty
    let work = isOwn ? "\(program.bundle.path)/\(own)" : request.workPath
    let arguments = ["checkpoint"] + request.flags(workPath: work) + [id]
    program.execute(arguments, within: Self.limit) { [program] outcome in
      let log = isOwn ? program.keepLog(in: own, outcome) : "\(work)/dump.log"
      if isOwn { try? program.bundle.removeFolder(own) }
      switch outcome {
      case .success: completion(nil)
      case .unfinished(let words): completion(.abandoned("checkpoint: \(words)"))
      case .failure(let words, _):
        // containerd's own shim says the first line of what was printed, and where the log is.
        let line = words.prefix { !$0.isNewline }
        completion(.failed(log.map { "\(line) path= \($0)" } ?? String(line)))
      }
    }
  }

  /// Makes init from a checkpoint. Who wrote the image is not known: it is looked at first.
  func restore(
    _ restoration: Restoration, completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void
  ) {
    let set = program.options.criuWorkPath
    let work = set.isEmpty ? "\(program.bundle.path)/work" : set
    let flags = ["--image-path", restoration.image, "--work-path", work, "--detach"]
    program.runOurselves(["check-image", restoration.image], within: Self.checkLimit) {
      [program, id] error in
      if let error { return completion(.failure(error)) }
      program.makeProcess(
        "restore", flags + program.bundleFlags, [id], pidFile: "init.pid", restoration.io,
        restoration.onExit,
        within: Self.limit, completion: completion)
    }
  }
}

extension OCIProgram {
  /// Keeps the log of a failure in the bundle, under the name that containerd's own shim gives it.
  ///
  /// - Returns: its path; nil when there is none.
  fileprivate func keepLog(in folder: String, _ outcome: Outcome) -> String? {
    let kept = "criu-dump.log"
    guard case .failure = outcome, (try? bundle.rename("\(folder)/dump.log", to: kept)) != nil
    else { return nil }
    return "\(bundle.path)/\(kept)"
  }
}
