# SPDX-License-Identifier: Apache-2.0
"""sweep.py FOLDER: ends and removes what the checks' containerd has left, whatever has happened."""

import os
import signal
import subprocess
import sys

import host
from settings import eventually


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    eventually("all are gone", lambda: not any(host.lives(pid) for pid in pids))


def members(cgroups):
    return {int(pid) for path in cgroups for pid in host.read(f"{path}/cgroup.procs").split()}


def remove_cgroups(name):
    if name.endswith(".slice"):
        subprocess.run(["systemctl", "stop", name], check=False, stderr=subprocess.DEVNULL)
    for path in host.cgroups_below(name):
        eventually(f"{path} is removed", lambda path=path: remove_cgroup(path))


def remove_cgroup(path):
    try:
        os.rmdir(path)
    except OSError:
        return not os.path.exists(path)
    return True


def main(folder):
    address = f"{folder}/containerd.sock"
    pid = host.read(f"{folder}/containerd.pid").strip()
    # Not one that has got its number since.
    if pid and f"{folder}/config.toml" in host.arguments(pid):
        kill([int(pid)])
    # Nobody starts a shim any more.
    kill(host.processes_of(address))
    for socket in host.sockets(f"{folder}/sockets"):
        socket.unlink(missing_ok=True)
    for point in host.mounts_below(folder):
        subprocess.run(["umount", "-l", point], check=False)
    for name in host.cgroup_name(folder), f"{host.cgroup_name(folder)}.slice":
        kill(members(host.cgroups_below(name)))
        remove_cgroups(name)


main(sys.argv[1])
