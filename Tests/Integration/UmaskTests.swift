// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// The umask of a container's processes is what it would be under containerd's own shim, whatever
  /// containerd's is.
  @Suite struct UmaskTests {
    @Test(arguments: ["0077", "0000"]) func initAndExec(umask: String) throws {
      let wrapper = ["sh", "-c", "umask \(umask); exec \"$@\"", "sh"]
      try Containerd.run(wrapper: wrapper) { containerd in
        let look = "umask; >/tmp/$1; mkdir /tmp/$1.d; cd /tmp; stat -c '%n %a' $1 $1.d"
        func answers(_ runtime: String, _ letter: String) throws -> [String] {
          let id = "\(ContainerTests.id)-\(letter)"
          try containerd.remember(id)
          try containerd.ctr(
            "run", "--detach", "--null-io", "--runtime", runtime, Containerd.image, id, "sh", "-c",
            "{ \(look); } >/init; exec sleep 100000", "sh", "init"
          ).expectSuccess()
          let exec = ["task", "exec", "--exec-id"]
          try eventually("init has looked") {
            try containerd.spawnCtr(exec + ["a", id, "grep", "init.d", "/init"]).wait().status == 0
          }
          let ofInit = try containerd.spawnCtr(exec + ["b", id, "cat", "/init"]).wait()
          let ofExec = try containerd.spawnCtr(
            exec + ["c", id, "sh", "-c", look, "sh", "exec"]
          ).wait()
          let ofTerminal = try containerd.spawnCtr(
            exec + ["d", "--tty", id, "sh", "-c", look, "sh", "tty"], terminal: Terminal()
          ).wait()
          try containerd.ctr(together: [["task", "rm", "--force", id]])
          // ctr complains when the exec has ended before it is told its size.
          let seen = ofTerminal.output.replacing("\r", with: "").prefix { $0 != "\u{1B}" }
          return [ofInit.output, ofExec.output, String(seen)]
        }
        let stock = try answers(CompareTests.stock, "r")
        #expect(try answers(Containerd.oci, "s") == stock)
        #expect(stock[0] == "0022\ninit 644\ninit.d 755\n")
        #expect(stock[1].hasPrefix("\(umask)\nexec 6"))
      }
    }
  }
}
