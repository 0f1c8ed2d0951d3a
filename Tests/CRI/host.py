# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows of shims and containers."""

import os
import re
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
UNIFIED = (CGROUPS / "cgroup.procs").exists()


def read(path):
    """A file's text; empty if it is not there (any more)."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _stat(pid):
    """State and parent; none of a process that is gone."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (fields[0], int(fields[1])) if fields else (None, None)


def lives(pid):
    return _stat(pid)[0] not in (None, "Z", "X")


def parent(pid):
    return _stat(pid)[1]


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid):
    return {child for child in pids() if parent(child) == pid}


def arguments(pid):
    return read(f"/proc/{pid}/cmdline").split("\0")[:-1]


def _commands(address):
    """Each live process of a containerd's shims and its arguments: read once, since it may end meanwhile."""
    commands = ((pid, arguments(pid)) for pid in pids())
    return {pid: words for pid, words in commands
            if ("-address", address) in zip(words, words[1:]) and lives(pid)}


def processes_of(address):
    """The shims that serve a containerd, and what it runs of them for a moment."""
    return set(_commands(address))


def shims(address):
    return {pid for pid, words in _commands(address).items()
            if words[-1] not in ("start", "delete")}


def socket(bundle):
    """Where the shim of a bundle listens."""
    return read(bundle / "address").strip().removeprefix("unix://")


def sockets(file):
    return [Path(line) for line in read(file).split()]


def cgroup(pid, controller):
    """The folder of a process's cgroup."""
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if UNIFIED and controllers == "":
            return CGROUPS / path.lstrip("/")
        if not UNIFIED and controller in controllers.split(","):
            return CGROUPS / controller / path.lstrip("/")
    raise AssertionError(f"process {pid} has no cgroup of {controller}")


def cgroup_name(folder):
    """Of all that containerd makes in this folder. With a dash systemd would put a slice into another."""
    return re.sub("[^A-Za-z0-9]", "", os.path.basename(folder))


def cgroups_below(name):
    """The folders of that name in all hierarchies, with all that is in them, the deepest first."""
    tops = [path.parent for path in CGROUPS.glob("cgroup.procs" if UNIFIED else "*/cgroup.procs")]
    found = [path for top in tops for path, _, _ in os.walk(top / name)]
    return sorted(found, key=len, reverse=True)


def mounts_below(folder):
    """Mount points, the newest first."""
    points = [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()]
    unescape = lambda text: re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), text)
    return [point for point in map(unescape, reversed(points)) if point.startswith(f"{folder}/")]
