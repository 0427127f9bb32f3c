"""Messages between instances while somebody else begins to wait for one of the same name: nobody waits for each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from processes import tables
from processes.outside import answers, messages
from processes.steps import completing
from processes.steps.locking import lock
from tests.conftest import FOREVER
from tests.processes.bpmn.play import Play, catch, diagram, end, flows, gateway, start, user
from tests.processes.bpmn.test_messages import awaits, begun, correlated, kept, nothing_under_way, sender, sets
from tests.racing import until_waiting

__all__ = ["nothing_under_way"]  # the fixture of that module holds here too
pytestmark = pytest.mark.row("8.1")


def twice() -> bytes:
    """Waits for a message and then for another of its name; beside that a person's task, after which it waits for one as well."""
    head, inside = correlated("m_ask", expected="mine")
    first = catch("w", awaits(), "系统") + catch("u", awaits(), "系统") + user("x") + end("end1")
    second = user("p") + catch("v", awaits(), "系统") + user("y") + end("end2")
    body = start() + sets("mine = 7") + gateway("parallel", "fork") + first + second
    way = "start>set set>fork fork>w w>u u>x x>end1 fork>p p>v v>y y>end2"
    return diagram(inside + body + flows(way), key="waiter", head=head)


def finish(play: Play, waiter: Play) -> Callable[[Any], Any]:
    (task,) = (task for task in waiter.open() if task.element == "p")
    actor = play.world.actor("province1")
    return lambda session: completing.complete(play.world.runtime.engine, session, actor, task.id, "提交", None, "好")


def test_a_message_fails_while_its_receiver_begins_to_wait_for_another(play: Play) -> None:
    play.deploy(twice(), sender())
    waiter = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    (row,) = kept(play)
    engine, database, wait_again = play.world.runtime.engine, play.world.runtime.database, finish(play, waiter)

    def fail() -> None:
        with database.writing() as session:
            blamed = messages.put_off(engine, session, row.id, "接收方出错")
            assert blamed == waiter.instance
            answers.halt(engine, session, blamed, "消息不能送达")

    with database.writing() as session:
        session.execute(update(tables.message).where(tables.message.c.id == row.id).values(tries=messages.MAX_TRIES))
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            lock(engine, session, play.world.actor("province1"), waiter.instance)
            future = pool.submit(fail)
            until_waiting(play.world, future)
            wait_again(session)
        future.result(timeout=FOREVER)
    assert waiter.row.incident == "消息不能送达"
    waiter.sound()


@pytest.mark.parametrize("how", ["begins to wait", "receives one and waits again"])
def test_those_that_wait_are_woken_in_one_order(play: Play, how: str) -> None:
    """Whoever wakes several messages takes the oldest first: while somebody else has it, they hold none of the others."""
    play.deploy(twice(), sender(), sender(8, key="other"))
    other = begun(play, "other")
    other.complete("a")
    play.begin("sender")
    play.complete("a")
    (older,), (newer,) = kept(other), kept(play)
    waiter = begun(play, "waiter")
    database, table = play.world.runtime.database, tables.message
    wait_again = finish(play, waiter)

    def work() -> None:
        with database.writing() as session:
            if how == "begins to wait":
                wait_again(session)
            else:
                messages.deliver(play.world.runtime.engine, session, newer.id)

    with database.writing() as session:  # written anew, so that it lies behind the newer one
        session.execute(update(table).where(table.c.id == older.id).values(tries=1))
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            session.execute(select(table.c.id).where(table.c.id == older.id).with_for_update()).one()
            future = pool.submit(work)
            until_waiting(play.world, future)
            assert session.scalar(select(table.c.id).where(table.c.id == newer.id).with_for_update(nowait=True)) == newer.id
        future.result(timeout=FOREVER)
    waiter.sound()
