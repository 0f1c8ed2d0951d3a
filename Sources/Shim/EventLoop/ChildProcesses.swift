// SPDX-License-Identifier: Apache-2.0

package import Linux

package import struct SystemPackage.Errno

/// Every child of this process, and what to do when it has exited. The only place that waits.
///
/// A child is registered in the turn that made it and reaped in a later one, so no exit is missed.
/// What an OCI runtime makes becomes our child when the runtime exits (we are the subreaper), and may
/// be reaped before anybody knows its pid. So exits of strangers are kept while a runtime is at work.
package final class ChildProcesses {
  /// By pid.
  private var handlers: [Int: (ExitStatus) -> Void] = [:]
  private var strangers: [Int: ExitStatus] = [:]
  private var expecting = 0
  /// More strangers than this are not a runtime's: the containers' orphans come to us as well.
  private static let strangerLimit = 4096
  /// Called after an orphan that we adopted was reaped; its own children may be ours now.
  package var onOrphanReaped: () -> Void = {}

  /// What children get, which is not what we have raised our own to.
  package let openFiles: OpenFileLimit

  /// For what must not fail for want of descriptors.
  package let reserve = DescriptorReserve()

  /// What a child that is a copy of us can do: words, as of a command line, to an exit code.
  package let commands: ([String]) -> Int32

  package init(
    openFiles: OpenFileLimit, commands: @escaping ([String]) -> Int32 = { _ in 2 }
  ) {
    self.openFiles = openFiles
    self.commands = commands
  }

  package func register(_ pid: Int32, onExit: @escaping (ExitStatus) -> Void) {
    handlers[Int(pid)] = onExit
  }

  package func isRegistered(_ pid: Int32) -> Bool { handlers[Int(pid)] != nil }

  package var count: Int { handlers.count }

  /// Tries again with the reserve when there is no descriptor.
  package func withReserve<Value: ~Copyable>(
    _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    do throws(Errno) {
      return try body()
    } catch .tooManyOpenFiles {
      reserve.lend()
      return try body()
    }
  }

  /// Whether one that somebody has made fulfils a condition.
  package func contains(where condition: (Int32) -> Bool) -> Bool {
    handlers.keys.contains { condition(Int32($0)) }
  }

  /// Somebody may adopt a child.
  package var isExpecting: Bool { expecting > 0 }

  /// From now on, until `stopExpecting`, somebody may adopt a child.
  package func expectChild() { expecting += 1 }

  package func stopExpecting() {
    expecting -= 1
    if expecting == 0 { strangers = [:] }
  }

  /// Registers a child that another program has made, between `expectChild` and `stopExpecting`. One
  /// that has been reaped already is told within this call, and has no descriptor.
  ///
  /// - Throws: `ECHILD` when it is and was no child of ours, or one that somebody has made already. Without
  ///   a descriptor of it (`ENOMEM`) it is ended.
  package func adopt(
    _ pid: Int32, onExit: @escaping (ExitStatus) -> Void
  ) throws(Errno) -> Descriptor? {
    if isRegistered(pid) { throw .noChildProcess }
    do throws(Errno) {
      let pidfd = try withReserve { () throws(Errno) in try Descriptor.process(pid) }
      // One that lives has the pid; a stranger of the same pid was an earlier process.
      if pidfd.isOurChild {
        register(pid, onExit: onExit)
        return pidfd
      }
    } catch  where error.isOfScarcity {
      // Nobody would know later whom a signal means.
      CurrentProcess.killChild(pid)
      throw error
    } catch {}
    guard let status = strangers.removeValue(forKey: Int(pid)) else { throw .noChildProcess }
    onExit(status)
    return nil
  }

  /// Reaps all that has exited: one SIGCHLD may stand for many children.
  package func reap() {
    while let (pid, status) = ExitStatus.reapNext() {
      if let handler = handlers.removeValue(forKey: Int(pid)) {
        handler(status)
      } else {
        if expecting > 0, strangers.count < Self.strangerLimit { strangers[Int(pid)] = status }
        onOrphanReaped()
      }
    }
    reserve.refill()
  }
}
