// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import struct SystemPackage.Errno

@testable import Linux

/// On a tree of plain files: a kernel would add what is written to what is there.
@Suite final class DelegationTests {
  private let root = NSTemporaryDirectory() + "delegation-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func make(_ file: String, _ text: String) throws {
    let path = "\(root)/\(file)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  private func control(_ folder: String) throws -> String {
    try String(contentsOfFile: "\(root)\(folder)/cgroup.subtree_control", encoding: .utf8)
  }

  private func makeTree() throws -> Delegation {
    try make("cgroup.controllers", "cpu io memory\n")
    try make("cgroup.subtree_control", "cpu io memory\n")
    try make("a/cgroup.subtree_control", "memory\n")
    try make("a/b/cgroup.subtree_control", "\n")
    try make("a/b/c/cgroup.subtree_control", "\n")
    let hierarchies = CgroupHierarchies(
      "1 2 0:1 / \(root) rw - cgroup2 c rw", at: root)
    return try #require(ControlGroup(hierarchies, "0::/a/b/c\n").delegation)
  }

  @Test func everyParentPassesOnWhatTheRootHas() throws {
    let delegation = try makeTree()
    #expect(delegation.folders == [root, "\(root)/a", "\(root)/a/b"])
    #expect(!delegation.isComplete)
    #expect(delegation.complete() == nil)
    // What is there already is not written, and the group itself is left alone.
    #expect(try control("") == "cpu io memory\n")
    #expect(try control("/a").hasPrefix("+cpu +io"))
    #expect(try control("/a/b").hasPrefix("+cpu +io +memory"))
    #expect(try control("/a/b/c") == "\n")
    for folder in ["a", "a/b"] { try make("\(folder)/cgroup.subtree_control", "memory io cpu\n") }
    #expect(delegation.isComplete)
  }

  /// One that cannot be written keeps none below it from being written.
  @Test func failuresAreTold() throws {
    let delegation = try makeTree()
    try FileManager.default.removeItem(atPath: "\(root)/a/cgroup.subtree_control")
    let failure = try #require(delegation.complete())
    #expect(failure.folder == "\(root)/a")
    #expect(failure.error == .noSuchFileOrDirectory)
    #expect(try control("/a/b").hasPrefix("+cpu +io +memory"))
  }

  @Test func noneInVersion1() {
    let hierarchies = CgroupHierarchies("1 2 0:1 / \(root)/pids rw - cgroup c rw,pids", at: root)
    #expect(ControlGroup(hierarchies, "4:pids:/a\n").delegation == nil)
  }

  @Test func killsOfAGroupAndThoseAbove() throws {
    let hierarchies = CgroupHierarchies("1 2 0:1 / \(root) rw - cgroup2 c rw", at: root)
    let group = ControlGroup(hierarchies, "0::/a/b\n")
    #expect(group.kills == nil && group.killsAbove == [nil])
    try make("a/memory.events", "oom 9\noom_kill 3\n")
    try make("a/b/memory.events", "oom 9\noom_kill 2\n")
    #expect(group.kills == 2 && group.killsAbove == [3])
    #expect(ControlGroup(hierarchies, "0::/a\n").killsAbove == [])
  }
}
