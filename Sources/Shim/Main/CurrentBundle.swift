// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Runtime

internal import struct SystemPackage.Errno

/// The bundle that a command works on: containerd's convention is the working directory.
enum CurrentBundle {
  /// - Throws: when `-bundle` names another directory: better to do nothing than to clean up there.
  static func open(_ options: Options) throws(CommandFailure) -> Bundle {
    let bundle: Bundle
    do throws(Errno) {
      bundle = try Bundle(path: ".")
    } catch {
      throw CommandFailure("working directory: \(error)")
    }
    guard options.bundle.isEmpty || bundle.isSame(as: options.bundle) else {
      throw CommandFailure("-bundle \(options.bundle) is not the working directory")
    }
    return bundle
  }
}
