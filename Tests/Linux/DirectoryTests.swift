// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

import struct SystemPackage.Errno

@testable import Linux

@Suite final class DirectoryTests {
  private let path: String

  init() throws {
    var template = Array("/tmp/directory-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["file", ".file", "target", "link"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Whatever lies in the way of the hidden sibling is neither opened nor followed.
  @Test func writeGoesIntoNothingThatIsThere() throws {
    let directory = try Directory(path: path)
    #expect(mkfifo("\(path)/.file", 0o600) == 0)
    try directory.write("file", "one")
    #expect(symlink("\(path)/target", "\(path)/.file") == 0)
    try directory.write("file", "two")
    #expect(try directory.read("file", limit: 10) == Array("two".utf8))
    #expect(access("\(path)/target", F_OK) == -1)
    var status = stat()
    #expect(stat("\(path)/file", &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func readFollowsNoLinkAndHasALimit() throws {
    let directory = try Directory(path: path)
    try directory.write("file", "content")
    #expect(symlink("\(path)/file", "\(path)/link") == 0)
    #expect(throws: Errno.tooManySymbolicLinkLevels) { _ = try directory.read("link", limit: 10) }
    #expect(throws: Errno.fileTooLarge) { _ = try directory.read("file", limit: 6) }
    #expect(throws: Errno.noSuchFileOrDirectory) { _ = try directory.read("none", limit: 6) }
  }

  @Test func whoeverOthersMayEnterIsNotPrivate() {
    #expect(Directory.isPrivate(path))
    chmod(path, 0o710)
    #expect(!Directory.isPrivate(path))
    chmod(path, 0o700)
    #expect(symlink(path, "\(path)/link") == 0)
    #expect(!Directory.isPrivate("\(path)/link"))
  }
}
