// SPDX-License-Identifier: Apache-2.0

package import struct SystemPackage.Errno

/// Why the streams of a process could not be set up.
package enum StdioError: Error, Equatable {
  case unknownScheme(String)
  case notAPath(String)
  case open(path: String, Errno)
  /// No pipe to be had: `EMFILE`, `ENFILE`, `ENOMEM`.
  case pipe(Errno)
  /// A FIFO had no reader in time.
  case noReader
  /// A logger that could not be executed.
  case logger(path: String, Errno)
  /// One that has ended, or closed the ready pipe, without a word.
  case loggerNotReady
  case loggerIsLate(String)
  /// One that may not run, and why.
  case loggerRefused(String)
}
