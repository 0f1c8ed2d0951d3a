// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A child to be. The only caller of `clinux_spawn`.
package struct Command {
  /// Executables, of which the child takes the first that is there. It is the child that looks: a folder of
  /// PATH may lie on a disk that takes its time.
  package var paths: [String]
  package var arguments: [String]
  package var environment: Environment
  package var ownGroup = false
  /// Sent to the child when we die; 0 for none.
  package var deathSignal: Int32 = 0

  package init(path: String, arguments: [String], environment: Environment) {
    paths = [path]
    self.arguments = arguments
    self.environment = environment
  }

  /// - Parameter name: of a program, looked up in PATH, or its path.
  package init(program name: String, arguments: [String], environment: Environment) {
    paths = Executable.candidates(name)
    self.arguments = arguments
    self.environment = environment
  }

  /// Descriptors below 3 that a child gets from nobody are /dev/null.
  package static let null: Int32 = -1

  /// Begins a child with these descriptors as its 0, 1, 2, … and no others, and goes on before it has
  /// executed its program: see `Birth`.
  package func spawn(
    descriptors: [Int32], openFiles: OpenFileLimit
  ) throws(Errno) -> ChildProcess {
    try spawn(descriptors, openFiles, waits: false)
  }

  /// The same for commands, which may block: comes back when the child has executed its program.
  ///
  /// - Throws: what kept it from that, such as `ENOENT`. No child is left then.
  package func spawnAndWait(
    descriptors: [Int32], openFiles: OpenFileLimit
  ) throws(Errno) -> ChildProcess {
    let child = try spawn(descriptors, openFiles, waits: true)
    if let failure = child.birth.failure {
      child.pidfd.waitForProcess(milliseconds: -1)
      ExitStatus.reap(child.pid)
      throw failure
    }
    return child
  }

  private func spawn(
    _ descriptors: [Int32], _ openFiles: OpenFileLimit, waits: Bool
  ) throws(Errno) -> ChildProcess {
    var pidfd: Int32 = -1
    var birth: OpaquePointer?
    var descriptors = descriptors
    let pid = unsafe withCStrings(paths) { paths in
      unsafe withCStrings(arguments) { argv in
        unsafe environment.withPointers { envp in
          unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
            var request = unsafe clinux_spawn()
            unsafe request.paths = paths
            unsafe request.argv = argv
            unsafe request.envp = envp
            unsafe request.descriptors = descriptors.baseAddress
            unsafe request.descriptor_count = descriptors.count
            unsafe request.death_signal = deathSignal
            unsafe request.own_group = ownGroup
            unsafe request.waits = waits
            unsafe request.open_files_soft = openFiles.soft
            unsafe request.open_files_hard = openFiles.hard
            return unsafe clinux_spawn(&request, &pidfd, &birth)
          }
        }
      }
    }
    try check(pid)
    return unsafe ChildProcess(
      pid: pid, pidfd: Descriptor(owning: pidfd), birth: Birth(birth))
  }
}

/// How a child fares between its spawn and the execution of its program.
@safe package final class Birth {
  private let birth: OpaquePointer?

  fileprivate init(_ birth: OpaquePointer?) { unsafe self.birth = unsafe birth }

  deinit { if let birth = unsafe birth { unsafe clinux_forget_birth(birth) } }

  /// What kept the program from being executed; nil if nothing did, or not yet. Known before the child's
  /// descriptors are closed and before it can be reaped.
  package var failure: Errno? {
    guard let birth = unsafe birth else { return nil }
    let error = unsafe clinux_birth_error(birth)
    return error == 0 ? nil : Errno(rawValue: error)
  }
}

/// A child, and the descriptor that means it and never a later process of the same pid.
package struct ChildProcess: ~Copyable {
  package let pid: Int32
  package let pidfd: Descriptor
  package let birth: Birth

  package consuming func takeDescriptor() -> Descriptor { pidfd }

  /// A copy of this process, which has one thread, that does one thing and ends with its answer as exit
  /// code; or with us. It has these descriptors and no others. To execute a program takes ten times
  /// as long.
  package static func copy(
    descriptors: [Int32], openFiles: OpenFileLimit, _ body: () -> Int32
  ) throws(Errno) -> ChildProcess {
    var pidfd: Int32 = -1
    var descriptors = descriptors
    let pid = unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
      var request = unsafe clinux_spawn()
      unsafe request.descriptors = descriptors.baseAddress
      unsafe request.descriptor_count = descriptors.count
      unsafe request.death_signal = SIGKILL
      unsafe request.open_files_soft = openFiles.soft
      unsafe request.open_files_hard = openFiles.hard
      return unsafe clinux_fork(&request, &pidfd)
    }
    if pid == 0 { _exit(body()) }
    try check(pid)
    return unsafe ChildProcess(pid: pid, pidfd: Descriptor(owning: pidfd), birth: Birth(nil))
  }
}

/// A C array of C strings that ends in NULL.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
    capacity: strings.count + 1)
  for index in strings.indices { unsafe pointers[index] = unsafe strdup(strings[index]) }
  unsafe pointers[strings.count] = nil
  defer {
    for index in strings.indices { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
  return unsafe body(pointers)
}
