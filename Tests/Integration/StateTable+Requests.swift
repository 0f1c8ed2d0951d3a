// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import SwiftProtobuf

/// Requests that are refused in any state, by what is wrong with them.
extension StateTable {
  struct Wrong<Request>: @unchecked Sendable {
    let change: (inout Request) -> Void
    let answer: String

    init(_ answer: String, _ change: @escaping (inout Request) -> Void) {
      self.change = change
      self.answer = answer
    }
  }

  static let long = String(repeating: "a", count: 77)

  /// To a Create that would else make a container.
  static let wrongCreates: [Wrong<CreateTaskRequest>] = [
    Wrong("InvalidArgument: identifier \"\"") { $0.id = "" },
    Wrong("InvalidArgument: identifier \"../x\"") { $0.id = "../x" },
    Wrong("InvalidArgument: identifier \"a\nb\"") { $0.id = "a\nb" },
    Wrong("InvalidArgument: identifier \"\(long)\"") { $0.id = long },
    Wrong("InvalidArgument: is no absolute path") { $0.bundle = "" },
    Wrong("InvalidArgument: is no absolute path") { $0.bundle = "bundle" },
    Wrong("NotFound: No such file or directory") { $0.bundle += "/nowhere" },
    Wrong("InvalidArgument: is no absolute path") { $0.checkpoint = "image" },
    Wrong("InvalidArgument: in is no absolute path") { $0.stdin = "in" },
    Wrong("InvalidArgument: out is no absolute path") { $0.stdout = "out" },
    Wrong("Unknown: unknown STDIO scheme none") { $0.stdout = "none:///out" },
    Wrong("InvalidArgument: binary:true is no absolute path") { $0.stdout = "binary:true" },
  ]

  /// To an Exec that would else note one.
  static let wrongExecs: [Wrong<ExecProcessRequest>] = [
    Wrong("NotFound: container not created") { $0.id = "nobody" },
    Wrong("InvalidArgument: identifier \"\"") { $0.execID = "" },
    Wrong("InvalidArgument: identifier \"../x\"") { $0.execID = "../x" },
    Wrong("InvalidArgument: identifier \"\(long)\"") { $0.execID = long },
    Wrong("AlreadyExists: already exists") { $0.execID = "there" },
    Wrong("InvalidArgument: exec without a process spec") { $0.clearSpec() },
    Wrong("InvalidArgument: exec without a process spec") { $0.spec.value = Data() },
    Wrong("Unknown: process spec") { $0.spec.value = Data("{".utf8) },
    Wrong("InvalidArgument: in is no absolute path") { $0.stdin = "in" },
    Wrong("InvalidArgument: out is no absolute path") { $0.stdout = "out" },
    Wrong("Unknown: unknown STDIO scheme none") { $0.stdout = "none:///out" },
    Wrong("InvalidArgument: binary:true is no absolute path") { $0.stdout = "binary:true" },
  ]
}
