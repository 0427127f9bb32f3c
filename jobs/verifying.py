"""`pilot verify`: everything that the product can compare with something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from domain.platform import evidence, heads
from domain.platform.files import file_of
from jobs.heads import chain_faults
from jobs.runtime import Runtime
from processes.monitor.verify import verify as process_faults


def verify(runtime: Runtime, kept: Iterable[dict[str, object]] = ()) -> list[str]:
    """A line for each fault, in Chinese; empty when all is well. `kept`: heads that somebody kept outside (`heads.exported`)."""
    with runtime.database.snapshot() as session:  # people go on working meanwhile
        return [*faults_in(runtime, session), *heads.kept_faults(session, kept)]


def faults_in(runtime: Runtime, session: Session) -> Iterator[str]:
    """The faults of what a session reads."""
    yield from process_faults(runtime.engine, session)
    yield from evidence.party_faults(session)
    yield from evidence.people_faults(session)
    yield from evidence.change_faults(session)
    yield from evidence.file_faults(session, runtime.settings.home, lambda id: _is_there(runtime, id))
    yield from heads.head_faults(session)
    yield from chain_faults(runtime.engine, session)


def _is_there(runtime: Runtime, file_id: int) -> bool:
    with runtime.database.reading() as session:  # now, not at the moment that is compared
        return file_of(session, file_id) is not None
