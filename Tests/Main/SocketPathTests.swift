// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Main

@Suite struct SocketPathTests {
  @Test func sha256() {
    // FIPS 180-4 examples.
    #expect(
      SocketPath.sha256("abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SocketPath.sha256("")
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// containerd's own shim and ours must find each other.
  @Test func pathOfAGroup() {
    let path = SocketPath(
      directory: "", address: "/run/containerd/containerd.sock", namespace: "research",
      group: "o1")
    #expect(
      path.path
        == "/run/containerd/s/"
        + SocketPath.sha256("/run/containerd/containerd.sock/research/o1"))
  }

  @Test func group() {
    let both = ["io.kubernetes.cri.sandbox-id": "pod", "io.containerd.runc.v2.group": "g"]
    #expect(SocketPath.group(of: "c1", both) == "g")
    #expect(SocketPath.group(of: "c1", ["io.kubernetes.cri.sandbox-id": "pod"]) == "pod")
    #expect(SocketPath.group(of: "c1", ["other": "x"]) == "c1")
  }

  /// Go's filepath.Join.
  @Test(arguments: [
    (["/a", "b", "c"], "/a/b/c"), (["", "b", "c"], "b/c"), (["/a/", "b"], "/a/b"),
    (["/a//x/./y", "b"], "/a/x/y/b"), (["/a/../c", "b"], "/c/b"), (["../a", "b"], "../a/b"),
    (["/..", "b"], "/b"),
  ])
  func join(_ parts: [String], _ joined: String) { #expect(SocketPath.join(parts) == joined) }
}
