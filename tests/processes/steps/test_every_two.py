"""Every two acts on one process at the same moment: the second finds what the first has done, acts on that or is told why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes import tables
from processes.engine import Engine
from processes.errors import EngineFault, ProcessError
from processes.monitor import managing
from processes.monitor.verify import verify
from processes.notices import comments
from processes.steps import acting, completing
from processes.tasks import assigning, claiming, opinions, urging
from tests.conftest import World
from tests.jobs.lists.many import hand_in_many
from tests.racing import race

Act = Callable[[Engine, Session, Callable[[str], Actor], int, str], Any]
ACTS: dict[str, Act] = {  # what is done to an instance and its open task
    "pass": lambda engine, session, who, instance, task: completing.complete(engine, session, who("province1"), task, "审核通过"),
    "return": lambda engine, session, who, instance, task: completing.complete(
        engine, session, who("province1b"), task, "审核退回", None, "改"
    ),
    "withdraw": lambda engine, session, who, instance, task: acting.send(engine, session, who("school1"), instance, "withdraw"),
    "claim": lambda engine, session, who, instance, task: claiming.claim_one(session, who("province1b"), task, engine.clock()),
    "transfer": lambda engine, session, who, instance, task: assigning.transfer(
        engine, session, who("province1"), task, who("province1b").person_id, ""
    ),
    "ask": lambda engine, session, who, instance, task: opinions.ask(
        engine, session, who("province1"), task, "before", who("province1b").person_id, ""
    ),
    "suspend": lambda engine, session, who, instance, task: managing.suspend(engine, session, who("supervisor"), instance, "核查"),
    "cancel": lambda engine, session, who, instance, task: managing.cancel(engine, session, who("supervisor"), instance, "作废"),
    "urge": lambda engine, session, who, instance, task: urging.urge(engine, session, who("school1"), task),
    "comment": lambda engine, session, who, instance, task: comments.comment(engine, session, who("school1"), instance, "请尽快"),
}
FIRST = ("pass", "return", "withdraw", "claim", "transfer", "suspend")


def _open(world: World) -> list[tuple[int, str]]:
    table = tables.task
    with world.runtime.database.reading() as session:
        query = select(table.c.instance_id, table.c.id).where(table.c.state == "open", table.c.role == "省级").order_by(table.c.instance_id)
        return [(row.instance_id, row.id) for row in session.execute(query)]


@pytest.mark.row("8.1", "8.4", "6.4", "6.5")
def test_every_two_acts_at_once_leave_the_books_whole(world: World) -> None:
    pairs = [(first, second) for first in FIRST for second in ACTS]
    hand_in_many(world, len(pairs))
    engine, told = world.runtime.engine, {}
    for (first, second), (instance, task) in zip(pairs, _open(world), strict=True):

        def do(name: str, session: Session, instance: int = instance, task: str = task) -> None:
            ACTS[name](engine, session, world.actor, instance, task)

        def after(second: str = second, do: Callable[[str, Session], None] = do) -> str | None:
            try:
                with world.runtime.database.writing() as session:
                    do(second, session)
            except EngineFault:
                raise  # a fault of ours is no answer
            except ProcessError as error:
                return str(error)
            return None

        told[first, second] = race(world, lambda session, first=first, do=do: do(first, session), after)  # type: ignore[misc]
    with world.runtime.database.reading() as session:
        assert verify(engine, session) == []
    # of those who would decide the same thing, one does
    for first in ("pass", "return", "withdraw"):
        for second in ("pass", "return", "withdraw", "claim", "transfer", "ask", "urge"):
            assert told[first, second] is not None, (first, second)
    assert told["pass", "return"] == "王强（江苏省教育厅）已于 2026-11-25 12:00 办理：审核通过"
    assert told["withdraw", "pass"] == "张文（金陵职业技术学院）已于 2026-11-25 12:00 撤回"
    for second in ("pass", "return", "withdraw", "transfer", "ask", "urge"):
        assert told["suspend", second] == "此流程已被挂起，恢复后才能办理。如有疑问请联系流程监控人员。"
    assert told["claim", "pass"] == told["transfer", "pass"] == "此事项已被其他人员签收，请等待其办理或释放"
    for first in FIRST:
        assert told[first, "comment"] is None or first == "suspend"
