# SPDX-License-Identifier: Apache-2.0
"""What the environment says, and how anything is awaited."""

import os
import time

# The runtime that is checked; io.containerd.runc.v2 is containerd's own, for comparison.
RUNTIME = os.environ.get("RUNTIME") or "io.containerd.swift.v2"
OCI_RUNTIME = os.environ.get("OCI_RUNTIME") or "runc"
SYSTEMD = os.environ.get("CGROUP_DRIVER") == "systemd"
# How long anything is awaited, in seconds: a machine may be emulated.
PATIENCE = float(os.environ.get("TEST_PATIENCE") or 20)

IMAGE = "docker.io/library/busybox:test"
PAUSE = "docker.io/library/pause:test"


def eventually(what, condition):
    """Waits until the condition is true, and returns its value."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE:g} s: {what}")
        time.sleep(0.02)


def equal(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {shorten(found)}, not {shorten(wanted)}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def shorten(value):
    text = repr(value)
    return text if len(text) < 300 else f"{text[:140]}…{text[-140:]} ({len(value)} long)"
