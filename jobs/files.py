"""Sweeps away uploads that no record ever took: a page closed before it was saved, a file removed again."""

from __future__ import annotations

from datetime import timedelta

from domain.files import forget_unattached, path_of
from jobs.runtime import Runtime

KEPT = timedelta(days=30)  # a draft that names them may still be handed in
FRESH = 3600.0  # seconds: bytes uploaded again just now are left alone, their row may be on its way


def sweep_files(runtime: Runtime) -> int:
    """Deletes rows, then the bytes that no row names. Returns how many files' bytes went."""
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        hashes = forget_unattached(session, now - KEPT)
    gone = 0
    for sha256 in hashes:
        path = path_of(runtime.settings.home, sha256)
        if path.exists() and now.timestamp() - path.stat().st_mtime > FRESH:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
