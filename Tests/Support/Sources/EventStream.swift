// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// `ctr events`, line by line.
package final class EventStream {
  package struct Event {
    package let topic: String
    package let container: String
    package let pid: Int
    package let status: Int
  }

  private let process: Subprocess

  /// Returns when it is sure that what comes next will be seen.
  package init(_ containerd: Containerd) throws {
    let process = try containerd.spawnCtr(["events"])
    self.process = process
    var mark = 0
    try eventually("ctr events listens") {
      mark += 1
      try containerd.ctr("namespace", "label", Containerd.namespace, "mark=\(mark)").expectSuccess()
      process.output.read(waiting: 100)
      return process.output.text.contains("/namespaces/update")
    }
  }

  /// A container's events of its tasks so far, oldest first.
  package func events(of container: String) -> [Event] {
    process.output.read(waiting: 0)
    return process.output.lines.compactMap(Self.parse).filter { $0.container == container }
  }

  package func topics(of container: String) -> [String] { events(of: container).map(\.topic) }

  /// Waits until the container has had this many events of a topic, and gives the last.
  @discardableResult
  package func wait(
    for topic: String, of container: String, count: Int = 1
  ) throws -> Event {
    try eventually("\(count) \(topic) of \(container)") {
      process.output.read(waiting: 50)
      let found = events(of: container).filter { $0.topic == topic }
      return found.count >= count ? found.last : nil
    }
  }

  /// `2026-01-31 10:11:12 +0000 UTC default /tasks/start {"container_id":"a","pid":7}`
  private static func parse(_ line: String) -> Event? {
    guard let brace = line.firstIndex(of: "{"),
      let topic = line[..<brace].split(separator: " ").last, topic.hasPrefix("/tasks/"),
      let body = try? JSONSerialization.jsonObject(with: Data(line[brace...].utf8)),
      let fields = body as? [String: Any], let container = fields["container_id"] as? String
    else { return nil }
    return Event(
      topic: String(topic), container: container, pid: fields["pid"] as? Int ?? 0,
      status: fields["exit_status"] as? Int ?? 0)
  }
}
