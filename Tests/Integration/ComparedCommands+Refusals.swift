// SPDX-License-Identifier: Apache-2.0

extension Script {
  /// What is refused, and in which words.
  static let refusals = [
    Script(
      "an unknown container",
      "task start ID", "task kill ID", "task rm ID", "task rm -f ID", "task pause ID",
      "task resume ID", "task exec --exec-id e ID true", "task ps ID", "task attach ID",
      "task metrics ID", "container rm ID"),
    Script(
      "a container without a task",
      "container create busybox ID true",
      "task kill ID", "task rm ID", "task pause ID", "task resume ID",
      "task exec --exec-id e ID true", "task ps ID", "task attach ID", "task metrics ID",
      "container create busybox ID true", "container rm ID"),
    Script(
      "a running task",
      "run -d busybox ID sleep 1000",
      "task start ID", "run busybox ID true", "task resume ID", "task rm ID", "container rm ID",
      "task kill --signal 99 ID", "task kill --signal NONSENSE ID",
      "task kill --exec-id unknown ID", "task rm --exec-id unknown ID",
      "task exec --exec-id e ID no-such-program", "task exec --exec-id e ID /etc",
      "task exec --exec-id e --cwd /nowhere ID true",
      "task exec --exec-id 'not valid' ID true", "task exec ID true",
      "shim --id ID start ID", "shim --id ID delete ID",
      "task metrics ID",
      "task rm -f ID", "container rm ID"),
    Script(
      "a taken exec id",
      anyOrder: "1.6 does not wait for the execs before it tells of init",
      "run -d busybox ID sleep 1000",
      "task exec -d --exec-id e ID sleep 1000", "task exec --exec-id e ID true",
      "task exec -d --exec-id e ID true", "task rm -f ID", "container rm ID"),
    Script(
      "a paused task",
      "run -d busybox ID sleep 1000", "task pause ID",
      "task pause ID", "task start ID", "task rm ID", "task exec --exec-id e ID true",
      "shim --id ID delete ID", "shim --id ID start ID",
      "task resume ID", "task resume ID", "task rm -f ID", "container rm ID"),
    Script(
      "a stopped task",
      "run -d busybox ID sleep 1000", "task kill --signal KILL ID", .state("STOPPED"),
      "task kill ID", "task kill --signal 0 ID", "task kill --signal KILL ID",
      "task kill -a --signal KILL ID",
      "task pause ID", "task resume ID", "task start ID", "task exec --exec-id e ID true",
      "task attach ID", "shim --id ID start ID", "task ps ID", "container rm ID", "task rm ID",
      "task rm ID", "container rm ID"),
    Script(
      "programs that cannot run",
      "run --rm busybox ID no-such-program", "run --rm busybox ID /nonexistent",
      "run --rm busybox ID /etc", "run --rm busybox ID /etc/passwd/x",
      "run --rm --cwd /etc/passwd busybox ID true",
      .terminal("run --rm -t busybox ID no-such-program")),
    Script(
      "loggers that cannot run",
      "run --rm --log-uri binary:///nonexistent busybox ID true",
      "run --rm --log-uri nonsense:///x busybox ID true"),
    Script(
      "specs that cannot run",
      "run --rm --with-ns network:/proc/1/ns/nothing busybox ID true",
      "run --rm --mount type=bind,src=/nowhere,dst=/x,options=rbind busybox ID true",
      "run --rm --missing-runtime busybox ID true"),
  ]
}
