// SPDX-License-Identifier: Apache-2.0

package import struct SystemPackage.Errno

/// Why the streams of a process could not be set up.
package enum StdioError: Error, Equatable {
  case unknownScheme(String)
  case notBuilt(String)
  case notAPath(String)
  case open(path: String, Errno)
  /// No pipe to be had: `EMFILE`, `ENFILE`, `ENOMEM`.
  case pipe(Errno)
  /// A FIFO had no reader in time.
  case noReader
}
