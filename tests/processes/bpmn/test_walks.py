"""Random walks over tiny diagrams: people answer, take back, send back, ask each other, time passes; after every act the books are right.

Each walk is seeded: it fails again the same way. What is refused changes nothing; what is taken back at once
leaves everything as it was before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import FormInvalid, NotAllowed, NotFound, Refused
from processes.monitor import managing
from processes.states import LIVE, OPINIONS, UNDONE
from processes.steps import acting, completing
from processes.tasks import opinions, returning, withdrawing
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, subprocess, timer, user
from tests.processes.bpmn.votes import (
    VOTERS,
    many,
    stands,
    with_loop,
)

BACK = {"withdrawable": "true", "returnable": "any"}
FREE = {**BACK, "outcomes": "同意,不同意"}
Act = tuple[Callable[..., Any], str, tuple[Any, ...]]


def line() -> bytes:
    """a, a reminder on it; the 会签 b with a deadline; c, which may go round again."""
    body = start() + user("a", **BACK) + boundary("soon", "a", timer(timeDuration="days(1)"), interrupting=False) + user("n", **BACK)
    body += user("b", inside=many(), quorum="2", **FREE) + boundary("late", "b", timer(timeDuration="days(3)"))
    body += user("c", **FREE) + gateway("exclusive", "g", "g_a") + end() + end("e2")
    return diagram(body + flows("start>a a>b b>c late>c c>g g>end:c_outcome=='同意' g>a soon>n n>e2"))


def branches() -> bytes:
    """Two branches, a 会签 in one, and one in order after the join."""
    body = start() + user("a", **BACK) + gateway("parallel", "split") + user("b", inside=many(), quorum="any", **FREE) + user("x", **BACK)
    body += boundary("stop", "x", message(), lane="省级") + user("y", **BACK) + gateway("parallel", "join")
    body += user("c", inside=many(sequential=True), quorum="veto", **FREE) + user("d", **BACK) + end()
    return diagram(body + flows("start>a a>split split>b split>x x>y stop>y b>join y>join join>c c>d d>end"))


def inside() -> bytes:
    """A 会签 in a subprocess with a deadline of its own, one of many subprocesses, then a plain task."""
    inner = start("s") + user("a", **BACK) + user("b", inside=many(), quorum="60%", **FREE) + end("e") + flows("s>a a>b b>e")
    each = start("s3") + user("m1", **BACK) + user("m2", **BACK) + end("e3") + flows("s3>m1 m1>m2 m2>e3")
    body = start() + subprocess("sub", inner) + boundary("late", "sub", timer(timeDuration="days(4)")) + user("l", **BACK)
    body += with_loop(subprocess("many", each), many("2")) + user("c", **BACK) + end()
    return diagram(body + flows("start>sub sub>many many>c late>c c>l l>end"))


DRAWN = {"line": line, "branches": branches, "inside": inside}


def rows(play: Play, *states: str) -> list[Any]:
    table = tables.task
    with play.world.runtime.database.reading() as session:
        query = select(table).where(table.c.instance_id == play.instance, table.c.state.in_(states))
        return list(session.execute(query.order_by(table.c.created_at, table.c.element, table.c.number, table.c.assignee_id)).all())


class Walk:
    """One walk: what may be done next, and how the last act is done."""

    def __init__(self, play: Play, seed: int) -> None:
        self.play, self.random = play, Random(seed)
        self.names = {play.world.actor(account).person_id: account for account in VOTERS}

    def who(self, person: int | None) -> str:
        return self.names.get(person or 0) or self.random.choice(VOTERS)

    def next(self) -> Act:
        """An act that somebody might try; not all are allowed."""
        kinds = [self.completes] * 6 + [self.takes_back] * 4 + [self.sends_back] * 2 + [self.asks] * 3 + [self.gives] * 3
        kinds += [self.recalls, self.presses, self.waits, self.suspends]
        return self.random.choice(kinds)()

    def completes(self) -> Act:
        task = self.random.choice([t for t in rows(self.play, "open") if t.kind == "step"] or rows(self.play, *LIVE))
        outcome = self.random.choice(["同意", "同意", "不同意"]) if task.element in ("b", "c") else "提交"
        return completing.complete, self.who(task.assignee_id), (task.id, outcome, None, "好")

    def takes_back(self) -> Act:
        done = [t for t in rows(self.play, "done", "confirming", *UNDONE) if t.kind == "step"]
        if not done:
            return self.completes()
        task = self.random.choice([*done, *[max(done, key=lambda t: t.closed_at)] * 3])
        return withdrawing.withdraw, self.who(task.closed_by), (task.id,)

    def sends_back(self) -> Act:
        task = self.random.choice(rows(self.play, *LIVE))
        with self.play.world.runtime.database.reading() as session:
            found = returning.choices(session, task)
        to = self.random.choice(found).id if found else "a"
        return returning.send_back, self.who(task.assignee_id), (task.id, to, "请补充")

    def asks(self) -> Act:
        task = self.random.choice(rows(self.play, "open"))
        other = self.play.world.actor(self.random.choice(VOTERS)).person_id
        return opinions.ask, self.who(task.assignee_id), (task.id, self.random.choice(OPINIONS), other, "请看")

    def gives(self) -> Act:
        asked = [t for t in rows(self.play, *LIVE) if t.kind != "step"]
        if not asked:
            return self.asks()
        task = self.random.choice(asked)
        return opinions.give, self.who(task.assignee_id), (task.id, "可以")

    def recalls(self) -> Act:
        asked = [t for t in rows(self.play, *LIVE) if t.kind != "step"]
        if not asked:
            return self.asks()
        task = self.random.choice(asked)
        return opinions.recall, self.who(task.asked_by), (task.id,)

    def presses(self) -> Act:
        return acting.send, self.random.choice(VOTERS), (self.play.instance, "stop")

    def waits(self) -> Act:
        self.play.later(hours=self.random.choice([1, 8, 30]))
        return self.completes() if not self.play.ended else self.presses()

    def suspends(self) -> Act:
        suspended = self.play.row.suspended_at is not None
        return managing.resume if suspended else managing.suspend, "supervisor", (self.play.instance, "核实")

    def step(self) -> None:
        """One act; where it went through and can be taken back at once, it is, and then done again."""
        stands_still = self.play.row.suspended_at is not None
        act = self.suspends() if stands_still and self.random.random() < 0.5 else self.next()
        if self.play.ended:
            return
        before = stands(self.play)
        if not self.does(act):
            assert stands(self.play) == before
        elif act[0] is completing.complete and not self.play.ended and self.random.random() < 0.5:
            self.undoes(act, before)

    def undoes(self, act: Act, before: Any) -> None:
        """Takes an act back at once, and does it again."""
        does, account, (task, *said) = act
        took_back = self.does((withdrawing.withdraw, account, (task,)))
        if took_back and not self.timer_spoke(before):
            assert stands(self.play) == before
        if took_back and len(said) > 1:
            again = [t for t in rows(self.play, "open") if t.assignee_id == self.play.world.actor(account).person_id and t.kind == "step"]
            if again:
                self.does((does, account, (again[0].id, *said)))

    def timer_spoke(self, before: Any) -> bool:
        due = before[4]
        return due is not None and due <= self.play.world.clock.now

    def does(self, act: Act) -> bool:
        """Does it as its own transaction; whether it went through."""
        does, account, arguments = act
        self.play.world.clock.now += timedelta(seconds=1)
        try:
            with self.play.step() as session:
                does(self.play.world.runtime.engine, session, self.play.world.actor(account), *arguments)
        except (Refused, NotAllowed, NotFound, FormInvalid):
            return False
        return True


@pytest.mark.row("8.1")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("drawn", DRAWN)
def test_after_every_act_the_books_are_right(five: Play, drawn: str, seed: int) -> None:
    five.deploy(DRAWN[drawn]())
    five.begin()
    walk = Walk(five, seed)
    for _ in range(25):
        if not five.ended:
            walk.step()
            assert five.ended or rows(five, *LIVE)
