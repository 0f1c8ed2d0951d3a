// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Main

@Suite struct OptionsTests {
  private func parse(_ line: String) throws -> Options {
    try Options(parsing: line.split(separator: " ").map(String.init))
  }

  @Test func asContainerdWritesThem() throws {
    let options = try parse(
      "-namespace ns -address /a.sock -publish-binary /usr/bin/containerd -id c1 -debug start")
    #expect(options.action == .start)
    #expect(options.namespace == "ns")
    #expect(options.address == "/a.sock")
    #expect(options.publishBinary == "/usr/bin/containerd")
    #expect(options.id == "c1")
    #expect(options.debug)
    let delete = try parse("-namespace ns -id c1 -bundle /b delete")
    #expect(delete.action == .delete)
    #expect(delete.bundle == "/b")
    #expect(try parse("-namespace ns -id c1").action == .serve)
  }

  @Test func goSyntax() throws {
    #expect(try parse("--id=c1 --namespace=ns").id == "c1")
    #expect(try parse("-id= -namespace ns").id == "")
    #expect(try parse("-debug=false").debug == false)
    #expect(try parse("-debug=T").debug)
    #expect(try parse("-v").printsVersion)
    #expect(try parse("-version").printsVersion)
    #expect(try parse("-info").printsInfo)
    // The action ends the flags; so does --.
    #expect(try parse("start -debug").debug == false)
    #expect(try parse("-- start").action == .start)
    #expect(try parse("-id a=b").id == "a=b")
  }

  @Test func errors() {
    #expect(throws: Options.Failure.unknownFlag("-x")) { try parse("-x") }
    #expect(throws: Options.Failure.unknownFlag("---id")) { try parse("---id x") }
    #expect(throws: Options.Failure.unknownFlag("-=id")) { try parse("-=id") }
    #expect(throws: Options.Failure.missingValue("id")) { try parse("-id") }
    #expect(throws: Options.Failure.unknownAction("stop")) { try parse("stop") }
    #expect(throws: Options.Failure.noSwitch("debug", value: "x")) { try parse("-debug=x") }
  }

  @Test(arguments: [
    "-id c1", "-namespace ns", "-namespace .. -id c1", "-namespace ns -id ../x",
    "-namespace ns -id c1 -bundle relative", "-namespace ns -id c1 -socket relative",
  ])
  func refused(_ line: String) {
    #expect(throws: CommandFailure.self) { try parse(line).check() }
  }
}
