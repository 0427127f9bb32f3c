"""评论 on a process, with @姓名 for those who should hear of it: lines of its history like any other."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound
from processes.history import who
from processes.notices.around import around_step
from processes.states import EventKind, NoticeKind
from processes.steps import books
from processes.steps.locking import lock
from processes.steps.telling import notify

LONGEST = 1000


def comment(engine: Engine, session: Session, actor: Actor, instance_id: int, text: str) -> list[str]:
    """Adds a comment, also to a process that has ended; people it names with @ are told.

    Raises:
        NotFound: no such process, or the actor has nothing to do with it.
        FormInvalid: nothing was written, or too much.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise FormInvalid([("comment", f"请填写评论，最多 {LONGEST} 个字")])
    step = lock(engine, session, actor, instance_id, suspended=True)
    people = {one.id: one.name for one in around_step(step) if one.concerned}
    if actor.person_id not in people:
        raise NotFound
    step.record(EventKind.COMMENT, "评论", None, text)
    named = {person for person, name in people.items() if re.search(rf"@{re.escape(name)}(?!\w)", text)}
    notify(step, named, NoticeKind.MENTION, f"{who(actor)}在“{step.row.title}”的评论中提到您：{text}")
    return books.write(step)
