// SPDX-License-Identifier: Apache-2.0

internal import Linux
package import SwiftProtobuf

extension Google_Protobuf_Timestamp {
  /// The wall clock.
  package static var now: Google_Protobuf_Timestamp {
    let now = WallClock.now
    return Google_Protobuf_Timestamp(seconds: now.seconds, nanos: now.nanoseconds)
  }
}
