"""What the first login of a teacher tells their process (row 7.2)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM, Actor
from domain.institutions.teachers import teachers_query
from processes.definitions.store import load
from processes.engine import Engine
from processes.history import instance_of
from processes.steps import acting

KEY, MESSAGE = "teacher", "首次登录修改密码"  # the diagram's key, and the name of the event that waits for it


def activate(engine: Engine, session: Session, actor: Actor) -> list[str]:
    """Tells the teacher's process that the first password was changed. Nothing happens where no process waits for it.

    Returns: ids of the jobs to hand out after the commit.
    """
    for teacher in session.scalars(teachers_query(replace(actor, roles=frozenset()))):
        instance = instance_of(session, KEY, teacher.id)
        elements = load(session, instance.definition_id).elements if instance is not None else {}
        waits = [w["element"] for w in instance.waits if elements[w["element"]].name == MESSAGE] if instance is not None else []
        if instance is not None and waits:
            # the lane is 系统: no button gives it; history still says who logged in
            return acting.send(engine, session, replace(actor, roles=SYSTEM.roles), instance.id, waits[0])
    return []
