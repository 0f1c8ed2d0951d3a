# SPDX-License-Identifier: Apache-2.0
"""Ends and crashes: of containers, of containerd, of the shim."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import host
from client import refusal
from pods import Pod
from settings import PATIENCE, equal, eventually, true


def stop(daemon):
    """StopContainer: within the grace period; after it; of one that has ended"""
    with Pod(daemon) as pod:
        polite = pod.shell("trap 'echo bye; exit 3' TERM; echo ready;"
                           "while :; do sleep 0.05; done")
        polite.await_logged(b"ready\n")
        # It returns long before the grace period ends, or the call itself would time out.
        polite.stop(grace=int(PATIENCE) * 10)
        equal(polite.ending(), (3, "Error"), "SIGTERM")
        equal(polite.logged(), b"ready\nbye\n", "the log")
        deaf = pod.run("sleep", "100000")
        deaf.stop(grace=1)
        equal(deaf.ending(), (137, "Error"), "SIGKILL")
        polite.stop()
        equal(polite.ending(), (3, "Error"), "stopped again")
        polite.remove()
        refusal(daemon.cri.StartContainer, container_id=polite.id)


# -- containerd restarts --


def restart(daemon, number):
    """All that happens to the containers while containerd is away is known afterwards."""
    with Pod(daemon) as pod:
        # What the FIFO holds, so that it can end while nobody reads; and what it does not.
        small = b"".join(b"line %d\n" % n for n in range(4000))
        large = small * 30
        (pod.data / "small").write_bytes(small)
        (pod.data / "large").write_bytes(large)
        script = "echo begin; until [ -e /data/go ]; do sleep 0.02; done; cat /data/"
        ending = pod.shell(f"{script}small; cat /data/small >&2; exit 7")
        waiting = pod.shell(f"{script}large; sleep 100000")
        before = pod.shell("echo begin; exit 5")
        equal(before.ending(), (5, "Error"), "ended before")
        for container in ending, waiting:
            container.await_logged(b"begin\n")
        pid, shim, pid_of_ending = waiting.pid, pod.shim, ending.pid

        daemon.stop(number)
        (pod.data / "go").touch()
        eventually("one ends meanwhile", lambda: not host.lives(pid_of_ending))
        daemon.start()
        equal(ending.ending(), (7, "Error"), "ended meanwhile")
        equal(before.ending(), (5, "Error"), "ended before, afterwards")
        # Until its #8643 containerd closes the FIFOs of a task that it finds stopped, without reading
        # them to the end. What is in the log is true, but how much that is it decides.
        true((b"begin\n" + small).startswith(ending.logged()), "its stdout is not what it wrote")
        true(small.startswith(ending.logged(b"stderr")), "its stderr is not what it wrote")
        eventually("the other's log is complete", lambda: waiting.logged() == b"begin\n" + large)
        true(waiting.is_running and pod.is_ready, "what ran does not run any more")
        equal((waiting.pid, pod.shim), (pid, shim), "process and shim")
        equal(waiting.exec_sync("echo", "hello"), (b"hello\n", b"", 0), "an exec afterwards")
        later = pod.shell("exit 6")
        equal(later.ending(), (6, "Error"), "a new one")
        waiting.stop()
        equal(waiting.ending(), (137, "Error"), "its end")


def restart_in_order(daemon):
    """containerd restarts; a container ends meanwhile: true status; others run on, with whole logs"""
    restart(daemon, signal.SIGTERM)


def restart_after_kill(daemon):
    """containerd is killed and started; the same is true"""
    restart(daemon, signal.SIGKILL)


# -- The shim is killed --


def crash(daemon):
    """the shim is killed: its containers have ended by 137, no process is left, other pods go on"""
    with Pod(daemon) as pod, Pod(daemon) as other:
        bystander = other.run("sleep", "100000")
        ended = pod.shell("exit 5")
        equal(ended.ending(), (5, "Error"), "ended before")
        containers = [pod.shell("while :; do echo x; sleep 0.01; done") for _ in range(2)]
        pids = [container.pid for container in containers] + [pod.pid]
        os.kill(pod.shim, signal.SIGKILL)
        for container in containers:
            # The status of `delete`, or that of a Wait whose shim hung up: CRI takes what comes first.
            code, reason = container.ending()
            true((code, reason) in ((137, "Error"), (255, "Error")), f"{code}, {reason}")
        equal(ended.ending(), (5, "Error"), "ended before, afterwards")
        eventually("the pod is not ready", lambda: not pod.is_ready)
        eventually("its processes are gone", lambda: not any(map(host.lives, pids)))
        true(bystander.is_running and other.is_ready, "another pod was hit")
        equal(daemon.shims(), {other.shim}, "shims")


def crash_while_away(daemon):
    """the shim is killed while containerd is away: nothing is said to run that does not"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        pids = [container.pid, pod.pid]
        shim = pod.shim
        daemon.stop()
        os.kill(shim, signal.SIGKILL)
        daemon.start()
        code, reason = container.ending()
        true(code != 0, f"exit code {code}, {reason}")
        true(not pod.is_ready, "the pod is ready")
        eventually("its processes are gone", lambda: not any(map(host.lives, pids)))


# -- Many at once --


def removal_under_load(daemon):
    """24 containers that write are removed at once with their six pods, in six ways; nothing is left"""
    def begin(_):
        pod = Pod(daemon)
        script = "while :; do echo out; echo err >&2; sleep 0.01; done"
        return pod, [pod.shell(script) for _ in range(4)]

    def end(numbered):
        number, (pod, containers) = numbered
        for container in containers:
            if number % 3 == 0:
                container.stop(grace=number % 2)
            if number % 3 <= 1:
                container.remove()
        if number % 2 == 0:
            daemon.cri.StopPodSandbox(pod_sandbox_id=pod.id)
        daemon.cri.RemovePodSandbox(pod_sandbox_id=pod.id)

    with ThreadPoolExecutor(6) as pool:
        begun = list(pool.map(begin, range(6)))
        equal(len(daemon.shims()), 6, "shims")
        list(pool.map(end, enumerate(begun)))
    equal(list(daemon.cri.ListPodSandbox().items), [], "pods")
    equal(list(daemon.cri.ListContainers().containers), [], "containers")
    eventually("the shims are gone", lambda: not daemon.shims())


def nothing_left(daemon):
    """after all of that: no pod, process of a shim, socket, bundle, mount or cgroup is left"""
    equal(list(daemon.cri.ListPodSandbox().items), [], "pods")
    equal(list(daemon.cri.ListContainers().containers), [], "containers")
    eventually("no shim is left", lambda: not host.processes_of(daemon.address))
    equal([str(path) for path in daemon.sockets() if path.exists()], [], "sockets")
    equal([str(path) for path in daemon.bundles.glob("*")], [], "bundles")
    equal(host.mounts_below(daemon.folder), [], "mounts")
    name = daemon.cgroup_parent.strip("/")
    equal([path for path in host.cgroups_below(name) if not path.endswith(name)], [], "cgroups")
