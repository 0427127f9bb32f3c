"""Multi-instance service tasks, subprocesses and called diagrams, with a save and a load between any two steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.ground.handling import External, Inline
from processes import tables
from processes.errors import DiagramInvalid, EngineFault
from processes.outside import answers
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, properties, start, subprocess, timer, user
from tests.processes.bpmn.votes import (
    many,
    told,
    with_loop,
)


def inner() -> str:
    return start("s") + user("b1") + user("b2", outcomes="好,差") + end("e") + flows("s>b1 b1>b2 b2>e")


def parts(loop: str, more: str = "", extra: str = "", **given: str) -> bytes:
    """a, then many subprocesses of b1 and b2, then c."""
    sub = with_loop(subprocess("sub", properties(**given) + inner()), loop)
    body = start() + user("a", lane="试点院校") + sub + user("c", returnable="any") + end() + extra
    return diagram(body + flows(f"start>a a>sub sub>c c>end {more}"))


def begun(play: Play, *xml: bytes) -> None:
    play.deploy(*xml)
    play.begin()
    play.complete("a", account="school1")


@pytest.mark.row("8.1")
def test_subprocesses_side_by_side(play: Play) -> None:
    begun(play, parts(many("3")))
    assert play.tasks() == ["b1"] * 3
    for _ in range(3):
        play.complete("b1")
    for number in range(3):
        assert play.tasks() == ["b2"] * (3 - number)
        play.complete("b2", "好")
    assert (play.tasks(), told(play)[-1]) == (["c"], ("多实例完成", "共 3 项，完成 3，同意 3"))
    play.complete("c")
    assert play.ended


@pytest.mark.row("8.1")
def test_the_rest_are_closed_when_enough_agree(play: Play) -> None:
    begun(play, parts(many("4"), quorum="2", agreeWhen="b2_outcome=='好'"))
    for outcome in ("差", "好"):
        play.complete("b1")
        play.complete("b2", outcome)
    assert play.tasks() == ["b1", "b1"]
    play.complete("b1")
    play.complete("b2", "好")
    assert play.tasks() == ["c"]
    assert told(play)[-1] == ("多实例完成", "共 4 项，完成 3，同意 2")


@pytest.mark.row("8.1")
def test_subprocesses_one_after_the_other_over_a_list(play: Play) -> None:
    begun(play, parts(many("['甲','乙']", sequential=True, item="what")))
    for _ in range(2):
        assert play.tasks() == ["b1"]
        play.complete("b1")
        play.complete("b2", "好")
    assert play.tasks() == ["c"]


@pytest.mark.row("8.1")
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_deadline_on_many_subprocesses(play: Play, interrupting: bool) -> None:
    late = boundary("late", "sub", timer(timeDuration="days(1)"), interrupting) + user("d")
    begun(play, parts(many("2"), "late>d d>end", late))
    play.complete("b1")
    play.later(days=2)
    assert play.tasks() == (["d"] if interrupting else ["b1", "b2", "d"])


@pytest.mark.row("8.1")
def test_a_vote_in_each_of_many_subprocesses(play: Play) -> None:
    voted = start("s") + user("b1", inside=many("2"), quorum="any") + end("e") + flows("s>b1 b1>e")
    body = start() + user("a", lane="试点院校") + with_loop(subprocess("sub", voted), many("2")) + user("c") + end()
    begun(play, diagram(body + flows("start>a a>sub sub>c c>end")))
    assert play.tasks() == ["b1"] * 4
    play.complete("b1")
    assert play.tasks() == ["b1"] * 2
    play.complete("b1")
    assert play.tasks() == ["c"]


@pytest.mark.row("8.1")
def test_a_called_diagram_for_each(play: Play) -> None:
    called = diagram(start("s") + user("b1") + end("e") + flows("s>b1 b1>e"), key="each")
    call = with_loop('<callActivity id="call" name="调用" calledElement="each" lane="省级"></callActivity>', many("2"))
    body = start() + user("a", lane="试点院校") + call + gateway("exclusive", "g", "g_no") + user("c") + end("no") + end()
    begun(play, called, diagram(body + flows("start>a a>call call>g g>c:call_answered==2 g>no c>end")))
    assert play.tasks() == ["each:b1"] * 2
    play.complete("each:b1")
    play.complete("each:b1")
    assert play.tasks() == ["c"]


def serving(loop: str, handler: Any, play: Play) -> bytes:
    engine = play.world.runtime.engine
    play.world.runtime = replace(play.world.runtime, engine=replace(engine, handlers={**engine.handlers, "test.each": handler}))
    operator = '<s:serviceTaskOperator id="test.each"><s:parameters><s:parameter id="what" type="str" value="what"/></s:parameters>'
    task = f'<serviceTask id="t" name="逐项"><extensionElements>{operator}</s:serviceTaskOperator></extensionElements>{loop}</serviceTask>'
    body = start() + user("a", lane="试点院校") + task + user("c") + end()
    return diagram(body + flows("start>a a>t t>c c>end"))


@pytest.mark.row("8.1")
@pytest.mark.parametrize("sequential", [False, True])
def test_a_handler_runs_for_each_item(play: Play, sequential: bool) -> None:
    seen: list[Any] = []
    handler = Inline(lambda session, subject, params, actor: seen.append(params["what"]))
    begun(play, serving(many("['甲','乙','丙']", sequential=sequential, item="what"), handler, play))
    assert (sorted(seen), play.tasks()) == (sorted("甲乙丙"), ["c"])


@pytest.mark.row("8.1")
def test_a_job_for_each_item(play: Play) -> None:
    handler = External(lambda session, subject, params: params, lambda *_: {})
    begun(play, serving(many("['甲','乙']", item="what"), handler, play))
    table = tables.job
    for number in range(2):
        with play.step() as session:
            job = session.execute(table.select().where(table.c.instance_id == play.instance, table.c.state == "pending")).first()
            assert job is not None
            session.execute(table.update().where(table.c.id == job.id).values(state="running", attempt=1))
            answers.answer(play.world.runtime.engine, session, job.id, 1, {})
        assert play.tasks() == ([] if number == 0 else ["c"])


@pytest.mark.row("8.1")
def test_too_many_items_are_a_fault(play: Play) -> None:
    play.deploy(parts(many("501").replace("501", "500 + 1")))
    play.begin()
    with pytest.raises(EngineFault, match="“子sub”有 501 个办理项，最多 500 个，没有提交"):
        play.complete("a", account="school1")
    assert play.tasks() == ["a"]
    with pytest.raises(DiagramInvalid, match="次数（loopCardinality）是 501，这类活动最多 500 项"):
        play.deploy(parts(many("501")))
    play.deploy(parts(many("500")))


@pytest.mark.row("8.1")
def test_back_out_of_one_of_many_subprocesses(play: Play) -> None:
    from processes.tasks import returning

    begun(play, parts(many("2")))
    for element, outcome in (("b1", "提交"), ("b2", "好")) * 2:
        play.complete(element, outcome)
    task = play.open()[0]
    with play.world.runtime.database.reading() as session:
        assert [e.id for e in returning.choices(session, task)] == ["a"]  # one of many alone means nothing
    with play.step() as session:
        returning.send_back(play.world.runtime.engine, session, play.world.actor("province1"), task.id, "a", "重来")
    assert play.tasks() == ["a"]
    play.complete("a", account="school1")
    assert play.tasks() == ["b1", "b1"]
