// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// `ctr events`, line by line.
package final class EventStream {
  package struct Event {
    package let topic: String
    package let container: String
    /// Which one: the container for init, else the exec.
    package let process: String
    package let pid: Int
    package let status: Int
  }

  private let process: Subprocess
  private var parsed: [Event] = []
  private var bytesParsed = 0

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
    // Each line once: it is asked again and again.
    let bytes = process.output.bytes
    if let end = bytes.lastIndex(of: UInt8(ascii: "\n")), end >= bytesParsed {
      parsed += bytes[bytesParsed...end].split(separator: UInt8(ascii: "\n")).compactMap {
        Self.parse(String(decoding: $0, as: UTF8.self))
      }
      bytesParsed = end + 1
    }
    return parsed.filter { $0.container == container }
  }

  package func topics(of container: String) -> [String] { events(of: container).map(\.topic) }

  /// Waits until the container has had this many events of a topic, and gives the last.
  @discardableResult
  package func wait(
    for topic: String, of container: String, count: Int = 1
  ) throws -> Event {
    try eventually("\(count) \(topic) of \(container)") {
      let found = events(of: container).filter { $0.topic == topic }
      if found.count < count { process.output.read(waiting: 50) }
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
      topic: String(topic), container: container,
      process: (fields["exec_id"] ?? fields["id"]) as? String ?? "",
      pid: fields["pid"] as? Int ?? 0, status: fields["exit_status"] as? Int ?? 0)
  }
}
