# SPDX-License-Identifier: Apache-2.0
"""Pods and containers, as the checks speak of them."""

import itertools
import json
import os
import signal

import cri_pb2 as api
import host
from settings import IMAGE, RUNTIME, eventually

numbers = itertools.count(1)


class Pod:
    """`with Pod(daemon) as pod:` it is removed at the end, with all its containers."""

    def __init__(self, daemon, pid_namespace=api.CONTAINER):
        self.daemon, self.cri = daemon, daemon.cri
        self.name = f"pod{next(numbers)}"
        self.logs = daemon.logs / self.name
        # What the host and the containers share, as /data there.
        self.data = daemon.folder / "data" / self.name
        self.data.mkdir(parents=True)
        # The host's network needs no CNI.
        self.security = {"namespace_options": {"network": api.NODE, "pid": pid_namespace}}
        self.config = api.PodSandboxConfig(
            metadata={"name": self.name, "uid": self.name, "namespace": "checks"},
            log_directory=str(self.logs),
            linux={"cgroup_parent": daemon.cgroup_parent, "security_context": self.security})
        self.is_removed = False
        self.id = self.cri.RunPodSandbox(config=self.config).pod_sandbox_id
        self.pid = self.status(verbose=True)[1]["pid"]
        daemon.note_socket(self.id)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind:
                self.ask_for_state()
            if not self.is_removed:
                self.daemon.ensure()
                self.remove()
        except Exception:
            # Not in place of what went wrong before.
            if kind is None:
                raise

    def ask_for_state(self):
        """A shim of ours writes it to the log. An orphan's parent is somebody else."""
        if RUNTIME.startswith("io.containerd.swift.") and self.shim in self.daemon.shims():
            os.kill(self.shim, signal.SIGUSR1)

    def remove(self):
        self.cri.StopPodSandbox(pod_sandbox_id=self.id)
        self.cri.RemovePodSandbox(pod_sandbox_id=self.id)
        self.is_removed = True

    def status(self, verbose=False):
        answer = self.cri.PodSandboxStatus(pod_sandbox_id=self.id, verbose=verbose)
        return answer.status, json.loads(answer.info["info"]) if verbose else None

    @property
    def is_ready(self):
        return self.status()[0].state == api.SANDBOX_READY

    @property
    def shim(self):
        return host.parent(self.pid)

    def containers(self):
        return self.cri.ListContainers(filter={"pod_sandbox_id": self.id}).containers

    def create(self, *command, attempt=0, name=None, resources=None, **fields):
        return Container(self, command, attempt, name, resources, fields)

    def run(self, *command, **fields):
        container = self.create(*command, **fields)
        container.start()
        return container

    def shell(self, script, **fields):
        return self.run("sh", "-c", script, **fields)


class Container:
    def __init__(self, pod, command, attempt, name, resources, fields):
        self.pod, self.cri = pod, pod.cri
        self.name = name or f"container{next(numbers)}"
        self.log_path = pod.logs / f"{self.name}.{attempt}.log"
        config = api.ContainerConfig(
            metadata={"name": self.name, "attempt": attempt}, image={"image": IMAGE},
            command=command, log_path=self.log_path.name,
            mounts=[{"container_path": "/data", "host_path": str(pod.data)}],
            linux={"resources": resources, "security_context": pod.security}, **fields)
        self.id = self.cri.CreateContainer(
            pod_sandbox_id=pod.id, config=config, sandbox_config=pod.config).container_id

    def start(self):
        self.cri.StartContainer(container_id=self.id)

    @property
    def status(self):
        return self.cri.ContainerStatus(container_id=self.id).status

    @property
    def pid(self):
        answer = self.cri.ContainerStatus(container_id=self.id, verbose=True)
        return json.loads(answer.info["info"])["pid"]

    @property
    def is_running(self):
        return self.status.state == api.CONTAINER_RUNNING

    def ending(self):
        """Waits for its end; code and reason."""
        status = eventually(f"the end of {self.name}", self._ended)
        return status.exit_code, status.reason

    def _ended(self):
        status = self.status
        return status if status.state == api.CONTAINER_EXITED else None

    def stop(self, grace=0):
        self.cri.StopContainer(container_id=self.id, timeout=grace)

    def remove(self):
        self.cri.RemoveContainer(container_id=self.id)

    def exec_sync(self, *command, timeout=0):
        answer = self.cri.ExecSync(container_id=self.id, cmd=command, timeout=timeout)
        return answer.stdout, answer.stderr, answer.exit_code

    def exec_url(self, *command, **streams):
        return self.cri.Exec(container_id=self.id, cmd=command, **streams).url

    def attach_url(self, **streams):
        return self.cri.Attach(container_id=self.id, **streams).url

    # -- The log, in CRI's format: time, stream, F for a full line or P for a part of one, text --

    def entries(self):
        """(stream, tag, text) of each whole line of the file."""
        try:
            lines = self.log_path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [tuple(line.split(b" ", 3)[1:]) for line in lines]

    def logged(self, stream=b"stdout"):
        """What was written to a stream, each line with a newline."""
        return b"".join(text + (b"\n" if tag == b"F" else b"")
                        for name, tag, text in self.entries() if name == stream)

    def await_logged(self, text):
        eventually(f"{self.name} logs {text!r}", lambda: text in self.logged())
