// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

@Suite struct MountOptionsTests {
  @Test func flagsAndData() throws {
    let options = try MountOptions(["rbind", "ro", "nosuid", "size=1m", "defaults", "mode=755"])
    #expect(options.flags == UInt(MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID))
    #expect(options.data == ["size=1m", "defaults", "mode=755"])
    #expect(options.isBind && options.isRecursive && options.isReadOnly && !options.isMapped)
    #expect(options.remountFlags == UInt(MS_RDONLY | MS_NOSUID))
  }

  @Test(arguments: [
    ("ro", "rw"), ("sync", "async"), ("noatime", "atime"), ("nodev", "dev"), ("noexec", "exec"),
    ("nodiratime", "diratime"), ("mand", "nomand"), ("relatime", "norelatime"),
    ("strictatime", "nostrictatime"), ("nosuid", "suid"),
  ]) func theLastOneCounts(_ set: String, _ clear: String) throws {
    #expect(try MountOptions([clear, set]).flags != 0)
    #expect(try MountOptions([set, clear]) == MountOptions([]))
  }

  @Test func loopAndMaps() throws {
    let options = try MountOptions(["loop", "uidmap=0:1000:5,5:9:1", "gidmap=0:1:2", "bind"])
    #expect(options.isLoop && options.isMapped && options.data == [])
    #expect(try MountOptions.lines(options.uidMap) == "0 1000 5\n5 9 1\n")
  }

  @Test(arguments: ["uidmap=0:0", "uidmap=a:0:1", "uidmap=0:0:1,", "uidmap=-1:0:1", "uidmap=0:0:1"])
  func noMaps(_ word: String) {
    #expect(throws: MountOptions.Failure.self) { try MountOptions([word]) }
  }

  @Test func refusals() throws {
    #expect(throws: MountOptions.Failure.containerds("X-containerd.mkfs")) {
      try MountOptions(["ro", "X-containerd.mkfs"])
    }
    #expect(try MountOptions.join([String(repeating: "x", count: 4095)]).utf8.count == 4095)
    #expect(throws: MountOptions.Failure.tooLong) {
      try MountOptions.join([String(repeating: "x", count: 4094), "" + "y"])
    }
    #expect(MountOptions.Failure.tooLong.words == "mount options is too long")
  }

  @Test func layersOfALongOverlay() {
    let layers = (1...100).map { "/var/lib/\(String(repeating: "x", count: 60))/\($0)/fs" }
    let data = ["workdir=/w", "upperdir=/u", "lowerdir=\(layers.joined(separator: ":"))"]
    let short = OverlayLayers(data)
    #expect(short.folder == "/var/lib/\(String(repeating: "x", count: 60))")
    #expect(short.data[0] == "workdir=/w")
    #expect(
      short.data[2] == "lowerdir=\((1...100).map { "\($0)/fs" }.joined(separator: ":"))")
    // What fits stays as it is.
    #expect(OverlayLayers(Array(data.prefix(2))).folder == nil)
  }

  @Test func commonFolders() {
    #expect(OverlayLayers.commonFolder(["/a/b/c", "/a/b/d"]) == "/a/b")
    #expect(OverlayLayers.commonFolder(["/a/b", "/a/bc"]) == "/a")
    #expect(OverlayLayers.commonFolder(["/a", "/b/c"]) == "/")
    #expect(OverlayLayers.commonFolder(["/a/b", "/a"]) == "/")
    #expect(OverlayLayers.commonFolder(["a/b", "/a/c"]) == nil)
    #expect(OverlayLayers.commonFolder(["/a//b", "/a/c"]) == nil)
  }
}
