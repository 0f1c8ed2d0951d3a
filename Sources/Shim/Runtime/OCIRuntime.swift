// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import Linux
package import Stdio

internal import struct SystemPackage.Errno

/// Real containers, through the command line of an OCI runtime. The runtime makes a process and
/// exits; the process is ours from then on, since we are the nearest subreaper.
package final class OCIRuntime: ContainerRuntime {
  package let takesOptions = true
  private let loop: EventLoop
  private let children: ChildProcesses
  private let namespace: String
  private let preparation: Timer
  private let warn: OCIProgram.Warn
  private let shim = ProcessIdentity(runningAs: CurrentProcess.id)

  /// - Parameter warn: for the log: of what is no reason to fail.
  package init(
    _ loop: EventLoop, _ children: ChildProcesses, namespace: String,
    warn: @escaping (_ words: String, _ id: String) -> Void
  ) {
    self.warn = warn
    self.loop = loop
    self.children = children
    self.namespace = namespace
    // While containerd is on its way to its first Create, which needs this.
    let timer = Timer(loop) { _ = CgroupHierarchies.mounted }
    timer.schedule(after: .zero)
    preparation = timer
  }

  package func create(
    _ request: ContainerRequest, io: ProcessIO, onExit: @escaping (ExitStatus) -> Void,
    completion: @escaping (Result<any RuntimeContainer, RuntimeError>) -> Void
  ) {
    let bundle = request.bundle
    let options = request.options
    let program = OCIProgram(options, namespace: namespace, bundle, loop, children, warn)
    // What `delete` needs should we die: the files that containerd's own shims write.
    do throws(Errno) {
      try bundle.write("runtime", options.binaryName)
      try bundle.write("options.json", JSONDocument.object([("root", options.root)]))
    } catch {
      return completion(.failure(.failed("bundle \(bundle.path): \(error)")))
    }
    let rootfs = Rootfs(bundle, request.rootfs, loop, children)
    // Before the runtime is at work; while a child mounts, if there is something to mount.
    var record: CreateRecord?
    let look = { [shim] in
      let found = record ?? program.record(request.id, shim)
      record = found
      return found
    }
    rootfs.mount { error in
      // One that was ended for want of time leaves those before it.
      if case .abandoned(let words)? = error {
        return rootfs.unmount { _ in completion(.failure(.failed(words))) }
      }
      if let error { return completion(.failure(error)) }
      if !request.checkpoint.isEmpty {
        let restoration = OCIContainer.Restoration(
          image: request.checkpoint, io: io, onExit: onExit)
        return completion(
          .success(
            OCIContainer(request.id, program, rootfs, look(), restoration: restoration)))
      }
      let record = look()
      let container = OCIContainer(request.id, program, rootfs, record)
      let flags = program.bundleFlags + (options.noNewKeyring ? ["--no-new-keyring"] : [])
      program.makeProcess(
        "create", flags, [request.id], pidFile: "init.pid", io, onExit
      ) { result in
        switch result {
        case .success(let process):
          container.adopt(process)
          container.delegate { completion(.success(container)) }
        case .failure(.abandoned(let words)):
          program.undo(request.id, record) {
            rootfs.unmount { _ in completion(.failure(.abandoned(words))) }
          }
        case .failure(let error):
          rootfs.unmount { _ in completion(.failure(error)) }
        }
      }
      container.prepare()
    }
    _ = look()
  }
}
