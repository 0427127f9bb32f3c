"""`pilot verify`: everything that the product can compare with something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.platform import files, heads
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
    return found + list(_file_faults(runtime))


def _file_faults(runtime: Runtime) -> Iterator[str]:
    """Files whose bytes are not what was uploaded. Those that were deleted meanwhile are none."""
    with runtime.database.snapshot() as session:
        changed = [(row.id, row.name, wrong) for row, wrong in files.changed_files(session, runtime.settings.home)]
    with runtime.database.reading() as session:
        for id, name, wrong in changed:
            if files.file_of(session, id) is not None:
                yield f"文件 {id}“{name}”：{wrong}"
