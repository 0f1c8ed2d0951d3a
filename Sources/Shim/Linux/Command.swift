// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A child to be. The only caller of `clinux_spawn`.
package struct Command {
  /// The executable's path: nothing is looked up.
  package var path: String
  package var arguments: [String]
  package var environment: [String]
  package var ownGroup = false
  /// Sent to the child when we die; 0 for none.
  package var deathSignal: Int32 = 0

  package init(path: String, arguments: [String], environment: [String]) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
  }

  /// Descriptors below 3 that a child gets from nobody are /dev/null.
  package static let null: Int32 = -1

  /// Starts the child with these descriptors as its 0, 1, 2, … and no others.
  ///
  /// - Throws: what kept the program from being executed, such as `ENOENT`. No child is left then.
  package func spawn(
    descriptors: [Int32], openFiles: OpenFileLimit
  ) throws(Errno) -> ChildProcess {
    var pidfd: Int32 = -1
    let pid = unsafe withCStrings(arguments) { argv in
      unsafe withCStrings(environment) { envp in
        unsafe path.withCString { path in
          unsafe descriptors.withUnsafeBufferPointer { descriptors in
            var request = unsafe clinux_spawn()
            unsafe request.path = path
            unsafe request.argv = argv
            unsafe request.envp = envp
            unsafe request.descriptors = descriptors.baseAddress
            unsafe request.descriptor_count = descriptors.count
            unsafe request.death_signal = deathSignal
            unsafe request.own_group = ownGroup
            unsafe request.open_files_soft = openFiles.soft
            unsafe request.open_files_hard = openFiles.hard
            return unsafe clinux_spawn(&request, &pidfd)
          }
        }
      }
    }
    return ChildProcess(pid: try check(pid), pidfd: Descriptor(owning: pidfd))
  }
}

/// A child that runs, and the descriptor that means it and never a later process of the same pid.
package struct ChildProcess: ~Copyable {
  package let pid: Int32
  package let pidfd: Descriptor

  package consuming func takeDescriptor() -> Descriptor { pidfd }

  /// A copy of this process, which has one thread, that does one thing and ends with its answer as exit
  /// code; or with us. It has these descriptors and no others. To execute a program takes ten times
  /// as long.
  package static func copy(
    descriptors: [Int32], openFiles: OpenFileLimit, _ body: () -> Int32
  ) throws(Errno) -> ChildProcess {
    var pidfd: Int32 = -1
    let pid = unsafe descriptors.withUnsafeBufferPointer { descriptors in
      var request = unsafe clinux_spawn()
      unsafe request.descriptors = descriptors.baseAddress
      unsafe request.descriptor_count = descriptors.count
      unsafe request.death_signal = SIGKILL
      unsafe request.open_files_soft = openFiles.soft
      unsafe request.open_files_hard = openFiles.hard
      return unsafe clinux_fork(&request, &pidfd)
    }
    if pid == 0 { _exit(body()) }
    return ChildProcess(pid: try check(pid), pidfd: Descriptor(owning: pidfd))
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
