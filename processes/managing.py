"""What people in charge do to a running process: try again what failed."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.parties import Actor
from processes import tables
from processes.engine import Engine
from processes.errors import NotAllowed, Refused
from processes.locking import lock
from processes.step import Step

SUPERVISORS = frozenset({"监控", "系统管理"})


def retry(engine: Engine, session: Session, actor: Actor, instance_id: int) -> list[str]:
    """Tries again what failed and waits for a person: failed jobs at once, with the payload they had, and the timers that could not fire.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed: not somebody in charge.
        Refused: nothing has failed.
    """
    step = _lock(engine, session, actor, instance_id)
    if step.row.incident is None:
        raise Refused("此流程目前没有失败的步骤，无需重试")
    table = tables.job
    failed = list(session.scalars(select(table.c.id).where(table.c.instance_id == instance_id, table.c.state == "failed")))
    if failed:
        again = update(table).where(table.c.id.in_(failed)).values(state="pending", tries=0, next_at=step.now, error=None)
        session.execute(again)
    step.incident = None
    step.record("retry", "重试")
    step.load()
    return failed + step.settle()


def _lock(engine: Engine, session: Session, actor: Actor, instance_id: int) -> Step:
    if not SUPERVISORS & actor.roles:
        raise NotAllowed
    return lock(engine, session, actor, instance_id)
