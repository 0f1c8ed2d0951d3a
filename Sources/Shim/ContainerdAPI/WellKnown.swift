// SPDX-License-Identifier: Apache-2.0

package import SwiftProtobuf

extension Google_Protobuf_Timestamp {
  /// The exit time of what has not exited: Go's zero time, in year 1. containerd from 1.7 on reads
  /// an absent time as 1970, which shows as an exit.
  package static let never = Google_Protobuf_Timestamp(seconds: -62_135_596_800, nanos: 0)
}

extension Google_Protobuf_Any {
  /// A message under its bare full name, as containerd's typeurl writes it: subscribers compare
  /// strings.
  package init(packing message: some Message) {
    self.init()
    typeURL = type(of: message).protoMessageName
    do {
      value = try message.serializedBytes()
    } catch {
      // Only required fields and unresolved Anys can fail, and proto3 messages have none.
      preconditionFailure("cannot serialize \(typeURL): \(error)")
    }
  }

  /// The full name of the message inside, whatever prefix its sender writes.
  package var messageName: String {
    String(typeURL.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
  }
}
