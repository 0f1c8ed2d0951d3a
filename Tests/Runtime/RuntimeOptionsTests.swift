// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

@Suite struct RuntimeOptionsTests {
  @Test func defaults() {
    var options = RuntimeOptions()
    options.setBinaryName("")
    options.setRoot("")
    #expect(options.binaryName == "runc")
    #expect(options.root == "/run/containerd/runc")
    #expect(!options.systemdCgroup && !options.holdsNUL)
  }

  @Test func allKeys() throws {
    var warnings: [String] = []
    let options = try RuntimeOptions(
      table: Array(
        """
        BinaryName = "/usr/bin/crun"
        CriuImagePath = ''
        CriuPath = '/c'
        CriuWorkPath = "/w"
        IoGid = 0x10
        IoUid = 4294967295
        NoNewKeyring = true
        NoPivotRoot = true
        Root = "/r"
        ShimCgroup = "/s"
        SystemdCgroup = true
        """.utf8), warnings: &warnings)
    var wanted = RuntimeOptions()
    wanted.binaryName = "/usr/bin/crun"
    wanted.root = "/r"
    wanted.systemdCgroup = true
    wanted.noPivotRoot = true
    wanted.noNewKeyring = true
    wanted.shimCgroup = "/s"
    wanted.ioUID = .max
    wanted.ioGID = 16
    wanted.criuPath = "/c"
    wanted.criuWorkPath = "/w"
    #expect(options == wanted)
    #expect(warnings == [])
  }

  @Test func strangersGiveAWarningEach() throws {
    var warnings: [String] = []
    let options = try RuntimeOptions(
      table: Array("binaryname = 1\nX = [\n]\nSystemdCgroup = true\n[y]\nRoot = 1\n[y.z]".utf8),
      warnings: &warnings)
    #expect(options.systemdCgroup && options.root == "/run/containerd/runc")
    #expect(
      warnings
        == [(1, "binaryname"), (2, "X"), (5, "y")].map {
          "line \($0.0): \($0.1) is no option of this runtime"
        })
  }

  @Test(arguments: [
    ("Root = 1", "Root is to be a string, not 1"),
    ("BinaryName = true", "BinaryName is to be a string, not true"),
    ("BinaryName = ['runc']", "BinaryName is to be a string, not an array"),
    ("BinaryName.x = 'runc'", "BinaryName is to be a string, not a table"),
    ("[BinaryName]", "BinaryName is to be a string, not a section"),
    ("Root = '''x'''", "Root is to be a string, not a string of many lines"),
    ("SystemdCgroup = 'true'", "SystemdCgroup is to be true or false, not a string"),
    ("SystemdCgroup = 1", "SystemdCgroup is to be true or false, not 1"),
    ("IoUid = '0'", "IoUid is to be an integer, not a string"),
    ("IoUid = 1.0", "IoUid is to be an integer, not 1.0"),
    ("IoUid = -1", "IoUid is to be an id, not -1"),
    ("IoGid = 4294967296", "IoGid is to be an id, not 4294967296"),
  ]) func wrongTypes(_ text: String, _ why: String) {
    var warnings: [String] = []
    #expect(throws: RuntimeOptionsError("line 2: \(why)")) {
      try RuntimeOptions(table: Array("\n\(text)".utf8), warnings: &warnings)
    }
  }
}
