"""会签: user tasks for many, over people and over lists, with a save and a load between any two answers."""

from __future__ import annotations

from typing import Any

import pytest

from processes import inbox, returning, steps, tables
from processes.errors import DiagramInvalid, EngineFault, Refused, TaskClosed
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, timer, user


def many(collection: str = "people", *, sequential: bool = False, condition: str = "", item: str = "") -> str:
    """The loop of a multi-instance; a number is a cardinality."""
    what = f"<loopCardinality>{collection}</loopCardinality>" if collection.isdecimal() else f"<loopDataInputRef>{collection}</loopDataInputRef>"
    what += f'<inputDataItem id="{item}" name="{item}"/>' if item else ""
    what += f"<completionCondition>{condition}</completionCondition>" if condition else ""
    return f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{what}</multiInstanceLoopCharacteristics>'


def voting(loop: str = "", extra: str = "", more: str = "", **properties: str) -> bytes:
    """a (school), the 会签 b (province), then yes or no by its outcome."""
    given = {"outcomes": "同意,不同意", **properties}
    body = start() + user("a", lane="试点院校") + user("b", inside=loop or many(), **given) + gateway("exclusive", "g", "g_no")
    body += user("yes") + user("no") + end() + extra
    return diagram(body + flows(f"start>a a>b b>g g>yes:b_outcome=='同意' g>no yes>end no>end {more}"))


def begun(play: Play, xml: bytes) -> Play:
    play.deploy(xml)
    play.begin()
    play.complete("a", account="school1")
    return play


def vote(play: Play) -> Any:
    from sqlalchemy import select

    with play.world.runtime.database.reading() as session:
        query = select(tables.vote).where(tables.vote.c.instance_id == play.instance).order_by(tables.vote.c.created_at.desc())
        return session.execute(query).first()


def answer(play: Play, account: str, outcome: str = "同意") -> None:
    """The person answers their own part."""
    person = play.world.actor(account).person_id
    task = next(t for t in play.open() if t.element == "b" and t.assignee_id == person)
    with play.step() as session:
        steps.complete(play.world.runtime.engine, session, play.world.actor(account), task.id, outcome, None, "好")


@pytest.mark.row("8.1")
def test_smoke(play: Play) -> None:
    begun(play, voting(many("3")))
    assert play.tasks() == ["b", "b", "b"]
    for _ in range(3):
        play.complete("b", "同意")
    assert play.tasks() == ["yes"]
