// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

/// A shim without containerd whose containers are real ones, from a busybox, and whose control groups the
/// tests reach.
final class OCIHost {
  let host: ShimHost
  private let busybox: Busybox
  /// Of the names of control groups: no two hosts have one in common.
  private var prefix: String { (host.folder.path as NSString).lastPathComponent }

  static func run(_ body: (OCIHost) throws -> Void) throws {
    try ShimHost.run(ShimBinary.oci) { try body(OCIHost($0)) }
  }

  private init(_ host: ShimHost) throws {
    self.host = host
    busybox = try Busybox(in: host.folder.path)
  }

  /// Creates a container.
  ///
  /// - Parameters:
  ///   - ownPIDs: else it shares the host's.
  ///   - groupOf: the id of the container whose control group it shares.
  func create(
    _ client: ShimClient, _ id: String, ownPIDs: Bool = true, groupOf other: String? = nil,
    _ command: String
  ) throws -> Int32 {
    if !Files.exists(host.bundle(id)) { try host.makeBundle(id) }
    var spec = busybox.spec("sh", "-c", command, of: "\(prefix)-\(other ?? id)")
    if !ownPIDs { spec = spec.replacingOccurrences(of: #"{"type": "pid"}, "#, with: "") }
    try host.write(spec, to: "config.json", of: id)
    var request = host.createRequest(id)
    request.options = .init(packing: OCIVariant.options(root: "\(host.folder.path)/runc"))
    let response: CreateTaskResponse = try client.call("Create", request)
    return Int32(response.pid)
  }

  /// The same, and starts it.
  func run(
    _ client: ShimClient, _ id: String, ownPIDs: Bool = true, groupOf other: String? = nil,
    _ command: String
  ) throws -> Int32 {
    _ = try create(client, id, ownPIDs: ownPIDs, groupOf: other, command)
    return try client.start(id)
  }

  func exec(_ client: ShimClient, _ id: String, _ exec: String, _ command: String) throws -> Int32 {
    let _: Google_Protobuf_Empty = try client.call("Exec", request(id, exec, command))
    let response: StartResponse = try client.call("Start", process(id, exec))
    return Int32(response.pid)
  }

  func request(_ id: String, _ exec: String, _ command: String) -> ExecProcessRequest {
    .with {
      $0.id = id
      $0.execID = exec
      $0.spec.value = Data(
        #"{"args": ["sh", "-c", "\#(command)"], "env": ["PATH=/bin"], "cwd": "/"}"#.utf8)
    }
  }

  func process(_ id: String, _ exec: String) -> StateRequest {
    .with {
      $0.id = id
      $0.execID = exec
    }
  }

  func end(_ client: ShimClient, _ id: String) throws {
    try client.kill(id, 9)
    _ = try client.wait(id)
    _ = try client.delete(id)
  }
}

/// The control group of a process, and what may be written there.
struct RealGroup {
  /// Of the controller `freezer` and, in version 1, of one that knows all processes.
  let freezer: String
  let pids: String

  init(of pid: Int32) throws {
    let lines = try #require(Files.read("/proc/\(pid)/cgroup")).split(separator: "\n")
    func folder(_ controller: String) throws -> String {
      let mark = OCIVariant.hasVersion2 ? "::" : ":\(controller):"
      let line = try #require(lines.first { $0.contains(mark) })
      let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)[2]
      return "/sys/fs/cgroup\(OCIVariant.hasVersion2 ? "" : "/\(controller)")\(path)"
    }
    freezer = try folder("freezer")
    pids = try folder("pids")
  }

  var members: [Int32] {
    (Files.read("\(pids)/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
  }

  static func write(_ text: String, to file: String) throws {
    try Handle.open(file, O_WRONLY).write(Array(text.utf8))
  }

  func freeze(_ folder: String? = nil) throws {
    let folder = folder ?? freezer
    if OCIVariant.hasVersion2 {
      try Self.write("1", to: "\(folder)/cgroup.freeze")
      try eventually("it is frozen") {
        Files.read("\(folder)/cgroup.events")?.contains("frozen 1") ?? false
      }
    } else {
      try eventually("it is frozen") {
        // Again: it may stay on its way, as runc knows.
        try Self.write("THAWED", to: "\(folder)/freezer.state")
        try Self.write("FROZEN", to: "\(folder)/freezer.state")
        return Files.read("\(folder)/freezer.state") == "FROZEN\n"
      }
    }
  }

  func thaw() throws {
    if OCIVariant.hasVersion2 {
      try Self.write("0", to: "\(freezer)/cgroup.freeze")
    } else {
      try Self.write("THAWED", to: "\(freezer)/freezer.state")
    }
  }

  var isFrozen: Bool {
    OCIVariant.hasVersion2
      ? Files.read("\(freezer)/cgroup.freeze") == "1\n"
      : Files.read("\(freezer)/freezer.state") == "FROZEN\n"
  }

  /// Another one, in it, with one of its processes, frozen.
  func freezeBelow(_ pid: Int32) throws {
    let below = "\(freezer)/below"
    try Files.makeFolder(below)
    try Self.write("\(pid)", to: "\(below)/cgroup.procs")
    try freeze(below)
  }
}
