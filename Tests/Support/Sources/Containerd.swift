// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Foundation

/// A containerd of a test's own, with our shims in its PATH and a busybox image.
package final class Containerd {
  package static let image = "docker.io/library/busybox:test"
  package static let namespace = "default"

  private let root: TemporaryFolder
  /// Before all others in its PATH.
  private let shims: String
  private let wrapper: [String]
  /// Its root, state and log.
  package let folder: String
  package private(set) var address = ""
  private var script: Subprocess?
  /// The ids used, and where their shims listen.
  private var sockets: [String: String] = [:]

  /// Runs a test, and proves at its end that nothing is left of it. The variable TEST_CONTAINERD_ROOT
  /// names the root of a containerd with the image, to be copied: on a slow machine.
  ///
  /// - Parameters:
  ///   - shims: a folder with shims to be found before all others.
  ///   - wrapper: a command that gets containerd's as its last arguments, and becomes it.
  package static func run(
    shims: String? = nil, wrapper: [String] = [], _ body: (Containerd) throws -> Void
  ) throws {
    let containerd = try Containerd(shims, wrapper)
    do {
      let root = ProcessInfo.processInfo.environment["TEST_CONTAINERD_ROOT"]
      if let root { try Subprocess(["cp", "-a", root, containerd.folder]).wait().expectSuccess() }
      try containerd.start()
      if root == nil { try containerd.ctr("image", "import", try imageFile()).expectSuccess() }
      try body(containerd)
      try containerd.proveNothingIsLeft()
      try containerd.stop()
    } catch {
      containerd.endByForce()
      throw error
    }
  }

  private init(_ shims: String?, _ wrapper: [String]) throws {
    self.shims = try shims ?? ShimBinary.folder()
    self.wrapper = wrapper
    root = try TemporaryFolder()
    folder = "\(root.path)/c"
    try Files.makeFolder(folder)
  }

  /// - Parameter path: the folder, by another name.
  package func start(in path: String? = nil) throws {
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let script = try Subprocess(
      wrapper + ["\(ShimBinary.root)/Tests/Support/private-containerd.sh", path ?? folder],
      environment: ["PATH": "\(shims):\(search)"], input: .pipe)
    try script.output.wait(for: "containerd is ready") { $0.text.contains("\n") }
    address = script.output.lines[0]
    self.script = script
  }

  package func stop() throws {
    script?.closeInput()
    _ = try script?.wait()
    script = nil
  }

  /// Ends it as a crash would: nobody cleans up after it.
  package func crash() throws {
    let pid = try pid
    script?.kill(SIGKILL)
    kill(pid, SIGKILL)
    try stop()
    try eventually("containerd is gone") { Processes.isGone(pid) }
  }

  package var pid: Int32 {
    get throws {
      let children = script.map { Processes.children(of: $0.pid) } ?? []
      let found = children.first { Processes.commandLine(of: $0).first == "containerd" }
      guard let found else { throw TestFailure("containerd does not run") }
      return found
    }
  }

  package func bundle(_ id: String) -> String {
    "\(folder)/state/io.containerd.runtime.v2.task/\(Self.namespace)/\(id)"
  }

  /// Where a task's shim listens, and the version of the Task API that containerd speaks to it.
  private func answer(of id: String) throws -> BootstrapResult {
    if let text = Files.read("\(bundle(id))/bootstrap.json") {  // from containerd 2.0 on
      return try BootstrapResult(json: Array(text.utf8))
    }
    guard let address = Files.read("\(bundle(id))/address") else {
      throw TestFailure("no address in \(bundle(id))")
    }
    return .plain(address)
  }

  package func shimAddress(_ id: String) throws -> String { try answer(of: id).address }

  package func client(_ id: String) throws -> ShimClient {
    let answer = try answer(of: id)
    return try ShimClient(answer.address, version: Int(answer.version))
  }

  /// The pid of a task's shim, from the shim itself.
  package func shim(of id: String) throws -> Int32 {
    try client(id).shimPID
  }

  /// The path where a shim of this id listens: sha256 of address, namespace and id.
  package func socket(_ id: String) throws -> String {
    if let known = sockets[id] { return known }
    let text = Subprocess.Input.bytes(Array("\(address)/\(Self.namespace)/\(id)".utf8))
    let digest = try Subprocess(["sha256sum"], input: text).wait().output.prefix(64)
    return "/run/containerd/s/\(digest)"
  }

  /// The shims that run.
  package var shimProcesses: [Int32] {
    Leftovers.processes(below: folder).filter {
      Processes.commandLine(of: $0).contains("-namespace")
    }
  }

  /// Notes an id, whose socket must be gone at the end.
  package func remember(_ id: String) throws { sockets[id] = try socket(id) }

  /// Nothing of a container: process, socket, bundle, mount.
  package func proveNothingIsLeft() throws {
    try Leftovers.expectNone(
      below: folder,
      bundles: "\(folder)/state/io.containerd.runtime.v2.task/\(Self.namespace)",
      sockets: sockets.values)
  }

  /// After a failure: what works in this test's folder is this test's.
  private func endByForce() {
    for pid in Leftovers.processes(below: folder) { kill(pid, SIGKILL) }
    try? stop()
    for socket in sockets.values { unlink(socket) }
  }

  /// Made once, below .build: the same busybox gives the same bytes.
  private static func imageFile() throws -> String {
    let image = "\(ShimBinary.root)/.build/busybox.tar"
    if !Files.exists(image) {
      let new = "\(image).\(getpid())"
      let script = "\(ShimBinary.root)/Tests/Support/make-image.sh"
      try Subprocess([script, new]).wait().expectSuccess()
      rename(new, image)
    }
    return image
  }
}
