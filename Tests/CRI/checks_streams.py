# SPDX-License-Identifier: Apache-2.0
"""Exec, attach and logs: what goes in and comes out, byte for byte."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor

import host
from channels import STDIN, STDOUT, Channels
from client import refusal
from pods import Pod
from settings import PATIENCE, equal, eventually, true


def digest(data):
    """With the length, which says more when they differ."""
    return len(data), hashlib.sha256(data).hexdigest()


def some_bytes(count, seed):
    """The same ones each time."""
    return random.Random(seed).randbytes(count)


def processes_in(container):
    """Of version 2 with crun the first process may be in a cgroup below the container's."""
    folder = host.cgroup(container.pid, "pids")
    return {int(pid) for pid in host.read(folder / "cgroup.procs").split()}


# -- Exec --


def exec_sync(daemon):
    """ExecSync: both outputs and the exit code; 1 MiB; twenty at once; a command that is not there"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        script = "printf out; printf err >&2; exit 42"
        equal(container.exec_sync("sh", "-c", script), (b"out", b"err", 42), "a short one")
        data = some_bytes(1 << 20, 1)
        (pod.data / "large").write_bytes(data)
        out, err, code = container.exec_sync("cat", "/data/large")
        equal((digest(out), err, code), (digest(data), b"", 0), "1 MiB")
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(
                lambda n: container.exec_sync("sh", "-c", f"echo {n}; exit {n}"), range(20)))
        equal(found, [(b"%d\n" % n, b"", n) for n in range(20)], "twenty at once")
        error = refusal(
            daemon.cri.ExecSync, container_id=container.id, cmd=["/no/such/command"])
        true("no/such/command" in error.details(), f"the error is {error.details()}")
        equal(processes_in(container), {container.pid}, "processes afterwards")


def exec_timeout(daemon):
    """ExecSync with a timeout: an error that says so, and the command is killed"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        # Long enough to start it.
        limit = max(1, int(PATIENCE / 20))
        error = refusal(daemon.cri.ExecSync, container_id=container.id, timeout=limit,
                        cmd=["sh", "-c", "sleep 1000"])
        true(f"timeout {limit}s exceeded" in error.details(), f"the error is {error.details()}")
        eventually("only the first process is left",
                   lambda: processes_in(container) == {container.pid})
        true(container.is_running, "the container was hit")


def exec_streams(daemon):
    """Exec by websocket: input, both outputs, the exit code; 1 MiB to it and back"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        data = some_bytes(1 << 20, 2)
        url = container.exec_url("sh", "-c", "head -c 1048576; printf err >&2; exit 3",
                                 stdin=True, stdout=True, stderr=True)
        with Channels(url) as channels:
            out, err, code = channels.exchange(data)
        equal((digest(out), err, code), (digest(data), b"err", 3), "1 MiB there and back")
        with Channels(container.exec_url("true", stdout=True)) as channels:
            equal(channels.receive_all(), (b"", b"", 0), "one that says nothing")


def exec_terminal(daemon):
    """Exec with a terminal: its size, a new size, an input with echo"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        # It has no size at first, which stty complains of.
        script = ('until [ "$(stty size 2>/dev/null)" = "33 77" ]; do sleep 0.05; done;'
                  'read x; echo "<$x>"; exit 5')
        url = container.exec_url("sh", "-c", script, tty=True, stdin=True, stdout=True)
        with Channels(url) as channels:
            channels.resize(20, 10)
            channels.resize(77, 33)
            channels.send(STDIN, b"word\n")
            equal(channels.receive_all(), (b"word\r\n<word>\r\n", b"", 5), "the terminal")


# -- Attach --


def attach(daemon):
    """Attach: input and output; detach, attach again; the log has it all; the end of the input"""
    with Pod(daemon) as pod:
        container = pod.run("cat", stdin=True)
        for round_ in b"first", b"second":
            with Channels(container.attach_url(stdin=True, stdout=True, stderr=True)) as channels:
                converse(channels, round_)
            true(container.is_running, "it has ended when the client went away")
        for round_ in b"first", b"second":
            container.await_logged(b"end of %s\n" % round_)
        once = pod.run("cat", stdin=True, stdin_once=True)
        with Channels(once.attach_url(stdin=True, stdout=True)) as channels:
            converse(channels, b"only")
        equal(once.ending(), (0, "Completed"), "the end of its input")
        true(once.logged().endswith(b"end of only\n"), f"the log is {once.logged()}")


def converse(channels, word):
    """containerd passes input on before it listens to the output: so asks until there is an answer."""
    last = b"end of %s\n" % word
    eventually("an echo", lambda: echoes(channels, b"try\n"))
    channels.send(STDIN, last)
    while not channels.received[STDOUT].endswith(last):
        true(channels.receive(), "hung up")
    true(not channels.received[STDOUT].replace(b"try\n", b"").replace(last, b""), "strange bytes")


def echoes(channels, text):
    channels.send(STDIN, text)
    channels.receive_within(0.2)
    return text in channels.received[STDOUT]


# -- Logs --


def lines_of_all_lengths(seed):
    """3 MiB: many short lines, empty ones, some around containerd's limit of 16384, some far longer."""
    some = random.Random(seed)
    lengths = [some.randrange(0, 120) for _ in range(30000)]
    lengths += [0, 1, 16383, 16384, 16385, 32768, 65536, 100000, 500000]
    some.shuffle(lengths)
    # All bytes but those that end a line.
    table = bytes(byte if byte not in b"\r\n" else 0x20 for byte in range(256))
    return b"".join(some.randbytes(length).translate(table) + b"\n" for length in lengths)


def logs(daemon):
    """logs byte for byte: both streams at once, 3 MiB each; lines of up to 500 kB; none is lost at the end"""
    with Pod(daemon) as pod:
        wanted = {name: lines_of_all_lengths(name) for name in ("stdout", "stderr")}
        for name, data in wanted.items():
            (pod.data / name).write_bytes(data)
        container = pod.shell("cat /data/stderr >&2 & cat /data/stdout; wait")
        equal(container.ending(), (0, "Completed"), "its end")
        # At once: containerd says EXITED when it has seen the end of both streams.
        for name, data in wanted.items():
            equal(digest(container.logged(name.encode())), digest(data), name)
        longest = max(len(text) for _, _, text in container.entries())
        equal(longest, 16384, "the longest piece of a line")


def log_parts(daemon):
    """logs of lines in parts, of a last line without its end, of none at all, and of a terminal"""
    with Pod(daemon) as pod:
        parts = pod.shell("for x in a b c d; do printf $x; sleep 0.05; done; echo; echo e >&2;"
                          "printf 'no end'")
        equal(parts.ending(), (0, "Completed"), "its end")
        equal(parts.logged(), b"abcd\nno end", "stdout")
        equal(parts.logged(b"stderr"), b"e\n", "stderr")
        silent = pod.shell("exit 0")
        equal(silent.ending(), (0, "Completed"), "its end")
        equal(silent.entries(), [], "a log of nothing")
        terminal = pod.shell("echo x; echo y >&2", tty=True)
        equal(terminal.ending(), (0, "Completed"), "its end")
        equal(terminal.logged().replace(b"\r", b""), b"x\ny\n", "a terminal's")
