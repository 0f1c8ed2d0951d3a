// SPDX-License-Identifier: Apache-2.0

internal import Stdio

extension TaskService {
  /// Each task and exec in words, for the state dump.
  package var descriptions: [[Log.Field]] {
    creations.keys.map { [("id", $0), ("state", "creating")] }
      + containers.values.flatMap(\.processes).map { process in
        let record = process.record
        return [
          ("id", record.container), ("exec", record.exec), ("pid", String(record.pid)),
          ("state", record.state.rawValue), ("status", record.exit.map { String($0.status) } ?? ""),
          ("waits", String(process.waits.count)), ("deleting", String(process.deletion != nil)),
          ("output_bytes", String(process.io.bytesRelayed)),
          ("unread_bytes", String(process.io.bytesLeft)),
          ("output_is_read", String(process.io.isDrained)),
        ]
      }
  }
}
