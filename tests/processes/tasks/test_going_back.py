"""退回 and 撤回 through 会签, many instances and called diagrams, with opinions awaited and by stand-ins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from processes.errors import FourEyes, Refused, TaskClosed
from processes.rights import substitutes
from processes.steps import completing
from processes.tasks import assigning, inbox, opinions, returning, withdrawing
from processes.tasks.actions import actions_for
from processes.tasks.tallies import tallies_of
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, subprocess, user
from tests.processes.bpmn.votes import (
    begun,
    call,
    many,
    rows,
    with_loop,
)


def task(play: Play, element: str) -> Any:
    return next(t for t in play.open() if t.element == element and t.kind == "step")


def back(play: Play, element: str, to: str, account: str = "province1") -> None:
    call(play, returning.send_back, account, task(play, element).id, to, "请补充")


def choices(play: Play, element: str) -> list[str]:
    with play.world.runtime.database.reading() as session:
        return [e.id for e in returning.choices(session, task(play, element))]


def calling(loop: str = "", **properties: str) -> tuple[bytes, bytes]:
    """a, a call of `each` (b1, b2), c; b2 may go back to b1."""
    inner = start("s") + user("b1") + user("b2", **{"returnable": "b1", **properties}) + end("e") + flows("s>b1 b1>b2 b2>e")
    call = with_loop('<callActivity id="call" name="调用" calledElement="each" lane="省级"></callActivity>', loop)
    body = start() + user("a", lane="试点院校") + call + user("c", returnable="any") + end()
    return diagram(inner, key="each"), diagram(body + flows("start>a a>call call>c c>end"))


def called(play: Play, *diagrams: bytes) -> None:
    play.deploy(*diagrams)
    play.begin()
    play.complete("a", account="school1")


@pytest.mark.row("8.1")
def test_inside_into_and_out_of_a_called_diagram(play: Play) -> None:
    called(play, *calling())
    play.complete("each:b1")
    assert choices(play, "each:b2") == ["each:b1"]  # what the called diagram names is its own
    back(play, "each:b2", "each:b1")
    assert play.tasks() == ["each:b1"]
    play.complete("each:b1")
    play.complete("each:b2")
    assert set(choices(play, "c")) == {"a", "each:b1", "each:b2"}
    back(play, "c", "each:b2")
    assert play.tasks() == ["each:b2"]
    play.complete("each:b2")
    back(play, "c", "a")
    assert play.tasks() == ["a"]
    for element, account in (("a", "school1"), ("each:b1", "province1"), ("each:b2", "province1"), ("c", "province1")):
        play.complete(element, account=account)
    assert play.ended


@pytest.mark.row("8.1")
def test_out_of_a_called_diagram_that_still_runs(play: Play) -> None:
    called(play, *calling(returnable="any"))
    play.complete("each:b1")
    assert set(choices(play, "each:b2")) == {"a", "each:b1"}
    back(play, "each:b2", "a")
    assert play.tasks() == ["a"]
    play.complete("a", account="school1")
    assert play.tasks() == ["each:b1"]


@pytest.mark.row("8.1")
def test_inside_one_of_many_calls_leaves_the_others_alone(play: Play) -> None:
    called(play, *calling(many("2")))
    first, second = play.open()
    call(play, completing.complete, "province1", first.id, "提交")
    back(play, "each:b2", "each:b1")
    assert play.tasks() == ["each:b1", "each:b1"]
    assert second.id in {t.id for t in play.open()}
    for element in ("each:b1", "each:b1", "each:b2", "each:b2"):
        play.complete(element)
    assert (play.tasks(), choices(play, "c")) == (["c"], ["a"])  # one of many alone means nothing
    back(play, "c", "a")
    play.complete("a", account="school1")
    assert play.tasks() == ["each:b1", "each:b1"]


@pytest.mark.row("8.1")
def test_four_eyes_inside_a_called_diagram(play: Play) -> None:
    called(play, *calling(fourEyesWith="b1"))
    play.complete("each:b1")
    with pytest.raises(FourEyes):
        play.complete("each:b2")
    play.complete("each:b2", account="province1b")
    assert play.tasks() == ["c"]


@pytest.mark.row("8.1")
def test_out_of_a_vote_in_one_of_many_subprocesses(play: Play) -> None:
    inner = start("s") + user("b1") + user("b2", inside=many("2"), returnable="a,b1") + end("e") + flows("s>b1 b1>b2 b2>e")
    sub = with_loop(subprocess("sub", inner), many("2"))
    body = start() + user("a", lane="试点院校") + sub + end()
    called(play, diagram(body + flows("start>a a>sub sub>end")))
    play.complete("b1")
    play.complete("b2")
    assert play.tasks() == ["b1", "b2"]
    back(play, "b2", "b1")
    assert play.tasks() == ["b1", "b1"]  # the other subprocess never noticed
    play.complete("b1")
    assert play.tasks() == ["b1", "b2", "b2"]
    back(play, "b2", "a")
    assert play.tasks() == ["a"]


@pytest.mark.row("8.1")
def test_over_a_split_with_a_vote_in_one_branch(play: Play) -> None:
    body = start() + user("a", lane="试点院校") + gateway("parallel", "split") + user("b", inside=many("3")) + user("c", returnable="a")
    body += gateway("parallel", "join") + end()
    called(play, diagram(body + flows("start>a a>split split>b split>c b>join c>join join>end")))
    play.complete("b")
    late = task(play, "b").id
    back(play, "c", "a")
    assert play.tasks() == ["a"]
    assert [row.outcome for row in rows(play, "undone")] == ["提交"]
    with pytest.raises(TaskClosed, match="退回到“办a”"):
        call(play, completing.complete, "province1", late, "提交")
    with play.world.runtime.database.reading() as session:
        assert tallies_of(session, play.instance) == []  # what is undone is no longer shown
    play.complete("a", account="school1")
    for element in ("b", "b", "b", "c"):
        play.complete(element)
    assert play.ended


@pytest.mark.row("8.1")
def test_the_step_before_a_vote_is_taken_back_until_somebody_answers(play: Play) -> None:
    body = start() + user("a", lane="试点院校", withdrawable="true") + user("b", inside=many("3"), quorum="2") + end()
    called(play, diagram(body + flows("start>a a>b b>end")))
    done = play.row  # the row of a is the only one done
    mine = next(t for t in _done(play) if t.element == "a")
    call(play, withdrawing.withdraw, "school1", mine.id)
    assert (play.tasks(), done.ended_at) == (["a"], None)
    play.complete("a", account="school1")
    play.complete("b")
    mine = next(t for t in _done(play) if t.element == "a" and t.state == "done")
    with pytest.raises(Refused, match=r"王强.*不能撤回"):
        call(play, withdrawing.withdraw, "school1", mine.id)
    assert play.tasks() == ["b", "b"]


def _done(play: Play) -> list[Any]:
    from processes import tables

    with play.world.runtime.database.reading() as session:
        return list(session.execute(tables.task.select().where(tables.task.c.instance_id == play.instance, tables.task.c.state == "done")))


@pytest.mark.row("8.1")
@pytest.mark.parametrize("kind", ["before", "delegate"])
@pytest.mark.parametrize("loop", ["", many("['甲','乙']")])
def test_while_an_opinion_is_awaited(five: Play, loop: str, kind: str) -> None:
    play = five
    body = start() + user("a", lane="试点院校") + user("b", inside=loop, returnable="a") + end()
    begun(play, diagram(body + flows("start>a a>b b>end")))
    other = play.world.actor("province1b").person_id
    call(play, opinions.ask, "province1", task(play, "b").id, kind, other, "")
    asked = next(t for t in play.open() if t.kind == kind)
    held = next(t for t in play.open() if t.id == asked.parent_id)
    with pytest.raises(Refused, match="只请您给出意见，不能退回"):
        call(play, returning.send_back, "province1b", asked.id, "a", "请补充")
    if kind == "delegate":  # it stays with the one who gave it away, and is nobody else's
        with pytest.raises(Refused, match="签收"):
            call(play, returning.send_back, "v1", held.id, "a", "请补充")
    call(play, opinions.ask, "province1", held.id, "after", play.world.actor("v1").person_id, "")
    call(play, returning.send_back, "province1", held.id, "a", "请补充")
    assert play.tasks() == ["a"]
    assert play.history()[-2 - bool(loop) :][:2] == [("return", "退回到“办a”"), ("assign", "委派和加签关闭")]
    with pytest.raises(TaskClosed, match=r"王强.*已于.*退回到“办a”：请补充"):
        call(play, opinions.give, "province1b", asked.id, "可以")
    with play.world.runtime.database.reading() as session:
        waiting = [row.id for row in session.execute(inbox.open_tasks(play.world.actor("province1b"))) if row.instance_id == play.instance]
    assert waiting == []
    play.complete("a", account="school1")
    assert play.tasks() == ["b"] * (2 if loop else 1)  # nobody's opinion is awaited in the new round


@pytest.mark.row("8.1")
@pytest.mark.parametrize("loop", ["", many()])
def test_an_outcome_is_taken_back_until_it_is_confirmed(five: Play, loop: str) -> None:
    body = start() + user("a", lane="试点院校") + user("b", inside=loop, withdrawable="true") + user("c") + end()
    begun(five, diagram(body + flows("start>a a>b b>c c>end")))
    mine = next(t for t in five.open() if t.assignee_id in (None, five.world.actor("v1").person_id)).id
    for account in ("v2", "v3"):
        call(five, opinions.ask, "v1", mine, "after", five.world.actor(account).person_id, "")
    before = five.tasks()
    call(five, completing.complete, "v1", mine, "提交")
    first, second = (
        next(t for t in five.open() if t.assignee_id == five.world.actor(a).person_id and t.kind == "after") for a in ("v2", "v3")
    )
    with five.world.runtime.database.reading() as session:
        found = actions_for(session, five.world.actor("v1"), "tiny", [five.report])[five.report]
    assert [action.task_id for action in found if action.kind == "withdraw"] == [mine]
    call(five, withdrawing.withdraw, "v1", mine)
    assert five.tasks() == before
    assert five.history()[-1] == ("withdraw", "撤回")
    with pytest.raises(TaskClosed, match="尚待办理"):
        call(five, opinions.give, "v2", first.id, "")
    call(five, completing.complete, "v1", mine, "提交")
    call(five, opinions.give, "v2", first.id, "")
    with pytest.raises(Refused, match=r"委员2.*确认，不能撤回"):
        call(five, withdrawing.withdraw, "v1", mine)
    call(five, opinions.give, "v3", second.id, "")
    if not loop:
        assert five.tasks() == ["c"]
        call(five, withdrawing.withdraw, "v1", mine)  # nobody has acted on what followed
        assert five.tasks() == ["b"]


@pytest.mark.row("8.1")
def test_from_one_part_while_another_awaits_an_opinion_or_its_confirmation(play: Play) -> None:
    body = start() + user("a", lane="试点院校") + user("b", inside=many("3"), returnable="a") + end()
    begun(play, diagram(body + flows("start>a a>b b>end")))
    first, second, third = sorted(play.open(), key=lambda t: t.number)
    other = play.world.actor("province1b").person_id
    call(play, opinions.ask, "province1", first.id, "before", other, "")
    call(play, opinions.ask, "province1", second.id, "after", other, "")
    call(play, completing.complete, "province1", second.id, "提交")
    confirm = next(t for t in play.open() if t.kind == "after")
    call(play, returning.send_back, "province1", third.id, "a", "请补充")
    assert play.tasks() == ["a"]
    with pytest.raises(TaskClosed, match="退回到“办a”：请补充"):
        call(play, opinions.give, "province1b", confirm.id, "")


@pytest.mark.row("8.1")
def test_by_somebody_who_stands_in(play: Play) -> None:
    world, day = play.world, timedelta(days=1)
    body = start() + user("a", lane="试点院校") + user("b", lane="省级初审", returnable="a") + end()
    begun(play, diagram(body + flows("start>a a>b b>end")))
    assert "省级初审" not in world.actor("province1b").roles
    with world.runtime.database.writing() as session:
        people = (world.actor("province1"), world.actor("province1b").person_id)
        substitutes.appoint(session, *people, world.clock.now - day, world.clock.now + day, [], True, world.clock.now)
    gone = task(play, "b").id
    back(play, "b", "a", "province1b")
    with world.runtime.database.writing() as session:
        for row in session.execute(substitutes.substitutions_of(world.actor("province1"))).all():
            substitutes.end(session, world.actor("province1"), row.id, world.clock.now)
    assert play.tasks() == ["a"]
    closed = next(row for row in _done(play) if row.id == gone)
    assert (closed.closed_by, closed.closed_for) == (world.actor("province1b").person_id, world.actor("province1").person_id)
    assert "赵琳（代王强）" in closed.closed_as


@pytest.mark.row("8.1")
def test_what_is_taken_back_is_theirs_as_they_had_it(five: Play) -> None:
    body = start() + user("a", lane="试点院校") + user("b", withdrawable="true", transferRoles="省级初审", due="now + days(3)")
    begun(five, diagram(body + user("c") + end() + flows("start>a a>b b>c c>end")))
    had = task(five, "b")
    call(five, assigning.transfer, "province1", had.id, five.world.actor("v1").person_id, "请办")
    five.world.clock.now += timedelta(days=1)
    call(five, completing.complete, "v1", had.id, "提交")
    call(five, withdrawing.withdraw, "v1", next(t for t in _done(five) if t.element == "b").id)
    has = task(five, "b")
    assert (has.assignee_id, has.due_at, has.role) == (five.world.actor("v1").person_id, had.due_at, "省级")
    with pytest.raises(Refused, match="签收"):
        call(five, completing.complete, "province1", has.id, "提交")


@pytest.mark.row("8.1")
def test_four_eyes_remember_a_round_that_was_sent_back_but_not_what_was_taken_back(play: Play) -> None:
    body = start() + user("a", lane="试点院校") + user("b", withdrawable="true") + user("c", fourEyesWith="b", returnable="a") + end()
    begun(play, diagram(body + flows("start>a a>b b>c c>end")))
    play.complete("b")
    call(play, withdrawing.withdraw, "province1", next(t for t in _done(play) if t.element == "b").id)
    play.complete("b", account="province1b")
    back(play, "c", "a", "province1")  # he gave the second review after all, and sent it back
    play.complete("a", account="school1")
    with pytest.raises(FourEyes):
        play.complete("b")
    play.complete("b", account="province1b")
    for account, allowed in (("province1b", False), ("province1", True)):
        if allowed:
            play.complete("c", account=account)
        else:
            with pytest.raises(FourEyes):
                play.complete("c", account=account)


@pytest.mark.row("8.1")
def test_who_reviewed_before_it_was_sent_back_does_not_give_the_other_review(play: Play) -> None:
    body = (
        start() + user("a", lane="试点院校") + user("b") + user("c", fourEyesWith="b") + user("d", lane="试点院校", returnable="a") + end()
    )
    begun(play, diagram(body + flows("start>a a>b b>c c>d d>end")))
    play.complete("b")
    play.complete("c", account="province1b")
    back(play, "d", "a", "school1")
    play.complete("a", account="school1")
    with pytest.raises(FourEyes):
        play.complete("b", account="province1b")
    play.complete("b")
    with pytest.raises(FourEyes):
        play.complete("c")
