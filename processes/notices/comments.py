"""评论: a line of history that a person writes about a process. `@姓名` in it tells that person."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound
from processes.history import who
from processes.notices.people import around_step
from processes.states import EventKind, NoticeKind
from processes.steps import books
from processes.steps.locking import lock
from processes.steps.telling import notify

LONGEST = 1000


def comment(engine: Engine, session: Session, actor: Actor, instance_id: int, text: str) -> list[str]:
    """Adds a comment to a process, also to one that has ended, and tells the people around it whom the comment names with @.

    Raises:
        NotFound: there is no such process, or the actor neither holds a role of it nor had a task of it.
        FormInvalid: the comment is empty or too long.
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
