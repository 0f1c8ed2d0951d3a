// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Runtime
internal import Stdio
internal import SwiftProtobuf

extension TaskService {
  /// Each keeps pipes open from here on: a client that never deletes its execs must not use up the
  /// descriptors of the others.
  private static let execLimit = 4096

  /// Only notes what Start is to run; the process has no pid before that.
  func exec(_ request: ExecProcessRequest) throws(TaskError) {
    let container = try self.container(request.id)
    guard Identifier.isValid(request.execID) else {
      throw .invalid("identifier \"\(request.execID)\"")
    }
    guard container.execs[request.execID] == nil else {
      throw .alreadyExists("id \(request.execID)")
    }
    try container.initProcess.record.state.check(.exec)
    guard container.initProcess.process != nil else {
      throw .unknown("cannot exec in a created state")  // it is still to be restored
    }
    guard container.execs.count < Self.execLimit else {
      throw .exhausted("\(Self.execLimit) execs of container \(request.id) have not been deleted")
    }
    let process: ContainerProcess
    do throws(StdioError) {
      process = ContainerProcess(
        ProcessRecord(
          container: request.id, exec: request.execID, stdio: request.stdio,
          isTerminal: request.terminal),
        try ProcessIO(hub, request.stdio, terminal: request.terminal))
    } catch {
      throw TaskError(error)
    }
    do throws(RuntimeError) {
      process.spec = try ExecRequest.spec(Array(request.spec.value), terminal: request.terminal)
    } catch {
      throw TaskError(error)
    }
    container.deleted.forget(request.execID)
    container.execs[request.execID] = process
    events.publish(
      "/tasks/exec-added",
      TaskExecAdded.with {
        $0.containerID = request.id
        $0.execID = request.execID
      })
  }
}

extension ExecProcessRequest {
  var stdio: StdioPaths { StdioPaths(stdin: stdin, stdout: stdout, stderr: stderr) }
}
