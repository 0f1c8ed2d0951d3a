# SPDX-License-Identifier: Apache-2.0
"""A containerd of our own, with CRI, in a folder of our own."""

import signal
import subprocess
from pathlib import Path

import grpc
import host
from client import Client
from settings import IMAGE, OCI_RUNTIME, PATIENCE, PAUSE, RUNTIME, SYSTEMD, eventually

CONFIG = """version = 2
disabled_plugins = [{disabled}]
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # The OOM score of a pause container is below 0, which not every root may set.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "checked"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.checked]
    runtime_type = "{runtime}"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.checked.options]
      # Of a runtime that is not containerd's own 1.6 passes on the path alone.
      ConfigPath = "{folder}/options.toml"
      {options}
"""


class Daemon:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.address = f"{folder}/containerd.sock"
        self.logs = self.folder / "logs"
        self.bundles = self.folder / "state/io.containerd.runtime.v2.task/k8s.io"
        # A slice's name tells containerd 1.6 that systemd makes the cgroups.
        self.cgroup_parent = f"/{host.cgroup_name(folder)}" + (".slice" if SYSTEMD else "")
        self._process = None
        self.cri = Client(self.address)
        self.runtime_root = self.folder / "runtime"
        options = [f'BinaryName = "{OCI_RUNTIME}"', f'Root = "{self.runtime_root}"',
                   f"SystemdCgroup = {str(SYSTEMD).lower()}"]
        (self.folder / "options.toml").write_text("\n".join(options) + "\n")
        plugins = [f"io.containerd.snapshotter.v1.{name}"
                   for name in ("aufs", "btrfs", "devmapper", "zfs")]
        (self.folder / "config.toml").write_text(CONFIG.format(
            folder=folder, pause=PAUSE, runtime=RUNTIME, options="\n      ".join(options),
            disabled=", ".join(f'"{name}"' for name in plugins)))

    def start(self):
        command = ["containerd", "--config", f"{self.folder}/config.toml",
                   "--root", f"{self.folder}/root", "--state", f"{self.folder}/state",
                   "--address", self.address]
        with open(self.folder / "containerd.log", "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        # By it the end of run.sh finds what is left.
        (self.folder / "containerd.pid").write_text(f"{self._process.pid}\n")
        self._await_ready()

    def _await_ready(self):
        def ready():
            if self._process.poll() is not None:
                raise AssertionError("containerd has ended")
            try:
                return self.cri.ListPodSandbox() is not None
            except grpc.RpcError as error:
                # The connection may be the old one, and it serves before it has found its pods.
                if (error.code() != grpc.StatusCode.UNAVAILABLE
                        and "not initialized" not in error.details()):
                    raise
                return False
        eventually("CRI is ready", ready)

    def stop(self, number=signal.SIGTERM):
        """Shims and containers go on."""
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def ensure(self):
        """That it runs, whatever the check before has done."""
        if self._process.poll() is not None:
            self.start()

    def import_images(self):
        for archive in "busybox.tar", "pause.tar":
            subprocess.run(
                ["ctr", "--address", self.address, "--namespace", "k8s.io", "image", "import",
                 f"{self.folder}/{archive}"],
                check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
        for image in IMAGE, PAUSE:
            eventually(f"CRI knows {image}",
                       lambda: self.cri.ImageStatus(image={"image": image}).image.id)

    def note_socket(self, bundle):
        """Where a shim listens: the file that says so goes with the bundle. sweep.py wants it too."""
        with open(self.folder / "sockets", "a") as file:
            print(host.socket(self.bundles / bundle), file=file)

    def sockets(self):
        return host.sockets(self.folder / "sockets")

    def shims(self):
        return host.shims(self.address)

    def log_tail(self, lines=30):
        return host.read(self.folder / "containerd.log").splitlines()[-lines:]
