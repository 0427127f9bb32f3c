"""撤回 of the answer that decided a 会签: afterwards everything stands as before it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import NotFound, Refused, TaskClosed
from processes.steps import completing
from processes.tasks import opinions, withdrawing
from processes.tasks.actions import actions_for
from tests.conftest import FOREVER
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, subprocess, timer, user
from tests.processes.bpmn.votes import (
    VOTERS,
    answer,
    begun,
    call,
    many,
    part,
    rows,
    stands,
    vote,
    voting,
    with_loop,
)

MINUTE = timedelta(minutes=1)
RULES = ["all", "any", "veto", "2", "3/5", "60%"]


def _as_it_waits(task: Any) -> tuple[str, str, str]:
    return task.task_spec.name, str(sorted(task.data.items())), str(task.internal_data)


def mine(play: Play, account: str) -> str:
    """The last answer of this person."""
    person = play.world.actor(account).person_id
    with play.world.runtime.database.reading() as session:
        table = tables.task
        query = select(table.c.id).where(table.c.instance_id == play.instance, table.c.closed_by == person, table.c.state == "done")
        return str(session.scalars(query.where(table.c.kind == "step").order_by(table.c.closed_at.desc())).first())


def take_back(play: Play, account: str) -> None:
    call(play, withdrawing.withdraw, account, mine(play, account))


def decided(play: Play, outcomes: dict[str, str]) -> tuple[Any, str]:
    """Lets people answer until it is decided. Returns how it stood before the last answer, and whose that was."""
    for account in VOTERS:
        before = stands(play)
        play.world.clock.now += MINUTE
        answer(play, account, outcomes.get(account, "同意"))
        if play.tasks() and "b" not in play.tasks():
            return before, account
    raise AssertionError("nothing was decided")


@pytest.mark.row("8.1")
@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("outcomes", [{}, {"v1": "不同意", "v2": "不同意", "province1": "不同意"}])
def test_every_rule_stands_as_before_the_answer_that_decided(five: Play, rule: str, sequential: bool, outcomes: dict[str, str]) -> None:
    begun(five, voting(many(sequential=sequential), quorum=rule, withdrawable="true"))
    before, last = decided(five, outcomes)
    after = stands(five)
    take_back(five, last)
    assert stands(five) == before
    assert five.history()[-2:] == [("withdraw", "撤回"), ("vote", "会签继续")]
    answer(five, last, outcomes.get(last, "同意"))
    assert stands(five)[0] == after[0]  # and once more the same came of it
    take_back(five, last)
    assert stands(five) == before


@pytest.mark.row("8.1")
def test_only_who_decided_and_only_until_somebody_acts_on_it(five: Play) -> None:
    begun(five, voting(quorum="2", withdrawable="true"))
    answer(five, "v1")
    five.world.clock.now += MINUTE
    answer(five, "v2")
    with pytest.raises(Refused, match="只有最后一位办理人可以撤回"):
        take_back(five, "v1")
    assert [buttons(five, account) for account in ("v1", "v2", "v3")] == [[], ["b"], []]
    with pytest.raises(NotFound):
        call(five, withdrawing.withdraw, "v3", mine(five, "v2"))
    late = five.open()[0].id
    take_back(five, "v2")
    with pytest.raises(TaskClosed, match="撤回“办b”"):
        call(five, completing.complete, "v3", late, "提交")
    assert [buttons(five, account) for account in ("v1", "v2", "v3")] == [["b"], [], []]
    take_back(five, "v1")  # his no longer decided anything, but it is his own
    assert (vote(five).answered, len(five.open())) == (0, 5)
    answer(five, "v1")
    five.world.clock.now += MINUTE
    answer(five, "v3", "不同意")
    five.world.clock.now += MINUTE
    answer(five, "v2")
    five.complete("yes", account="v3")
    with pytest.raises(Refused):
        take_back(five, "v2")
    assert buttons(five, "v2") == []


def buttons(play: Play, account: str) -> list[str]:
    """The steps that the record's list lets this person take back."""
    with play.world.runtime.database.reading() as session:
        actions = actions_for(session, play.world.actor(account), "tiny", [play.report])[play.report]
    return [action.element for action in actions if action.kind == "withdraw"]


@pytest.mark.row("8.1")
def test_whoever_acts_on_it_first_is_named(five: Play) -> None:
    extra = boundary("stop", "yes", message()) + user("c")
    begun(five, voting(extra=extra, more="stop>c c>end", quorum="any", withdrawable="true"))
    answer(five, "v1")
    five.send("stop")
    with pytest.raises(Refused, match="“边stop”已经发生，不能撤回"):
        take_back(five, "v1")
    body = (
        start() + user("a", lane="试点院校") + user("b", inside=many(), quorum="any", withdrawable="true") + user("c") + user("d") + end()
    )
    begun(five, diagram(body + flows("start>a a>b b>c c>d d>end")))
    answer(five, "v1", "提交")
    five.complete("c", account="v3")
    with pytest.raises(Refused, match=r"委员3.*已于.*办理：提交，不能撤回"):
        take_back(five, "v1")
    assert five.tasks() == ["d"]


@pytest.mark.row("8.1")
def test_what_was_awaited_beside_it_is_awaited_again(five: Play) -> None:
    begun(five, voting(quorum="any", withdrawable="true"))
    ids = {account: five.world.actor(account).person_id for account in VOTERS}
    call(five, opinions.ask, "v1", part(five, "v1").id, "before", ids["v2"], "")
    call(five, opinions.ask, "v2", part(five, "v2").id, "after", ids["v3"], "")
    held = part(five, "v3").id
    call(five, opinions.ask, "v3", held, "after", ids["v1"], "")
    call(five, completing.complete, "v3", held, "不同意")
    recalled = part(five, "province1b").id
    call(five, opinions.ask, "province1b", recalled, "before", ids["v2"], "")
    call(five, opinions.recall, "province1b", next(t for t in five.open() if t.parent_id == recalled).id)
    before = stands(five)
    answer(five, "province1")
    assert (five.tasks(), rows(five, "confirming"), rows(five, "waiting")) == (["yes"], [], [])
    take_back(five, "province1")
    assert stands(five) == before
    confirm = next(t for t in five.open() if t.parent_id == held)
    call(five, opinions.give, "v1", confirm.id, "")
    assert [(row.closed_by, row.outcome) for row in rows(five, "done") if row.kind == "step"] == [(ids["v3"], "不同意")]


@pytest.mark.row("8.1")
@pytest.mark.parametrize("interrupting", [False, True])
def test_deadlines_go_on_where_they_were(five: Play, interrupting: bool) -> None:
    late = boundary("late", "b", timer(timeDuration="days(2)"), interrupting) + user("c")
    begun(five, voting(extra=late, more="late>c c>end", quorum="2", withdrawable="true"))
    answer(five, "v1")
    five.later(days=1)
    before = stands(five)
    answer(five, "v2")
    assert five.row.due_at is None
    five.world.clock.now += timedelta(hours=1)
    take_back(five, "v2")
    assert stands(five) == before
    answer(five, "v2")
    five.later(days=1)
    if interrupting:
        with pytest.raises(Refused, match="“边late”时间已到，不能撤回"):
            take_back(five, "v2")
        assert five.tasks() == ["yes"]
        return
    take_back(five, "v2")  # a reminder binds nobody; it is late now, and comes at once
    assert five.tasks() == ["b", "b", "b", "b", "c"]


@pytest.mark.row("8.1")
def test_what_a_reminder_set_off_before_the_answer_stays(five: Play) -> None:
    late = boundary("late", "b", timer(timeCycle="[2, days(1)]"), interrupting=False) + user("c") + end("e2")
    begun(five, voting(extra=late, more="late>c c>e2", quorum="2", withdrawable="true"))
    answer(five, "v1")
    five.later(days=1, minutes=1)
    assert five.tasks() == ["b"] * 4 + ["c"]
    five.complete("c", account="v3")  # somebody acted, but not on the answer
    before = stands(five)
    answer(five, "v2")
    take_back(five, "v2")
    assert stands(five) == before
    five.later(days=1)
    assert five.tasks() == ["b"] * 4 + ["c"]
    before = stands(five)
    answer(five, "v2")
    take_back(five, "v2")
    assert stands(five) == before


def voters(**more: str) -> str:
    """The 会签 b, where two decide."""
    return user("b", inside=many(), quorum="2", withdrawable="true", **more)


def drawn(kind: str) -> list[bytes]:
    """a, then the 会签 b where it may lie, then c."""
    inner = start("s") + voters() + end("e") + flows("s>b b>e")
    body = start() + user("a", lane="试点院校") + user("c") + end()
    if kind == "subprocess":
        late = boundary("late", "sub", timer(timeDuration="days(9)")) + user("d")
        return [diagram(body + subprocess("sub", inner) + late + flows("start>a a>sub sub>c c>end late>d d>end"))]
    if kind == "called":
        call_ = '<callActivity id="call" name="调用" calledElement="each" lane="省级"></callActivity>'
        return [diagram(inner, key="each"), diagram(body + call_ + flows("start>a a>call call>c c>end"))]
    if kind == "nested":
        outer = start("s2") + subprocess("sub", inner) + end("e2") + flows("s2>sub sub>e2")
        return [diagram(body + subprocess("around", outer) + flows("start>a a>around around>c c>end"))]
    inside = subprocess("sub", inner) if kind == "subprocess in a branch" else voters()
    split = gateway("parallel", "split") + gateway("parallel", "join") + inside + user("beside", withdrawable="true")
    here = "sub" if kind == "subprocess in a branch" else "b"
    return [diagram(body + split + flows(f"start>a a>split split>{here} split>beside {here}>join beside>join join>c c>end"))]


def step_in(play: Play, account: str) -> None:
    person = play.world.actor(account).person_id
    part = next(t for t in play.open() if t.vote_id is not None and t.assignee_id == person)
    play.world.clock.now += MINUTE
    call(play, completing.complete, account, part.id, "提交", None, "好")


@pytest.mark.row("8.1")
@pytest.mark.parametrize(
    ("kind", "beside"),
    [
        *((kind, "") for kind in ("subprocess", "called", "nested")),
        *((kind, when) for kind in ("branch", "subprocess in a branch") for when in ("before", "between", "after")),
    ],
)
def test_wherever_it_lies(five: Play, kind: str, beside: str) -> None:
    """`beside`: when the task in the other branch is done."""
    begun_at(five, kind)
    step_in(five, "v1")
    if beside == "before":
        five.complete("beside", account="province1")
    before = stands(five)
    step_in(five, "v2")
    if beside == "between":
        five.complete("beside", account="province1")  # the token goes on in the other branch, from the join
    elif beside == "after":
        assert five.tasks() == ["beside"]
    take_back(five, "v2")
    if beside == "between":
        assert [t.element for t in five.open() if t.vote_id is None] == []
        assert vote(five).answered == 1
    else:
        assert stands(five) == before
    step_in(five, "v3")
    if beside == "after":
        five.complete("beside", account="province1")
    assert five.tasks() == ["c"]
    take_back(five, "v3")
    step_in(five, "v2")
    five.complete("c")
    assert five.ended


def begun_at(play: Play, kind: str) -> None:
    play.deploy(*drawn(kind))
    play.begin()
    play.complete("a", account="school1")


@pytest.mark.row("8.1")
def test_within_one_of_many_until_that_one_is_over(five: Play) -> None:
    inner = start("s") + voters() + user("d") + end("e") + flows("s>b b>d d>e")
    body = start() + user("a", lane="试点院校") + with_loop(subprocess("sub", inner), many("2")) + user("c") + end()
    begun(five, diagram(body + flows("start>a a>sub sub>c c>end")))
    step_in(five, "v1")
    before = stands(five)
    first = next(t for t in rows(five, "done"))
    person = five.world.actor("v2").person_id
    other = next(t for t in five.open() if t.vote_id == first.vote_id and t.assignee_id == person)
    call(five, completing.complete, "v2", other.id, "提交", None, "好")
    take_back(five, "v2")
    assert stands(five) == before


@pytest.mark.row("8.1")
def test_a_process_that_has_ended_stays_ended(five: Play) -> None:
    body = start() + user("a", lane="试点院校") + voters() + end()
    begun(five, diagram(body + flows("start>a a>b b>end")))
    step_in(five, "v1")
    step_in(five, "v2")
    with pytest.raises(Refused, match="流程已结束"):
        take_back(five, "v2")
    assert buttons(five, "v2") == []


@pytest.mark.row("8.1")
@pytest.mark.parametrize("other", ["the next act", "the same again"])
def test_of_two_at_once_one_wins_and_the_other_is_told(five: Play, other: str) -> None:
    begun(five, voting(quorum="2", withdrawable="true"))
    answer(five, "v1")
    answer(five, "v2")
    done, following, both = mine(five, "v2"), five.open()[0].id, Barrier(2)
    engine, database = five.world.runtime.engine, five.world.runtime.database

    def act(account: str, does: Any, *arguments: Any) -> str:
        both.wait()
        try:
            with database.writing() as session:
                does(engine, session, five.world.actor(account), *arguments)
        except (Refused, TaskClosed) as refused:
            return str(refused)
        return ""

    takes_back = ("v2", withdrawing.withdraw, done)
    second = takes_back if other == "the same again" else ("v3", completing.complete, following, "提交")
    with ThreadPoolExecutor(2) as pool:
        told = sorted(future.result(timeout=FOREVER) for future in [pool.submit(act, *takes_back), pool.submit(act, *second)])
    five.sound()
    assert told[0] == ""
    first_was_the_withdrawal = vote(five).state == "open"
    assert ("已于" in told[1] and "撤回" in told[1]) if first_was_the_withdrawal else "不能撤回" in told[1]
    assert len(rows(five, "done")) == (1 if first_was_the_withdrawal else 2)
