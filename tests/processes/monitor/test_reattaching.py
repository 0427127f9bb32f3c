"""A migration that changes the boundary events around what runs (row 8.4): the task stays, whatever runs inside, and the events are new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.ground.handling import External
from processes import history, tables
from processes.errors import Refused
from processes.monitor import migrating
from processes.outside import answers
from processes.tasks import returning
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, message, start, subprocess, timer, user
from tests.processes.bpmn.votes import (
    call,
    many,
    migrated,
    with_loop,
)

pytestmark = pytest.mark.row("8.3", "8.4")
INNER = start("s") + user("u") + user("v") + end("e") + flows("s>u u>v v>e")
OPERATOR = '<extensionElements><s:serviceTaskOperator id="test.each"/></extensionElements>'
KINDS = {
    "task": user("p"),
    "subprocess": subprocess("p", INNER),
    "call": '<callActivity id="p" name="调用" calledElement="inner" lane="省级"></callActivity>',
    "side by side": with_loop(subprocess("p", INNER), many("3")),
    "one by one": with_loop(subprocess("p", INNER), many("3", sequential=True)),
    "vote": user("p", inside=many("3")),
    "votes in order": user("p", inside=many("3", sequential=True)),
    "job": f'<serviceTask id="p" name="调">{OPERATOR}</serviceTask>',
    "jobs": f'<serviceTask id="p" name="调">{OPERATOR}{many("3")}</serviceTask>',
}
BESIDE = {
    "timer": boundary("t", "p", timer(timeDuration="days(2)")) + user("tt"),
    "button": boundary("m", "p", message()) + user("mm"),
    "reminder": boundary("n", "p", timer(timeDuration="days(1)"), interrupting=False) + user("nn"),
}
WAYS = {"timer": "t>tt tt>end", "button": "m>mm mm>end", "reminder": "n>nn nn>end"}


def drawn(kind: str, *beside: str, element: str | None = None) -> bytes:
    """a (school), p, then c, with these boundary events on p."""
    body = start() + user("a", lane="试点院校") + (element or KINDS[kind]) + user("c", returnable="any") + end()
    body += "".join(BESIDE[one] for one in beside)
    return diagram(body + flows(f"start>a a>p p>c c>end {' '.join(WAYS[one] for one in beside)}"))


def begun(play: Play, kind: str, *beside: str) -> Play:
    """An instance in the middle of p: of what is inside, one step is done."""
    engine = play.world.runtime.engine
    handler = External(lambda *_: {}, lambda *_: {})
    play.world.runtime = replace(play.world.runtime, engine=replace(engine, handlers={**engine.handlers, "test.each": handler}))
    play.deploy(diagram(INNER, key="inner"), drawn(kind, *beside))
    play.begin()
    play.complete("a", account="school1")
    if kind != "task" and kind != "job":
        forward(play)
    return play


def forward(play: Play) -> None:
    """Whoever waits inside p does one step."""
    inside = [element for element in play.tasks() if element.rpartition(":")[2] in ("p", "u", "v")]
    if inside:
        play.complete(inside[0])
        return
    table = tables.job
    with play.step() as session:
        job = session.execute(table.select().where(table.c.instance_id == play.instance, table.c.state == "pending")).first()
        assert job is not None
        session.execute(table.update().where(table.c.id == job.id).values(state="running", attempt=1))
        answers.answer(play.world.runtime.engine, session, job.id, 1, {})


def alive(play: Play) -> list[Any]:
    """What people and the outside have before them: ids, and who has claimed what."""
    table = tables.job.c
    with play.world.runtime.database.reading() as session:
        jobs = session.execute(tables.job.select().where(table.instance_id == play.instance, table.state == "pending")).all()
    return sorted([(task.id, task.assignee_id, task.created_at) for task in play.open()] + [(job.id, None, None) for job in jobs])


CHANGES = [((), ("timer", "button")), (("timer", "button"), ()), (("timer",), ("button",)), (("button", "reminder"), ("button", "timer"))]


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(("before", "after"), CHANGES, ids=["added", "removed", "replaced", "one of two"])
def test_what_runs_inside_goes_on_to_its_end(play: Play, kind: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    begun(play, kind, *before)
    inside = alive(play)
    assert inside
    migrated(play, drawn(kind, *after))
    assert alive(play) == inside
    assert play.waits == (["m"] if "button" in after else [])
    assert (play.row.due_at is not None) == ("timer" in after)
    for _ in range(8):
        if play.tasks() == ["c"]:
            break
        forward(play)
    assert (play.tasks(), play.waits, play.row.due_at) == (["c"], [], None)
    play.complete("c")
    assert play.ended


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("before", [(), ("reminder",)], ids=["without any", "with another"])
@pytest.mark.parametrize("by", ["timer", "button"])
def test_a_new_event_ends_what_runs_inside(play: Play, kind: str, before: tuple[str, ...], by: str) -> None:
    begun(play, kind, *before)
    migrated(play, drawn(kind, *before, "timer", "button"))
    assert play.row.due_at == play.world.clock.now + timedelta(days=1 if before else 2)  # it counts from the migration
    if by == "timer":
        play.later(days=2)
    else:
        play.send("m")
    reminded = ["nn"] if before and by == "timer" else []
    assert play.tasks() == [*reminded, "tt" if by == "timer" else "mm"]
    assert alive(play) == sorted((task.id, None, task.created_at) for task in play.open())  # no job is left either


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_new_reminder_fires_beside_what_runs_and_an_old_timer_goes_on(play: Play, kind: str) -> None:
    begun(play, kind, "timer")
    play.later(hours=12)
    inside, due = alive(play), play.row.due_at
    migrated(play, drawn(kind, "timer", "reminder"))
    play.later(days=1)
    assert "nn" in play.tasks()
    assert [one for one in alive(play) if one in inside] == inside
    assert play.row.due_at == due
    play.later(hours=12)
    assert play.tasks() == ["nn", "tt"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_it_is_undone_as_if_nothing_had_been(play: Play, kind: str) -> None:
    begun(play, kind, "timer")
    inside, row = alive(play), play.row
    for after in ((), ("timer", "button")):
        migrated(play, drawn(kind, *after))
        call(play, migrating.undo, "supervisor", play.instance, "弄错了")
        assert alive(play) == inside
        assert (play.row.due_at, play.waits, play.row.definition_id) == (row.due_at, [], row.definition_id)
        play.sound()
    play.later(days=2)
    assert play.tasks() == ["tt"]


def test_what_a_reminder_began_is_not_left_hanging(play: Play) -> None:
    begun(play, "subprocess", "reminder", "timer")
    play.later(days=1)
    assert play.tasks() == ["nn", "v"]
    other = (
        drawn("subprocess", "reminder").replace(b'"n"', b'"k"').replace(b">n<", b">k<").replace(b"n_nn", b"k_nn")
    )  # another event leads to the same step
    with pytest.raises(Refused, match=r"“子p”的边界事件“边n”在第 \d+ 版中已不存在，而它引出的步骤还在办理"):
        migrated(play, other)
    migrated(play, drawn("subprocess", "reminder"))
    assert play.tasks() == ["nn", "v"]
    play.complete("v")
    play.complete("nn")
    assert play.tasks() == ["c"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("subprocess", "里面的步骤还在办理"),
        ("call", "里面的步骤还在办理"),
        ("side by side", "正在逐项办理"),
        ("jobs", "正在逐项办理"),
    ],
)
def test_what_cannot_be_put_elsewhere_says_why(play: Play, kind: str, said: str) -> None:
    begun(play, kind)
    with pytest.raises(Refused, match=rf"在第 \d+ 版中已不存在或类型已改变，{said}，不能改停在别处，请等它办完后再迁移"):
        migrated(play, drawn("task"))
    with play.world.runtime.database.reading() as session:
        assert history.events_of(session, play.instance)[-1].kind != "migrate"


@pytest.mark.parametrize("sequential", [False, True])
def test_events_around_a_task_in_each_of_many_subprocesses(play: Play, sequential: bool) -> None:
    def each(more: str = "", ways: str = "") -> bytes:
        element = subprocess("p", INNER + more + flows(ways))
        return drawn("", element=with_loop(element, many("2", sequential=sequential)))

    play.deploy(each())
    play.begin()
    play.complete("a", account="school1")
    inside = alive(play)
    late = boundary("l", "u", timer(timeDuration="days(1)")) + user("w")
    migrated(play, each(late, "l>w w>e"))
    assert alive(play) == inside
    play.later(days=1)
    assert play.tasks() == ["w"] * (1 if sequential else 2)
    migrated(play, each(late + boundary("k", "w", message()), "l>w w>e k>e"))
    play.send("k")
    for _ in range(4):
        if play.tasks() == ["c"]:
            break
        play.complete(play.tasks()[0])
    assert play.tasks() == ["c"]


@pytest.mark.parametrize(("before", "after"), [((), ("timer",)), (("timer",), ()), (("timer",), ("button",))])
@pytest.mark.parametrize("kind", ["task", "vote"])
def test_a_return_to_it_finds_it_as_it_is_now(play: Play, kind: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    begun(play, kind, *before)
    migrated(play, drawn(kind, *after))
    while play.tasks() != ["c"]:
        play.complete("p")
    (task,) = play.open()
    call(play, returning.send_back, "province1", task.id, "p", "重来")
    assert set(play.tasks()) == {"p"}
    assert play.waits == (["m"] if "button" in after else [])
    if "timer" in after:
        play.later(days=2)
        assert play.tasks() == ["tt"]
        return
    assert play.row.due_at is None
    while play.tasks() != ["c"]:
        play.complete("p")
    play.complete("c")
    assert play.ended
