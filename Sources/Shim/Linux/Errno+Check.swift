// SPDX-License-Identifier: Apache-2.0

internal import Glibc

internal import struct SystemPackage.Errno

/// The answer of a CLinux function: a value, or the error it stands for.
@discardableResult
func check<Result: SignedInteger>(_ result: Result) throws(Errno) -> Result {
  if result < 0 { throw Errno(rawValue: Int32(-result)) }
  return result
}

/// A call of glibc's that answers -1 and sets errno; begun again after a signal.
@discardableResult
func valueOrErrno<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
  while true {
    let result = call()
    if result != -1 { return result }
    let error = Errno(rawValue: errno)
    if error != .interrupted { throw error }
  }
}
