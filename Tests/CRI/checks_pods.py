# SPDX-License-Identifier: Apache-2.0
"""Pods, statuses, resources. The text of a check is the line that the table shows."""

import os
import signal

import cri_pb2 as api
import host
from client import refusal
from pods import Pod
from settings import OCI_RUNTIME, equal, eventually, true


def one_shim_per_pod(daemon):
    """five containers in two pods: a shim for each pod, the parent of its containers"""
    with Pod(daemon) as large, Pod(daemon) as small:
        members = [large.run("sleep", "100000", name=name) for name in ("a", "b", "c")]
        others = [small.run("sleep", "100000") for _ in range(2)]
        true(large.shim != small.shim, "the pods share a shim")
        equal(daemon.shims(), {large.shim, small.shim}, "shims")
        for pod, containers in (large, members), (small, others):
            pids = {container.pid for container in containers}
            equal(host.children(pod.shim), pids | {pod.pid}, "children of a shim")
            equal({c.id for c in pod.containers()}, {c.id for c in containers}, "CRI's list")
        true(all(c.is_running for c in members + others), "not all are running")

        # As kubelet restarts a container: another attempt in its place.
        members[0].stop()
        equal(members[0].ending(), (137, "Error"), "after the stop")
        members[0].remove()
        members[0] = large.run("sleep", "100000", name="a", attempt=1)
        small.remove()
        eventually("the other shim is gone", lambda: daemon.shims() == {large.shim})
        equal(host.children(large.shim), {c.pid for c in members} | {large.pid}, "children")
        true(large.is_ready and all(c.is_running for c in members), "hit by another pod's end")


def exit_statuses(daemon):
    """exit statuses, reasons and times; a command that is not there"""
    with Pod(daemon) as pod:
        fine, failing, killed = pod.shell("exit 0"), pod.shell("exit 7"), pod.run("sleep", "1000")
        # Of a signal from outside, the first process of a namespace obeys this one only.
        os.kill(killed.pid, signal.SIGKILL)
        equal(fine.ending(), (0, "Completed"), "exit 0")
        equal(failing.ending(), (7, "Error"), "exit 7")
        equal(killed.ending(), (128 + signal.SIGKILL, "Error"), "SIGKILL")
        for status in fine.status, failing.status, killed.status:
            # CRI notes the start when it returns: by then a short one has ended.
            true(0 < status.created_at <= status.started_at, "it starts before it is created")
            true(status.created_at <= status.finished_at, "it ends before it is created")
        missing = pod.create("/no/such/command")
        error = refusal(missing.start)
        true("no/such/command" in error.details(), f"the error is {error.details()}")
        equal(missing.ending(), (128, "StartError"), "a command that is not there")
        true(pod.is_ready, "the pod is not ready any more")


def shared_processes(daemon):
    """a pid namespace for the whole pod: a container's end takes its own processes, and no other"""
    with Pod(daemon, pid_namespace=api.POD) as pod:
        neighbour = pod.run("sleep", "100000")
        container = pod.shell("sleep 54321 & until [ -e /data/end ]; do sleep 0.05; done; exit 4")
        child = eventually("the background process", lambda: next(
            (pid for pid in host.children(container.pid) if "54321" in host.arguments(pid)), None))
        equal(container.exec_sync("pidof", "sleep")[2], 0, "an exec")
        (pod.data / "end").touch()
        equal(container.ending(), (4, "Error"), "its end")
        eventually("the background process is gone", lambda: not host.lives(child))
        true(neighbour.is_running and pod.is_ready, "the neighbour was hit")


def options(daemon):
    """the table of options arrives: the runtime, its folder, the cgroup driver"""
    with Pod(daemon) as pod:
        container = pod.run("sleep", "100000")
        # Each runtime keeps its state in a file of another name.
        state = daemon.runtime_root / "k8s.io" / container.id
        made = state / {"runc": "state.json", "crun": "status"}[OCI_RUNTIME]
        true(host.read(made), f"no {made}")
        folder = host.cgroup(container.pid, "memory")
        true(daemon.cgroup_parent in str(folder), f"{folder} is not in {daemon.cgroup_parent}")


# -- Resources --

MEBI = 1 << 20


def cgroup_value(container, controller, v1, v2):
    name = v2 if host.UNIFIED else v1
    return host.read(host.cgroup(container.pid, controller) / name).strip()


def cpu_time(container):
    """In nanoseconds; version 2 counts microseconds."""
    if not host.UNIFIED:
        return int(cgroup_value(container, "cpuacct", "cpuacct.usage", ""))
    words = cgroup_value(container, "cpu", "", "cpu.stat").split()
    return int(words[words.index("usage_usec") + 1]) * 1000


def stats(daemon):
    """ContainerStats and ListContainerStats: processor time and memory are the cgroup's"""
    with Pod(daemon) as pod:
        idle = pod.run("sleep", "100000")
        busy = pod.shell("dd if=/dev/zero of=/dev/shm/x bs=1M count=8 2>/dev/null; echo done;"
                         "sleep 100000")
        busy.await_logged(b"done")
        before = cpu_time(busy)
        one = daemon.cri.ContainerStats(container_id=busy.id).stats
        after = cpu_time(busy)
        used = one.cpu.usage_core_nano_seconds.value
        true(0 < before <= used <= after, f"{before} <= {used} <= {after} is wrong")
        memory = one.memory.working_set_bytes.value
        true(8 * MEBI <= memory <= 24 * MEBI, f"a working set of {memory} bytes")
        listed = daemon.cri.ListContainerStats(filter={"pod_sandbox_id": pod.id}).stats
        found = {each.attributes.id: each for each in listed}
        equal(set(found), {idle.id, busy.id}, "containers with stats")
        true(0 < found[idle.id].memory.working_set_bytes.value < memory, "the idle one's memory")


def update(daemon):
    """UpdateContainerResources changes the limits in the cgroup, and the container runs on"""
    def limits(container):
        quota = cgroup_value(container, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0]
        return cgroup_value(container, "memory", "memory.limit_in_bytes", "memory.max"), quota

    with Pod(daemon) as pod:
        first = {"memory_limit_in_bytes": 64 * MEBI, "cpu_period": 100000, "cpu_quota": 50000}
        container = pod.run("sleep", "100000", resources=first)
        pid = container.pid
        equal(limits(container), (str(64 * MEBI), "50000"), "limits at first")
        second = {"memory_limit_in_bytes": 96 * MEBI, "cpu_period": 100000, "cpu_quota": 80000}
        daemon.cri.UpdateContainerResources(container_id=container.id, linux=second)
        equal(limits(container), (str(96 * MEBI), "80000"), "limits after the update")
        true(container.is_running and container.pid == pid, "it does not run on")


def out_of_memory(daemon):
    """reason OOMKilled: of the first process, and of a child"""
    with Pod(daemon) as pod:
        limit = {"memory_limit_in_bytes": 32 * MEBI}
        first = pod.run("tail", "/dev/zero", resources=limit)
        child = pod.shell("tail /dev/zero; exit 9", resources=limit)
        bystander = pod.run("sleep", "100000", resources=limit)
        for container, code in (first, 137), (child, 9):
            equal(container.ending()[0], code, "exit code")
            # The event may come after the exit, as CRI sees them.
            eventually("the reason OOMKilled", lambda: container.status.reason == "OOMKilled")
        true(bystander.is_running, "a bystander was hit")
