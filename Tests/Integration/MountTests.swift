// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// The programs `mount` and `unmount`, which the daemon runs of itself.
  @Suite struct MountTests {
    private struct Mount {
      var type: String
      var source: String
      var target = ""
      var options: [String] = []
      var words: [String] { [type, source, target, String(options.count)] + options }
    }

    private final class Host {
      let folder: TemporaryFolder
      private let wrapper: [String]
      var rootfs: String { "\(folder.path)/rootfs" }

      /// - Parameter faults: of the kernel, as strace(1) injects them.
      init(_ faults: [String] = []) throws {
        folder = try TemporaryFolder()
        wrapper =
          faults.isEmpty
          ? []
          : ["strace", "-o", "/dev/null"]
            + faults.flatMap { ["-e", "inject=\($0)"] }
      }
      deinit { _ = try? run("umount", "-R", "-q", "-l", "\(folder.path)/rootfs") }

      func shim(_ arguments: [String]) throws -> Subprocess.Ending {
        let program = "\(try ShimBinary.folder())/containerd-shim-swift-v2"
        return try Subprocess(wrapper + [program] + arguments).wait()
      }
      func mount(_ mounts: Mount...) throws -> Subprocess.Ending {
        try shim(["mount", rootfs] + mounts.flatMap(\.words))
      }
      func makeFolder(_ name: String) throws -> String {
        try Files.makeFolder("\(folder.path)/\(name)")
        return "\(folder.path)/\(name)"
      }
      func expectMounted(_ mounts: Mount...) throws {
        let ending = try shim(["mount", rootfs] + mounts.flatMap(\.words))
        #expect(ending.errors == "")
        #expect(ending.status == 0)
      }
      func expectFailure(_ words: String, _ mounts: Mount...) throws {
        let ending = try shim(["mount", rootfs] + mounts.flatMap(\.words))
        #expect(ending.status == 1)
        #expect(ending.errors == "failed to mount rootfs component: \(words)\n")
        #expect(table == [])
      }
      func unmount() throws {
        let ending = try shim(["unmount", rootfs])
        #expect(ending.errors == "")
        #expect(ending.status == 0)
        #expect(table == [])
      }
      /// Our lines of the table of mounts.
      var table: [String] {
        (Files.read("/proc/self/mountinfo") ?? "").split(separator: "\n").map(String.init)
          .filter { $0.contains(" \(rootfs)") }
      }
    }

    @Test func nothingToMountMakesTheFolder() throws {
      let host = try Host()
      try host.expectMounted()
      #expect(Files.mode(host.rootfs) == 0o711)
      try host.unmount()
      #expect(try host.shim(["mount"]).status == 2)
      #expect(try host.shim(["mount", "/"]).status == 2)
      #expect(try host.shim(["mount", host.rootfs, "a", "b", "c", "1"]).status == 2)
      #expect(try host.shim(["unmount", "x"]).status == 2)
    }

    @Test func tmpfsBindsAndTargets() throws {
      let host = try Host()
      let source = try host.makeFolder("source")
      try host.folder.write("source/file", "hello")
      let inner = try host.makeFolder("source/inner")
      try host.expectMounted(
        Mount(type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=1m", "mode=711"]))
      try Files.makeFolder("\(host.rootfs)/a")
      try Files.makeFolder("\(host.rootfs)/b")
      #expect(try run("mount", "-t", "tmpfs", "tmpfs", inner).status == 0)
      defer { _ = try? run("umount", inner) }
      try Files.makeFolder("\(inner)/seen")
      try host.expectMounted(
        Mount(type: "bind", source: source, target: "/a", options: ["rbind", "ro"]),
        Mount(type: "bind", source: source, target: "b", options: ["bind", "noexec"]))
      #expect(Files.read("\(host.rootfs)/a/file") == "hello")
      #expect(Files.exists("\(host.rootfs)/a/inner/seen"))
      #expect(!Files.exists("\(host.rootfs)/b/inner/seen"))
      #expect(mkdir("\(host.rootfs)/a/x", 0o755) == -1 && errno == EROFS)
      #expect(mkdir("\(host.rootfs)/b/x", 0o755) == 0)
      #expect(host.table.contains { $0.contains("/b ") && $0.contains("noexec") })
      try host.unmount()
    }

    /// Flags that the source has already stay, though nobody asks for them.
    @Test func remountKeepsFlags() throws {
      let host = try Host()
      let source = try host.makeFolder("source")
      #expect(
        try run("mount", "-t", "tmpfs", "-o", "nosuid,nodev,noatime", "x", source).status == 0)
      defer { _ = try? run("umount", source) }
      try host.expectMounted(Mount(type: "bind", source: source, options: ["bind", "ro"]))
      let line = try #require(host.table.first)
      #expect(line.contains(" ro,nosuid,nodev,noatime "))
      try host.unmount()
    }

    @Test func failureUndoesAll() throws {
      let host = try Host()
      let tmpfs = Mount(type: "tmpfs", source: "tmpfs")
      try host.expectFailure(
        "mount /no/such: No such file or directory", tmpfs, tmpfs,
        Mount(type: "bind", source: "/no/such", options: ["bind"]))
      try host.expectFailure("mount x: No such device", tmpfs, Mount(type: "nofs", source: "x"))
      try host.expectFailure(
        "X-containerd.x is an option for containerd",
        Mount(type: "tmpfs", source: "x", options: ["X-containerd.x"]))
      try host.expectFailure(
        "mount options is too long",
        Mount(type: "tmpfs", source: "x", options: [String(repeating: "x", count: 5000)]))
      try host.expectFailure(
        "fuse.x is not supported", tmpfs, Mount(type: "fuse.x", source: "x"))
    }

    /// A link in the image leads nowhere else, and neither do dots.
    /// A kernel with openat2, one without, and a sandbox that forbids it.
    static let kernels = [[], ["openat2,statx:error=ENOSYS"], ["openat2,statx:error=EPERM"]]

    @Test(arguments: kernels) func targetsStayInside(faults: [String]) throws {
      let host = try Host(faults)
      let source = try host.makeFolder("source")
      symlink(host.folder.path, "\(source)/link")
      try host.expectFailure(
        "\(host.rootfs)/link/source: No such file or directory",
        Mount(type: "bind", source: source, options: ["bind"]),
        Mount(type: "tmpfs", source: "x", target: "link/source"))
      try host.expectFailure(
        "\(host.rootfs)/../source: No such file or directory",
        Mount(type: "tmpfs", source: "x", target: "../source"))
    }

    @Test(arguments: kernels) func linksLeadToPlacesInside(faults: [String]) throws {
      let host = try Host(faults)
      let source = try host.makeFolder("source")
      _ = try host.makeFolder("source/b/c")
      for (name, target) in [
        ("absolute", "/b/./c"), ("b/up", "../../../b//c/../up2"), ("b/up2", "/../b/c/"),
        ("round", "round2"), ("round2", "/round"), ("file", "b"),
        ("long", String(repeating: "b/../", count: 800)),
      ] { #expect(symlink(target, "\(source)/\(name)") == 0) }
      let bind = Mount(type: "bind", source: source, options: ["bind"])
      for target in ["absolute", "b/up", "/file/c", "long/b/c", "../b/./c//"] {
        try host.expectMounted(bind, Mount(type: "tmpfs", source: "x", target: target))
        #expect(host.table.last?.contains(" \(host.rootfs)/b/c ") == true, "\(target)")
        try host.unmount()
      }
      try host.expectFailure(
        "\(host.rootfs)/round: Too many levels of symbolic links", bind,
        Mount(type: "tmpfs", source: "x", target: "round"))
      try host.expectFailure(
        "\(host.rootfs)/self/root/tmp: Too many levels of symbolic links",
        Mount(type: "proc", source: "proc"),
        Mount(type: "tmpfs", source: "x", target: "self/root/tmp"))
    }

    @Test func overlayOfAHundredLayers() throws {
      let host = try Host()
      let long = try host.makeFolder(
        "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots")
      let layers = try (1...100).map { number in
        try host.folder.path + "/"
          + {
            let name = String(long.dropFirst(host.folder.path.count + 1)) + "/\(number)/fs"
            _ = try host.makeFolder(name)
            try host.folder.write("\(name)/from-\(number)", "\(number)")
            try host.folder.write("\(name)/newest", "\(number)")
            return name
          }()
      }
      let upper = try host.makeFolder("upper")
      let work = try host.makeFolder("work")
      try host.expectMounted(
        Mount(
          type: "overlay", source: "overlay",
          options: [
            "index=off", "workdir=\(work)", "upperdir=\(upper)",
            "lowerdir=\(layers.joined(separator: ":"))",
          ]))
      #expect(Files.read("\(host.rootfs)/newest") == "1")
      #expect(Files.names(in: host.rootfs).count == 101)
      try "x".write(toFile: "\(host.rootfs)/new", atomically: false, encoding: .utf8)
      #expect(Files.exists("\(upper)/new"))
      try host.unmount()
    }

    /// Since Linux 5.8 by one call, the second of these; before by two.
    @Test(arguments: [[], ["ioctl:error=EINVAL:when=2"], ["ioctl:error=EPERM:when=2"]])
    func loopDevice(faults: [String]) throws {
      let host = try Host(faults)
      let image = "\(host.folder.path)/image"
      let made = try run("sh", "-c", "truncate -s 8M '\(image)' && mkfs.ext4 -q '\(image)'")
      guard Files.exists("/dev/loop-control"), made.status == 0 else {
        return print("skipped: no loop devices or no mkfs.ext4 here")
      }
      try host.expectMounted(Mount(type: "ext4", source: image, options: ["loop", "ro"]))
      #expect(Files.exists("\(host.rootfs)/lost+found"))
      #expect(try run("losetup", "-j", image).output.contains("/dev/loop"))
      try host.unmount()
      try eventually("the loop device ends") { try run("losetup", "-j", image).output == "" }
    }

    /// There is no other way: the error names what is missing.
    @Test(arguments: ["ENOSYS", "EPERM"]) func noIDsAreMappedOnAnOldKernel(error: String) throws {
      let host = try Host(["open_tree,mount_setattr:error=\(error)"])
      let source = try host.makeFolder("source")
      let options = ["bind", "uidmap=0:70000:1000", "gidmap=0:80000:1000"]
      let words = error == "EPERM" ? "Operation not permitted" : "Function not implemented"
      try host.expectFailure(
        "id-mapped copy of \(source) (Linux 5.12): \(words)",
        Mount(type: "bind", source: source, options: options))
    }

    @Test func idMapped() throws {
      let host = try Host()
      let source = try host.makeFolder("source")
      try host.folder.write("source/file", "x")
      let options = ["bind", "ro", "uidmap=0:70000:1000", "gidmap=0:80000:1000"]
      let ending = try host.mount(Mount(type: "bind", source: source, options: options))
      if ending.status == 1 && ending.errors.contains("id-mapped copy") {
        return print("skipped: this kernel maps no ids here: \(ending.errors)")
      }
      #expect(ending.errors == "")
      var status = stat()
      #expect(stat("\(host.rootfs)/file", &status) == 0)
      #expect(status.st_uid == 70000 && status.st_gid == 80000)
      #expect(mkdir("\(host.rootfs)/x", 0o755) == -1 && errno == EROFS)
      try host.unmount()
    }

    /// Mounts on top of each other and below; and one that stays in use is detached.
    @Test(arguments: [[], ["statx:error=ENOSYS"]]) func unmountTakesAll(faults: [String]) throws {
      let host = try Host(faults)
      let tmpfs = Mount(type: "tmpfs", source: "x")
      try host.expectMounted(tmpfs, tmpfs, tmpfs)
      try Files.makeFolder("\(host.rootfs)/a")
      try host.expectMounted(Mount(type: "tmpfs", source: "x", target: "a"))
      #expect(host.table.count == 4)
      try host.unmount()

      try host.expectMounted(tmpfs)
      let user = try Subprocess(["sleep", "100"], directory: host.rootfs)
      defer { user.kill(SIGKILL) }
      try eventually("it is there") {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(user.pid)/cwd"))
          == host.rootfs
      }
      let begin = ContinuousClock.now
      try host.unmount()
      #expect(.seconds(2)...(.seconds(10)) ~= ContinuousClock.now - begin)
    }
  }
}
