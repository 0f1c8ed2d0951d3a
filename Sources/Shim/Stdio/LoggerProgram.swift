// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// What takes a process's output in place of a client.
enum LoggerProgram: Equatable, Sendable {
  /// - Parameter mustSayReady: the end of the ready pipe is not enough (`binary-v2`).
  case binary(LoggerURL, mustSayReady: Bool)
  /// Our own, which writes a file.
  case file(String, creates: Bool)

  var path: String {
    switch self {
    case .binary(let url, _): url.path
    case .file(let path, _): path
    }
  }

  var isOurs: Bool {
    if case .file = self { true } else { false }
  }

  /// - Parameter id: of the container or exec.
  func command(id: String, namespace: String) -> Command {
    switch self {
    case .binary(let url, _):
      Command(
        path: url.path, arguments: [url.path] + url.arguments,
        environment: ["CONTAINER_ID=\(id)", "CONTAINER_NAMESPACE=\(namespace)"])
    case .file(let path, let creates): LogFile.command(path, creates: creates)
    }
  }

  /// Whether it may run. The list is on a disk, so a copy of ours reads it.
  func check(_ hub: StdioHub, completion: @escaping (StdioError?) -> Void) {
    if isOurs { return completion(nil) }
    do throws(Errno) {
      try HelperProcess.runCopy(
        ["check-logger", path], within: LoggerList.timeLimit, hub.loop, hub.children
      ) { ending in
        switch ending.status?.code {
        case 0: completion(nil)
        case nil: completion(.loggerRefused("\(LoggerList.path) cannot be read in time"))
        default: completion(.loggerRefused(String(ending.output.prefix { !$0.isNewline })))
        }
      }
    } catch {
      completion(.pipe(error))
    }
  }
}
