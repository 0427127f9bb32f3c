"""`pilot verify`: everything that the product can compare with something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate
from domain.exams.photos import photo_faults
from domain.platform import evidence, heads
from domain.platform.files import file_of
from jobs.heads import chain_faults
from jobs.runtime import Runtime
from processes.monitor.verify import verify as process_faults
from processes.monitor.verifying.guarding import guarded


def verify(runtime: Runtime, kept: Iterable[dict[str, object]] = ()) -> list[str]:
    """A line for each fault, in Chinese; empty when all is well. `kept`: heads that somebody kept outside (`heads.exported`)."""
    with runtime.database.snapshot() as session:  # people go on working meanwhile
        return [*faults_in(runtime, session), *heads.kept_faults(session, kept)]


def faults_in(runtime: Runtime, session: Session) -> Iterator[str]:
    """The faults of what a session reads."""
    yield from process_faults(runtime.engine, session)
    for what, faults in {
        "机构": evidence.party_faults(session),
        "人员": evidence.people_faults(session),
        "修改记录": evidence.change_faults(session),
        "文件": evidence.file_faults(session, runtime.settings.home, lambda id: _is_there(runtime, id)),
        "照片": photo_faults(session, runtime.settings.home, lambda id, sha256: _has_photo(runtime, id, sha256)),
        "公布的摘要": heads.head_faults(session),
        "公布的内容": chain_faults(runtime.engine, session),
    }.items():
        yield from guarded(what, faults)


def _is_there(runtime: Runtime, file_id: int) -> bool:
    with runtime.database.reading() as session:  # now, not at the moment that is compared
        return file_of(session, file_id) is not None


def _has_photo(runtime: Runtime, candidate_id: int, sha256: str) -> bool:
    with runtime.database.reading() as session:  # as above
        found = session.get(Candidate, candidate_id)
        return found is not None and found.photo == sha256
