"""Runs work on other people's files in a process of its own, which may take so much memory and time and no more.

Whatever such a file does to the library that opens it – no end, gigabytes, a crash – ends that process and nothing else.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from time import monotonic

_LOOK = 5.0  # seconds between two calls of `meanwhile`


@dataclass(frozen=True)
class Limits:
    """What one piece of work may take."""

    megabytes: int
    """Of memory (address space)."""
    seconds: int
    """Of the processor."""
    patience: int
    """Seconds on the clock, waiting for the processor included."""


class Unfinished(Exception):
    """The work was ended at its limits, or failed; the message says how, without anything of the file."""


def run(module: str, arguments: Sequence[str], limits: Limits, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Runs `main(arguments)` of one of our modules in a process of its own.

    `meanwhile` is called every few seconds; what it raises ends the process too.

    Raises:
        Unfinished
    """
    command = [sys.executable, "-m", "jobs.confinement", str(limits.megabytes), str(limits.seconds), module, *arguments]
    with tempfile.TemporaryDirectory() as folder:  # what a process that was ended has begun to write goes with it
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1", "TMPDIR": folder}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder) as process:  # noqa: S603  # our own code
            try:
                said = _wait(process, monotonic() + limits.patience, meanwhile)
            finally:
                process.kill()
    if process.returncode != 0:
        raise Unfinished(f"{module} ended with {process.returncode}: {_kind(said)}")


def _wait(process: subprocess.Popen[bytes], until: float, meanwhile: Callable[[], None]) -> bytes:
    """What the process said on its way to its end; `until` is a moment of `monotonic`."""
    while True:
        try:
            return process.communicate(timeout=max(min(_LOOK, until - monotonic()), 0))[1]
        except subprocess.TimeoutExpired:
            if monotonic() >= until:
                raise Unfinished("time is up") from None
            meanwhile()


def _kind(said: bytes) -> str:
    """The kind of the last error: its message may quote the file."""
    lines = said.decode(errors="replace").splitlines()
    return lines[-1].partition(":")[0][:80] if lines else "nothing was said"


def _main(arguments: Sequence[str]) -> None:
    megabytes, seconds, module, *rest = arguments
    for what, most in ((resource.RLIMIT_AS, int(megabytes) << 20), (resource.RLIMIT_CPU, int(seconds)), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    import_module(module).main(rest)


if __name__ == "__main__":
    _main(sys.argv[1:])
