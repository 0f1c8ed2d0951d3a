// SPDX-License-Identifier: Apache-2.0

internal import Stdio

extension TaskService {
  /// Each task in words, for the state dump.
  package var descriptions: [[Log.Field]] {
    creations.keys.map { [("id", $0), ("state", "creating")] }
      + containers.values.map { container in
        let record = container.record
        return [
          ("id", record.id), ("pid", String(record.pid)), ("state", record.state.rawValue),
          ("status", record.exit.map { String($0.status) } ?? ""),
          ("waits", String(container.waits.count)),
          ("deleting", String(container.deletion != nil)),
          ("output_bytes", String(container.io.bytesRelayed)),
          ("unread_bytes", String(container.io.bytesLeft)),
          ("output_is_read", String(container.io.isDrained)),
        ]
      }
  }
}
