"""`pilot verify`: everything that the product can compare with something else."""

from __future__ import annotations

from collections.abc import Iterable

from domain.platform import heads
from jobs.heads import chain_faults
from jobs.runtime import Runtime
from processes.monitor.verify import verify as find_faults


def verify(runtime: Runtime, kept: Iterable[dict[str, object]] = ()) -> list[str]:
    """A line for each fault, in Chinese; empty when all is well. `kept`: heads that somebody kept outside (`heads.exported`)."""
    with runtime.database.snapshot() as session:  # people go on working meanwhile
        found = find_faults(runtime.engine, session)
        found += heads.head_faults(session)
        found += chain_faults(runtime.engine, session)
        found += heads.kept_faults(session, kept)
    return found
