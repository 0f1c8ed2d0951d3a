# SPDX-License-Identifier: Apache-2.0
"""table.py FOLDER [NAME…]: plays the checks, or those that are named, and prints their table. The last
line is `N passed, N failed`."""

import signal
import sys
import time
import traceback

import checks_life as life
import checks_pods as pods
import checks_streams as streams
import grpc
from daemon import Daemon
from settings import OCI_RUNTIME, RUNTIME, SYSTEMD

CHECKS = [
    pods.one_shim_per_pod,
    pods.exit_statuses,
    pods.shared_processes,
    pods.options,
    pods.stats,
    pods.update,
    pods.out_of_memory,
    streams.exec_sync,
    streams.exec_timeout,
    streams.exec_streams,
    streams.exec_terminal,
    streams.attach,
    streams.logs,
    streams.log_parts,
    life.stop,
    life.restart_in_order,
    life.restart_after_kill,
    life.crash,
    life.crash_while_away,
    life.removal_under_load,
    life.nothing_left,
]


def words(error):
    if isinstance(error, grpc.RpcError):
        return f"{error.code().name}: {error.details()}"
    return str(error) if isinstance(error, AssertionError) else repr(error)


def play(check, daemon):
    """None, or what was wrong."""
    began = time.monotonic()
    try:
        daemon.ensure()
        check(daemon)
        fault = None
    except Exception as error:  # a check that fails in whatever way is one row
        fault = words(error)
        traceback.print_tb(error.__traceback__)
    seconds = time.monotonic() - began
    print(f"✘ {check.__name__}: {fault}" if fault else f"✔ {check.__name__} ({seconds:.1f} s)",
          flush=True)
    return fault, seconds


def main(folder, names):
    # A signal ends us in order; run.sh sweeps up then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    daemon = Daemon(folder)
    daemon.start()
    daemon.import_images()
    rows = [(check, *play(check, daemon)) for check in CHECKS
            if not names or check.__name__ in names]
    failed = sum(fault is not None for _, fault, _ in rows)
    if failed:
        print("\nThe end of containerd's log:", *daemon.log_tail(), sep="\n")
    driver = "systemd" if SYSTEMD else "cgroupfs"
    print(f"\n{RUNTIME}, {OCI_RUNTIME}, {driver}")
    for check, fault, seconds in rows:
        print(f"{'FAILED' if fault else 'ok':7}{seconds:6.1f} s  {check.__doc__}")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
