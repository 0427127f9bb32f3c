"""Is everything consistent: states with rows, rows with their proofs, the history's chains, records, and deployed versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import exists, inspect, not_, select
from sqlalchemy.orm import Session

from processes import tables
from processes.definitions.store import keys_about, load
from processes.engine import Engine
from processes.monitor.verifying import bundles, evidence, unproved_columns, workflow_state
from processes.monitor.verifying.bundles import Bundle
from processes.monitor.verifying.guarding import UNREADABLE, guarded
from processes.monitor.verifying.versions import version_faults
from processes.proving import unproved
from processes.rows import InstanceRow
from processes.states import LIVE, JobState
from processes.tasks import tallies

CHUNK = 100  # instances read at a time


def verify(engine: Engine, session: Session) -> list[str]:
    """A line for each fault, in Chinese; empty when all is well. Reads some instances at a time."""
    found: list[str] = []
    table = tables.definition
    for id, key, number in session.execute(select(table.c.id, table.c.key, table.c.version).order_by(table.c.id)).all():
        found += [f"流程“{key}”第 {number} 版：{fault}" for fault in guarded("这个版本", version_faults(session, id))]
    books = _Books(engine, session)
    ids = session.scalars(select(tables.instance.c.id).order_by(tables.instance.c.id)).all()
    for first in range(0, len(ids), CHUNK):
        found += books.faults_of(ids[first : first + CHUNK])
    found += guarded("流程版本", books.without_instance())
    found += guarded("离岗代理", _substitute_faults(session))
    return found


def _substitute_faults(session: Session) -> Iterator[str]:
    for row in session.execute(select(tables.substitute)).mappings():
        yield from (f"离岗代理 {row['id']}：{rule.what}被改动过" for rule in unproved(session, tables.substitute, row))


def faults(engine: Engine, session: Session, row: InstanceRow) -> Iterator[str]:
    """What is wrong with one instance, in Chinese."""
    (bundle,) = bundles.read(session, [row.id])
    return _Books(engine, session).faults(bundle)


@dataclass(frozen=True)
class _Books:
    """The books of all instances, read through one session."""

    engine: Engine
    session: Session

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """Type of record → the processes about such records."""
        found = {subject: keys_about(self.session, subject) for subject in self.engine.subjects}
        return {subject: keys for subject, keys in found.items() if keys}

    def without_instance(self) -> Iterator[str]:
        """Records that have a status, which only a process gives, and no process."""
        instance = tables.instance.c
        for name, keys in self.keys.items():
            record = inspect(self.engine.subjects[name]).local_table
            theirs = exists().where(instance.key.in_(keys), instance.subject_id == record.c.id)
            query = select(record.c.id).where(record.c.status != "", not_(theirs)).order_by(record.c.id)
            yield from (f"记录 {name} {id}：有状态，却没有流程" for id in self.session.scalars(query))

    def faults_of(self, ids: Sequence[int]) -> Iterator[str]:
        """What is wrong with some instances; where one of them cannot be read, the others are."""
        try:
            read = bundles.read(self.session, ids)
        except UNREADABLE:
            for id in ids:
                yield from (f"流程实例 {id}：{fault}" for fault in guarded("流程记录", self._read_alone(id)))
            return
        for bundle in read:
            yield from (f"流程实例 {bundle.row.id}：{fault}" for fault in guarded("流程记录", self._titled(bundle)))

    def _read_alone(self, instance_id: int) -> Iterator[str]:
        for bundle in bundles.read(self.session, [instance_id]):
            yield from self._titled(bundle)

    def _titled(self, bundle: Bundle) -> Iterator[str]:
        return (f"{bundle.row.title}：{fault}" for fault in self.faults(bundle))

    def faults(self, bundle: Bundle) -> Iterator[str]:
        """What is wrong with an instance; a part of it that cannot be read does not hide the others."""
        row, lines, tasks, ballots = bundle.row, bundle.lines, bundle.tasks, bundle.ballots
        yield from guarded("流程记录", evidence.proof_faults(self.session, bundle))
        yield from guarded("历史", evidence.chain_faults(row, lines))
        yield from evidence.found_faults(lines)
        yield from guarded("办理情况", evidence.act_faults(bundle, self.engine.clock()))
        yield from tallies.count_faults(ballots, tasks)
        yield from evidence.vote_faults(ballots, lines)
        yield from unproved_columns.vote_faults(lines, ballots, tasks)
        yield from workflow_state.opinion_faults(tasks)
        yield from guarded("流程状态", self._against_record(bundle))

    def _against_record(self, bundle: Bundle) -> Iterator[str]:
        row, lines, tasks, ballots, jobs = bundle.row, bundle.lines, bundle.tasks, bundle.ballots, bundle.jobs
        session, definition = self.session, load(self.session, row.definition_id)
        subject = self.engine.subjects[definition.subject].load(session, row.subject_id)
        if subject is not None:
            yield from evidence.record_faults(session, row, subject, self.keys[definition.subject])
        elif row.ended_at is not None:
            yield from evidence.deletion_faults(session, row, lines, self.keys[definition.subject])
        unanswered = {job.id for job in jobs if job.state not in (JobState.DONE, JobState.CANCELLED)}
        if row.suspended_at is None and any(job.state in (JobState.PAUSED, JobState.ANSWERED) for job in jobs):
            yield "流程没有挂起，仍有暂停的外部任务"
        if row.ended_at is not None or row.state is None:
            live = [task for task in tasks if task.state in LIVE and task.parent_id is None and task.vote_id is None]
            if live:
                yield f"流程已结束，仍有 {len(live)} 条待办"
            if unanswered:
                yield f"流程已结束，仍有 {len(unanswered)} 条未完成的外部任务"
        elif subject is None:
            yield "记录已不存在，流程仍在运行"
        else:
            yield from workflow_state.state_faults(self.engine, session, definition, row, subject, tasks, ballots, unanswered)
