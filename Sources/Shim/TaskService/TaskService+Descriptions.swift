// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Stdio

extension TaskService {
  /// Each task in words, for the state dump.
  package var descriptions: [Logger.Metadata] {
    let creating = creations.keys.map { id -> Logger.Metadata in
      ["id": "\(id)", "state": "creating"]
    }
    return creating
      + containers.values.map { container in
        let record = container.record
        return [
          "id": "\(record.id)", "pid": "\(record.pid)", "state": "\(record.state)",
          "status": "\(record.exit.map { String($0.status) } ?? "-")",
          "waits": "\(container.waits.count)", "deleting": "\(container.deletion != nil)",
          "output_bytes": "\(container.io.bytesRelayed)",
          "unread_bytes": "\(container.io.bytesLeft)",
        ]
      }
  }
}
