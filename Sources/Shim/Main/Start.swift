// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux
internal import Runtime
internal import TaskService

internal import struct SystemPackage.Errno

/// `start`: finds the group's shim or starts one, and prints its address. Standard output and error
/// are one pipe to containerd, which reads the address from it up to its end: nothing else is ever
/// printed, and the daemon gets neither.
struct Start {
  private let program: Program
  private let options: Options

  init(_ program: Program, _ options: Options) {
    self.program = program
    self.options = options
  }

  func run() throws(CommandFailure) {
    let bootstrap = try readBootstrap()
    guard bootstrap.socketDirectory.isEmpty || bootstrap.socketDirectory.hasPrefix("/") else {
      throw CommandFailure("socket_dir \(bootstrap.socketDirectory) is no absolute path")
    }
    let runtimeOptions = try readRuntimeOptions(bootstrap)
    let bundle = try CurrentBundle.open(options)
    let annotations = try readAnnotations(bundle)
    try checkLog()
    let socket = SocketPath(
      directory: bootstrap.socketDirectory, address: options.address,
      namespace: options.namespace, group: SocketPath.group(of: options.id, annotations))
    try prepareDirectory(socket.directory)
    var version = 2
    switch try find(socket) {
    case .nobody(let listener):
      do throws(CommandFailure) {
        try write(socket.address, to: bundle)
        try startDaemon(listener, bootstrap, cgroup: runtimeOptions.shimCgroup)
      } catch {
        UnixSocket.remove(socket.path, of: listener)
        throw error
      }
    case .shim(let itsVersion):
      try write(socket.address, to: bundle)
      version = itsVersion
    }
    do throws(Errno) {
      try StandardStreams.writeOutput(Array(Self.answer(socket.address, version: version).utf8))
    } catch {
      throw CommandFailure("standard output: \(error)")
    }
  }

  /// The address alone means version 2, and every containerd understands it. Version 3 has to be said,
  /// which containerd 1.7 and later understand.
  static func answer(_ address: String, version: Int) -> String {
    if version == 2 { return address }
    let escaped = address.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
    return #"{"version":\#(version),"address":"\#(escaped)","protocol":"ttrpc"}"#
  }

  private func readBootstrap() throws(CommandFailure) -> Bootstrap {
    let input: [UInt8]
    do throws(Errno) {
      input = try StandardStreams.readInput(limit: Bootstrap.inputLimit)
    } catch {
      throw CommandFailure("standard input: \(error)")
    }
    do throws(Bootstrap.Failure) {
      return try Bootstrap(parsing: input, id: options.id, namespace: options.namespace)
    } catch {
      throw CommandFailure("standard input is neither BootstrapParams nor options")
    }
  }

  /// Refused here, before there is a shim. The sample has no options. Warnings are for the log, where
  /// Create tells them.
  private func readRuntimeOptions(_ bootstrap: Bootstrap) throws(CommandFailure) -> RuntimeOptions {
    if program.isSample { return RuntimeOptions() }
    var warnings: [String] = []
    do throws(RuntimeOptionsError) {
      return try RuntimeOptions(decoding: bootstrap.options, warnings: &warnings)
    } catch {
      throw CommandFailure(error.words)
    }
  }

  private func readAnnotations(_ bundle: Bundle) throws(CommandFailure) -> [String: String] {
    do throws(BundleError) {
      return try bundle.annotations(ifAnyOf: SocketPath.groupKeys)
    } catch {
      throw CommandFailure(error.words)
    }
  }

  /// The daemon could tell nobody. Whoever calls `start` by hand may have none.
  private func checkLog() throws(CommandFailure) {
    do throws(Errno) {
      _ = try Fifo(path: LogSink.name).openBothEnds()
    } catch .noSuchFileOrDirectory {
    } catch .invalidArgument {
      throw CommandFailure("\(LogSink.name) is no FIFO")
    } catch {
      throw CommandFailure("\(LogSink.name): \(error)")
    }
  }

  private func prepareDirectory(_ path: String) throws(CommandFailure) {
    if Directory.isPrivate(path) { return }
    do throws(Errno) {
      try Directory.createPrivate(path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
    // Whoever can enter can command containers as root. Others may have made it: check, never mend.
    guard Directory.isPrivate(path) else {
      throw CommandFailure("\(path) must be a directory of ours that is closed to others")
    }
  }

  private enum Found: ~Copyable {
    /// No shim of this group: here is the socket of a new one.
    case nobody(Descriptor)
    /// The group's shim, and its version of the Task API.
    case shim(version: Int)
  }

  /// How often a shim may be found ending: after the first time its socket is gone.
  private static let attempts = 5

  /// One `start` or `delete` at a time: between finding a dead socket and removing it nobody may put a
  /// live one there.
  private func find(_ socket: SocketPath) throws(CommandFailure) -> Found {
    do throws(Errno) {
      return try Directory(path: socket.directory).withLock { () throws(Errno) -> Found in
        for _ in 1...Self.attempts {
          guard try DeadSocket.isAlive(socket.path) else {
            try? UnixSocket.remove(socket.path)
            return .nobody(try UnixSocket.listen(path: socket.path))
          }
          let answer = LiveShim.reserve(options.id, at: socket.path)
          if case .version(let version) = answer { return .shim(version: version) }
        }
        throw .connectionReset  // somebody who hangs up: nothing that containerd could talk to
      }
    } catch {
      throw CommandFailure("\(socket.path): \(error)")
    }
  }

  /// The file by which containerd 1.6 and 1.7 find the shim again after a restart.
  private func write(_ address: String, to bundle: Bundle) throws(CommandFailure) {
    do throws(Errno) {
      try bundle.write("address", address)
    } catch {
      throw CommandFailure("address: \(error)")
    }
  }

  private func startDaemon(
    _ listener: borrowing Descriptor, _ bootstrap: Bootstrap, cgroup: String
  ) throws(CommandFailure) {
    var arguments = [
      program.argument0, "-namespace", options.namespace, "-id", options.id, "-address",
      options.address, "-publish-binary", options.publishBinary,
    ]
    if options.debug || bootstrap.debug { arguments.append("-debug") }
    var environment = Environment.forDaemon
    if !bootstrap.ttrpcAddress.isEmpty {
      environment.set("TTRPC_ADDRESS", to: bootstrap.ttrpcAddress)
    }
    var daemon = Command(
      path: "/proc/self/exe", arguments: arguments, environment: environment)
    daemon.ownGroup = true
    let child: ChildProcess
    do throws(Errno) {
      if CurrentProcess.environmentVariable("SCHED_CORE")?.isEmpty == false {
        try CurrentProcess.scheduleCoreForGroup()
      }
      child = try daemon.spawnAndWait(
        descriptors: [Command.null, Command.null, Command.null, listener.number],
        openFiles: .current)
    } catch {
      throw CommandFailure("cannot start the daemon: \(error)")
    }
    try move(child.pid, to: cgroup, orKill: child.pidfd)
  }

  /// Before containerd knows the daemon: a container's processes are born into its cgroup.
  private func move(
    _ pid: Int32, to cgroup: String, orKill pidfd: borrowing Descriptor
  ) throws(CommandFailure) {
    if cgroup.isEmpty { return }
    do throws(Errno) {
      try Cgroup.add(pid, to: cgroup)
    } catch {
      try? pidfd.signalProcess(SIGKILL)
      throw CommandFailure("shim_cgroup \(cgroup): \(error)")
    }
  }
}
