// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Linux

/// Frozen groups, in folders that look like the kernel's. (Real ones: FrozenTests.)
@Suite final class FreezerTests {
  private let folder = NSTemporaryDirectory() + "freezer-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ text: String, _ name: String) throws {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  private func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  private var first: ControlGroup {
    ControlGroup(
      CgroupHierarchies("1 2 0:1 / \(folder)/freezer rw - cgroup c rw,freezer", at: folder),
      "4:freezer:/a\n")
  }

  private var second: ControlGroup {
    ControlGroup(
      CgroupHierarchies("1 2 0:1 / \(folder) rw - cgroup2 c rw", at: folder), "0::/a\n")
  }

  @Test func version1() throws {
    #expect(first.isFrozen == nil)
    try write("0\n", "freezer/a/freezer.self_freezing")
    try write("0\n", "freezer/a/freezer.parent_freezing")
    try write("THAWED\n", "freezer/a/freezer.state")
    #expect(first.isFrozen == false)
    #expect(!first.holdsFrozen)
    try write("1\n", "freezer/a/b/c/freezer.self_freezing")
    try write("FROZEN\n", "freezer/a/b/c/freezer.state")
    #expect(first.isFrozen == false)
    #expect(first.holdsFrozen)
    #expect(!first.isFrozenAbove)
    first.thaw()
    #expect(try read("freezer/a/freezer.state") == "THAWED\n", "nothing was written")
    #expect(try read("freezer/a/b/c/freezer.state").hasPrefix("THAWED"))
    try write("1\n", "freezer/a/freezer.parent_freezing")
    #expect(first.isFrozenAbove)
    #expect(first.isFrozen == false)
  }

  @Test func version2() throws {
    #expect(second.isFrozen == nil)
    try write("1\n", "a/cgroup.freeze")
    try write("populated 1\nfrozen 1\n", "a/cgroup.events")
    #expect(second.isFrozen == true)
    #expect(!second.isFrozenAbove)
    second.thaw()
    #expect(try read("a/cgroup.freeze").hasPrefix("0"))
    #expect(second.isFrozen == false)
    #expect(second.isFrozenAbove)
    second.freeze()
    #expect(second.isFrozen == false, "version 2 kills what is frozen or not")
  }
}
