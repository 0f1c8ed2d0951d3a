// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux
internal import Stdio

internal import struct SystemPackage.Errno

extension OCIProgram {
  /// Of both commands that make a container.
  var bundleFlags: [String] {
    ["--bundle", bundle.path] + (options.noPivotRoot ? ["--no-pivot"] : [])
  }

  /// Runs `create`, `restore` or `exec`, which make a process and exit. The process is ours from then
  /// on.
  ///
  /// - Parameters:
  ///   - pidFile: its name in the bundle.
  ///   - io: the streams of the process; of a terminal it gets our end.
  func makeProcess(
    _ verb: String, _ arguments: [String], _ operands: [String], pidFile: String, _ io: ProcessIO,
    _ onExit: @escaping (ExitStatus) -> Void, input: [UInt8]? = nil, within limit: Duration = limit,
    completion: @escaping (Result<RuntimeProcess, RuntimeError>) -> Void
  ) {
    var line = [verb] + arguments + ["--pid-file", "\(bundle.path)/\(pidFile)"]
    var console: ConsoleSocket?
    if io.isTerminal {
      do throws(Errno) {
        let socket = try ConsoleSocket(in: bundle.path, name: "console.\(runs)")
        line += ["--console-socket", socket.path]
        console = socket
      } catch {
        return completion(.failure(.failed("console socket: \(error)")))
      }
    }
    do throws(Errno) {
      try io.giveChildEnds(to: options.ioUID, options.ioGID)
    } catch {
      return completion(.failure(.failed("owner of the pipes: \(error)")))
    }
    children.expectChild()
    run(
      verb, line + operands, streams: io.isTerminal ? nil : io.childDescriptors, input: input,
      within: limit
    ) { [children] error in
      if let error {
        if case .abandoned = error { try? self.adopt(pidFile, { _ in }).kill(signal: SIGKILL) }
        children.stopExpecting()
        return completion(.failure(error))
      }
      defer { children.stopExpecting() }
      completion(
        Result { () throws(RuntimeError) in
          let process = try self.adopt(pidFile, onExit)
          do throws(RuntimeError) {
            if let console { try self.attach(console, to: io) }
          } catch {
            try? process.kill(signal: SIGKILL)
            throw error
          }
          return process
        })
    }
    io.closeChildEnds()
  }

  /// The process whose pid the runtime has written.
  private func adopt(
    _ pidFile: String, _ onExit: @escaping (ExitStatus) -> Void
  ) throws(RuntimeError) -> RuntimeProcess {
    guard let text = try? bundle.read(pidFile), let pid = Int32(text), pid > 1 else {
      throw .failed("\(pidFile): no pid")
    }
    do throws(Errno) {
      return RuntimeProcess(pid: pid, pidfd: try children.adopt(pid, onExit: onExit))
    } catch .noChildProcess {
      throw .failed("\(pidFile): process \(pid) is no child of ours")
    } catch {
      throw .failed("\(pidFile): process \(pid): \(error)")
    }
  }

  /// The runtime has ended, so what it had to send is there.
  private func attach(_ console: ConsoleSocket, to io: ProcessIO) throws(RuntimeError) {
    do throws(Errno) {
      try io.attach(try console.receive())
    } catch {
      throw .failed("the terminal did not arrive: \(error)")
    }
  }
}
