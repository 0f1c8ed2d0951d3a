// SPDX-License-Identifier: Apache-2.0

extension Script {
  static let all = lives + processes + refusals

  /// Containers from their begin to their end.
  static let lives = [
    // No large output: under load this ctr now and then misses its end, with either shim.
    Script(
      "run, attached",
      "run --rm busybox ID true",
      "run --rm busybox ID sh -c 'echo out; echo err >&2; exit 7'",
      "run --rm busybox ID sh -c 'exit 137'",
      "run --rm busybox ID sh -c 'exit 255'",
      "run --rm --null-io busybox ID echo unseen",
      "run --rm busybox ID sh -c 'yes relayed | head -n 2000'"),
    Script(
      "run, with a logger",
      "run --rm --log-uri file://FOLDER/new/ID busybox ID sh -c 'echo out; echo err >&2; exit 7'",
      "run --rm --log-uri binary:///bin/true?key=value busybox ID true"),
    Script(
      "run, with options",
      "run --rm --env A=1 --env B=2 busybox ID sh -c 'echo $A $B $PATH'",
      "run --rm --cwd /bin busybox ID sh -c 'pwd; ls sh'",
      "run --rm --read-only busybox ID sh -c '>/file'",
      "run --rm --with-ns network:/proc/self/ns/net busybox ID sh -c 'echo $$'"),
    Script(
      "run, killed",
      .begin("run --rm busybox ID sh -c 'echo begun; sleep 1000'", until: "begun"),
      "task kill --signal KILL ID", .end),
    // The kernel keeps from the first process of a pid namespace the signals it has no handler for.
    Script(
      "run, terminated, in the pid namespace of the host",
      .begin(
        "run --rm --with-ns pid:/proc/self/ns/pid busybox ID sh -c 'echo begun; exec sleep 1000'",
        until: "begun"),
      "task kill ID", .end),
    Script(
      "run, detached",
      "run -d busybox ID sleep 1000",
      .state("RUNNING"), "task ls",
      "task kill ID", "task kill --signal HUP ID", "task kill --signal 0 ID", "task ls",
      "task kill --signal 9 ID",
      .state("STOPPED"), "task ls", "task ps ID", "task rm ID", "task ls", "container rm ID"),
    // It waits for its size: ctr complains if the command has ended before it is told.
    Script(
      "run, on a terminal",
      .terminal(
        "run --rm -t busybox ID sh -c 'until stty size 2>&- | grep \"24 80\"; do :; done; exit 5'"),
      .beginTerminal(
        "run --rm -t busybox ID sh -c 'until stty size 2>&- | grep \"24 80\"; do :; done; read line; echo got $line; exit 3'",
        until: "24 80", type: "hello\n"), .end),
    Script(
      "signals that the command handles",
      "run -d busybox ID sh -c 'trap \"echo usr; exit 9\" USR1; while :; do sleep 0.05; done'",
      .begin("task exec --exec-id e ID sh -c 'echo begun; sleep 0.2'", until: "begun"), .end,
      "task kill --signal SIGUSR1 ID", .state("STOPPED"),
      "task rm ID", "container rm ID"),
    Script(
      "create, then start",
      "container create busybox ID ls / /nowhere",
      "task start ID", "task start ID", "container rm ID"),
    // The output waits for the file, for the first ctr reads until it exits.
    Script(
      "attach",
      "run -d busybox ID sh -c 'trap \"echo bye; exit 6\" TERM; until test -e /go; do sleep 0.02; done; echo hello; while :; do sleep 0.02; done'",
      "task exec --exec-id e ID touch /go",
      .begin("task attach ID", until: "hello"),
      "task kill ID", .end, "task ls", "container rm ID"),
    Script(
      "pause and resume",
      "run -d --null-io busybox ID sleep 1000", "shim --id ID state", "task pause ID", "task ls",
      "task ps ID", "task resume ID",
      "task ls", "task pause ID", "task kill --signal KILL ID", .state("STOPPED"), "task rm ID",
      "container rm ID"),
    Script(
      "rm by force",
      "run -d busybox ID sleep 1000", "task rm -f ID", "task ls", "container rm ID"),
    Script(
      "rm by force of a paused task",
      "run -d busybox ID sleep 1000", "task pause ID", "task rm -f ID", "container rm ID"),
    Script(
      "a pid namespace of the host",
      "run -d --with-ns pid:/proc/self/ns/pid busybox ID sh -c 'sleep 1000 & sleep 1000'",
      .state("RUNNING"), "task kill -a --signal KILL ID", .state("STOPPED"), "task rm ID",
      "container rm ID"),
  ]

  /// More processes in a container.
  static let processes = [
    Script(
      "exec",
      "run -d busybox ID sleep 1000",
      "task exec --exec-id a ID true",
      "task exec --exec-id b ID sh -c 'echo out; echo err >&2; exit 3'",
      "task exec --exec-id c ID sh -c 'kill -9 $$'",
      "task exec --exec-id d ID sh -c 'kill $$'",
      "task exec --exec-id e ID sh -c 'exit 255'",
      .ctr("task exec --exec-id f ID cat", input: "from standard input\n"),
      .ctr("task exec --exec-id g ID wc -c", input: String(repeating: "x", count: 50_000)),
      "task exec --exec-id h --cwd /bin ID pwd",
      "task exec --exec-id i --user 65534 ID id -u",
      .terminal(
        "task exec --exec-id j -t ID sh -c 'until stty size 2>&- | grep \"24 80\"; do :; done; exit 8'"
      ),
      "task exec --exec-id a ID echo again",
      "task rm -f ID", "container rm ID"),
    Script(
      "exec, detached",
      "run -d busybox ID sleep 1000",
      "task exec -d --exec-id e ID sh -c 'exit 3'", .event("exit e 3"),
      "task kill --exec-id e ID", "task rm --exec-id e ID", "task rm --exec-id e ID",
      "task exec -d --exec-id e ID sleep 1000", "task ps ID",
      "task rm --exec-id e ID",
      "task kill --exec-id e ID", .event("exit e 143"), "task rm --exec-id e ID",
      "task exec -d --exec-id f ID sleep 1000",
      "task kill --exec-id f --signal KILL ID", .event("exit f 137"), "task rm --exec-id f ID",
      "task rm -f ID", "container rm ID"),
    Script(
      "kill -a",
      anyOrder: "1.6 does not wait for the execs before it tells of init",
      "run -d busybox ID sleep 1000",
      "task exec -d --exec-id e ID sleep 1000",
      "task kill -a --signal KILL ID", .state("STOPPED"), "task kill -a --signal KILL ID",
      "task rm ID", "container rm ID"),
  ]

  static let checkpoint = Script(
    "checkpoint and restore",
    "run -d --null-io busybox ID sh -c 'echo kept >/kept; sleep 1000'",
    "task checkpoint ID", "task ls",
    "container checkpoint --rw --task ID checkpoint/ID:1", "task ls",
    "task rm -f ID", "container rm ID",
    "container restore --rw --live ID checkpoint/ID:1", "task ls", "task ps ID",
    "task exec --exec-id e ID cat /kept", "task rm -f ID", "container rm ID")

  /// A task that is running when containerd crashes.
  static let restart = Script(
    "restart",
    "run -d busybox ID sleep 1000",
    "task exec -d --exec-id e ID sleep 1000",
    .restart,
    "task ls", "task ps ID", "task exec --exec-id f ID echo here", "task pause ID", "task ls",
    "task resume ID", "task kill --exec-id e ID", .event("exit e 143"), "task rm --exec-id e ID",
    "task kill --signal KILL ID", .state("STOPPED"), "task rm ID", "container rm ID")
}
