"""迁移 to another version, and 撤销迁移 (row 8.4; 8.3: running instances stay or are moved)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.ground.handling import BusinessError, External, Inline
from jobs import outbox, scheduler
from processes.definitions import store
from processes.deployment import deploying
from processes.errors import NotAllowed, Refused, TaskClosed
from processes.monitor import managing, migrating
from processes.steps import completing
from processes.tasks import returning
from tests.conftest import World
from tests.processes.monitor.versions import LENGTH, Versions, asking, drawn, inside, line, parallel, versions
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, service, timer, user

pytestmark = pytest.mark.row("8.3", "8.4")


def test_a_token_stays_where_the_new_version_has_its_element(world: World) -> None:
    play = Play(world, line("fill", "review"))
    play.act("school1", "fill")
    (before,) = play.tasks()
    play.call(managing.reassign, before.id, world.actor("province1").person_id, "专人", account="supervisor")
    both = versions(play, line("fill", "review", "second", review={"status": "待初审"}))
    plan = both.plan()
    assert [(s.element.id, s.to.id if s.to else None) for s in plan.moves] == [("review", "review")]
    assert (plan.problems, plan.lost) == ([], ())
    both.migrate(seen=plan.version)
    (after,) = play.tasks()
    assert (after.id, after.assignee_id, after.created_at) == (before.id, world.actor("province1").person_id, before.created_at)
    assert (play.status, play.row.definition_id) == ("待初审", both.second.id)
    assert play.history()[-1] == ("migrate", "从第 1 版迁移到第 2 版", "新规定")
    play.act("province1", "review")
    assert play.open() == ["second"]
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_what_no_longer_exists_is_refused_with_the_reason_until_somebody_says_where(world: World) -> None:
    play = Play(world, line("fill", "review"))
    play.act("school1", "fill")
    (old,) = play.tasks()
    both = versions(play, line("fill", "second"))
    (token,) = both.plan().moves
    assert token.problem is not None
    assert "“review”在第 2 版中已不存在" in token.problem
    assert [e.id for e in token.choices] == ["fill", "second"]
    with pytest.raises(Refused, match=r"review.*已不存在"):
        both.migrate()
    assert (play.open(), play.row.definition_id) == (["review"], play.definition.id)
    both.migrate({"review": "second"})
    assert (play.open(), play.status) == (["second"], "second")
    with pytest.raises(TaskClosed, match="将流程迁移到第 2 版"):
        play.call(completing.complete, old.id, "提交", account="province1")
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_undone_until_the_next_step(world: World) -> None:
    play = Play(world, line("fill", "review"))
    play.act("school1", "fill")
    (task,) = play.tasks()
    play.call(managing.reassign, task.id, world.actor("province1").person_id, "专人", account="supervisor")
    kept = [
        play.row._mapping[name] for name in ("definition_id", "status", "tone", "position", "position_since", "waits", "path", "due_at")
    ]
    both = versions(play, line("fill", "second", "other"))
    both.migrate({"review": "other"})
    assert play.open() == ["other"]
    both.undo()
    assert [
        play.row._mapping[name] for name in ("definition_id", "status", "tone", "position", "position_since", "waits", "path", "due_at")
    ] == kept
    assert [(t.id, t.assignee_id, t.closed_as) for t in play.tasks()] == [(task.id, world.actor("province1").person_id, None)]
    assert play.history()[-1] == ("unmigrate", "撤销迁移，回到第 1 版", "弄错了")
    with pytest.raises(Refused, match="没有可以撤销的迁移"):
        both.undo()
    both.migrate({"review": "second"})
    play.act("province1", "second")
    with pytest.raises(Refused, match="继续进行"):
        both.undo()
    with world.runtime.database.writing() as session:
        migrating.forget_overtaken(session)
    assert (play.open(), play.faults()) == (["other"], [])


def test_a_new_deadline_holds_and_a_kept_one_goes_on(world: World) -> None:
    begun = world.clock.now
    first = line("fill", extra=boundary("late", "fill", LENGTH.format(9)), ways=("late end",))
    play = Play(world, first)
    (task,) = play.tasks()
    world.clock.now += timedelta(days=1)
    more = boundary("late", "fill", LENGTH.format(9)) + boundary("stop", "fill", message("撤销"))
    added = versions(play, line("fill", extra=more, ways=("late end", "stop end"), outside=declared("撤销")))
    added.migrate()
    assert [t.id for t in play.tasks()] == [task.id]
    assert play.row.due_at == begun + timedelta(days=9)
    assert [wait["element"] for wait in play.row.waits] == ["stop"]
    sooner = versions(play, line("fill", extra=boundary("late", "fill", LENGTH.format(2)), ways=("late end",)))
    sooner.migrate()
    assert [t.id for t in play.tasks()] == [task.id]
    assert play.row.due_at == world.clock.now + timedelta(days=2)
    assert play.row.waits == []
    sooner.undo()
    assert play.row.due_at == begun + timedelta(days=9)
    sooner.migrate()
    world.clock.now = play.row.due_at
    scheduler.turn(play.runtime, "test")
    assert (play.status, play.faults()) == ("完成", [])


@pytest.mark.parametrize("first", [True, False], ids=["added", "removed"])
def test_the_first_boundary_event_is_added_and_the_last_removed(world: World, first: bool) -> None:
    plain, timed = line("fill", "review"), line("fill", "review", extra=boundary("late", "fill", timer("period_end")), ways=("late end",))
    play = Play(world, plain if first else timed)
    (task,) = play.tasks()
    both = versions(play, timed if first else plain)
    both.migrate()
    assert [t.id for t in play.tasks()] == [task.id]
    assert (play.row.due_at is not None) == first
    play.act("school1", "fill")
    play.act("province1", "review")
    assert (play.status, play.faults()) == ("完成", [])


def test_the_deadline_of_a_task_and_its_role_follow_the_new_version(lite: World) -> None:
    play = Play(lite, line("fill", fill={"due": "now + days(3)"}))
    both = versions(play, line("fill", fill={"due": "now + days(5)", "candidateGroup": "教师"}))
    both.migrate()
    (task,) = play.tasks()
    assert (task.due_at, task.role) == (lite.clock.now + timedelta(days=5), "教师")
    both.undo()
    (task,) = play.tasks()
    assert (task.due_at, task.role) == (lite.clock.now + timedelta(days=3), "试点院校")


def test_branches_side_by_side_still_meet(world: World) -> None:
    play = Play(world, parallel("left"))
    play.act("school1", "fill")
    play.act("province1", "right")  # waits at the join
    both = versions(play, parallel("left", "second"))
    both.migrate()
    assert play.open() == ["left"]
    play.act("province1", "left")
    assert play.open() == ["second"]
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_one_of_two_branches_is_put_elsewhere(world: World) -> None:
    play = Play(world, parallel("left"))
    play.act("school1", "fill")
    both = versions(play, parallel("second"))
    both.migrate({"left": "second"})
    assert play.open() == ["right", "second"]
    both.undo()
    assert play.open() == ["left", "right"]
    both.migrate({"left": "second"})
    play.act("province1", "right")
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_a_token_in_a_join_that_is_gone_is_not_migrated(lite: World) -> None:
    play = Play(lite, parallel("left"))
    play.act("school1", "fill")
    play.act("province1", "right")
    both = versions(play, line("fill", "left"))
    assert "“join”" in "".join(both.plan().problems)
    with pytest.raises(Refused, match="不能改停在别处"):
        both.migrate()


def test_inside_a_subprocess(world: World) -> None:
    play = Play(world, inside("left"))
    (task,) = play.tasks()
    both = versions(play, inside("left", "right", more=("second",)))
    both.migrate()
    assert [t.id for t in play.tasks()] == [task.id]
    for element in ("left", "right", "second"):
        assert play.open() == [element]
        play.act("province1", element)
    assert (play.status, play.faults()) == ("完成", [])


def test_inside_a_subprocess_that_is_gone(lite: World) -> None:
    play = Play(lite, inside("left"))
    both = versions(play, line("left"))
    assert any("子流程" in problem for problem in both.plan().problems)
    with pytest.raises(Refused):
        both.migrate()


def test_a_job_is_answered_on_the_new_version(world: World) -> None:
    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, lambda *_: {"number": 7})})
    (job,) = play.act("school1", "fill")
    versions(play, asking("second")).migrate()
    assert play.job(job).state == "pending"
    assert outbox.run_job(play.runtime, job)
    assert (play.open(), play.faults()) == (["second"], [])


def test_a_failed_job_is_left_behind_and_comes_back_when_that_is_undone(world: World) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise BusinessError("gone", "考点已撤销")

    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, refuse)})
    (job,) = play.act("school1", "fill")
    outbox.run_job(play.runtime, job)
    both = versions(play, line("fill", "second"))
    both.migrate({"ask": "second"})
    assert (play.open(), play.row.incident, play.job(job).state) == (["second"], None, "cancelled")
    both.undo()
    assert (play.open(), play.row.incident, play.job(job).state) == ([], "考点已撤销（gone）", "failed")


def test_a_broken_timer_is_mended(world: World) -> None:
    def broken(*_: Any) -> None:
        raise BusinessError("full", "名额已满")

    ways = ("late ask", "ask end")
    first = line("fill", extra=boundary("late", "fill", timer("period_end")) + service("ask", "test.ask"), ways=ways)
    play = Play(world, first, {"test.ask": Inline(broken)})
    world.clock.now = play.row.due_at
    scheduler.turn(play.runtime, "test")
    assert play.row.incident
    both = versions(play, line("fill", extra=boundary("late", "fill", timer("period_end")), ways=("late end",)))
    both.migrate()
    assert (play.row.incident, play.status) == (None, "完成")


def test_many_rounds_and_a_return_after_it(world: World) -> None:
    def looped(*more: str) -> bytes:
        gate = node("exclusiveGateway", "which", attributes='default="which_fill"')
        names = ["fill", "review", "which"]
        ways = [f"{a} {b}" for a, b in pairwise(names)]
        condition = "which end: review_outcome == '好'" if not more else f"which {more[0]}: review_outcome == '好'"
        tasks = user("fill") + user("review", outcomes="好,差", returnable="any") + "".join(user(t, returnable="any") for t in more)
        return drawn(gate, tasks, flows("start fill", *ways, condition, "which fill", *(f"{t} end" for t in more)))

    play = Play(world, looped())
    for _ in range(5):
        play.act("school1", "fill")
        play.act("province1", "review", "差")
    play.act("school1", "fill")
    versions(play, looped("second")).migrate()
    play.act("province1", "review", "好")
    (task,) = play.tasks()
    assert task.element == "second"
    play.call(returning.send_back, task.id, "fill", "重来", account="province1")
    assert (play.open(), play.faults()) == (["fill"], [])
    play.act("school1", "fill")
    play.act("province1", "review", "好")
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_what_is_over_and_gone_is_told_and_nobody_is_sent_back_there(lite: World) -> None:
    returnable = {"returnable": "any"}
    play = Play(lite, line("fill", "other", "review", review=returnable))
    play.act("school1", "fill")
    play.act("school1", "other")
    both = versions(play, line("fill", "review", review=returnable))
    assert both.plan().lost == ("other",)
    both.migrate()
    (task,) = play.tasks()
    with pytest.raises(Refused):
        play.call(returning.send_back, task.id, "other", "重来", account="province1")
    play.call(returning.send_back, task.id, "fill", "重来", account="province1")
    assert (play.open(), play.faults()) == (["fill"], [])


def test_a_suspended_instance_stays_so(world: World) -> None:
    play = Play(world, line("fill", extra=boundary("late", "fill", LENGTH.format(3)), ways=("late end",)))
    play.call(managing.suspend, play.instance, "等新规定", account="supervisor")
    world.clock.now += timedelta(days=9)
    both = versions(play, line("fill", extra=boundary("late", "fill", LENGTH.format(5)), ways=("late end",)))
    both.migrate()
    assert (play.open(), play.row.due_at) == (["fill"], None)
    play.call(managing.resume, play.instance, "好了", account="supervisor")
    assert play.row.due_at == world.clock.now + timedelta(days=5)  # the clock stood still
    assert play.faults() == []


def test_it_is_refused_when_it_has_gone_on_or_is_not_another_version(lite: World) -> None:
    play = Play(lite, line("fill", "review"))
    both = versions(play, line("fill", "review", "second"))
    seen = both.plan().version
    play.act("school1", "fill")
    with pytest.raises(Refused, match="又有变化"):
        both.migrate(seen=seen)
    with pytest.raises(Refused, match="已在第 1 版"):
        Versions(play, play.definition).migrate()
    with lite.runtime.database.reading() as session:
        other = store.latest(session, "weekly_report")
    with pytest.raises(Refused, match="同一流程"):
        Versions(play, other).migrate()
    with pytest.raises(NotAllowed):
        play.call(migrating.undo, play.instance, "弄错了", account="school1")
    play.act("province1", "review")
    with pytest.raises(Refused, match="已结束"):
        both.plan()


def test_inside_a_called_diagram(world: World) -> None:
    def called(*tasks: str) -> bytes:
        names = ["begin", *tasks, "done"]
        ways = [f"{a} {b}" for a, b in pairwise(names)]
        body = node("startEvent", "begin") + "".join(user(t) for t in tasks) + node("endEvent", "done") + flows(*ways)
        return diagram(body, {"试点院校": "begin", "省级": "left right"}, key="inner")

    call = drawn(node("callActivity", "sub", attributes='calledElement="inner"'), flows("start sub", "sub end"))
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, called("left"), {}, "测试")
    play = Play(world, call)
    (task,) = play.tasks()
    assert task.element == "inner:left"
    with world.runtime.database.writing() as session:  # the caller is deployed anew with it
        deploying.deploy(session, play.engine, called("left", "right"), {}, "测试")
        newest = store.latest(session, "tiny")
    Versions(play, newest).migrate()
    assert [t.id for t in play.tasks()] == [task.id]
    play.act("province1", "inner:left")
    assert play.open() == ["inner:right"]
    play.act("province1", "inner:right")
    assert (play.status, play.faults()) == ("完成", [])


def test_many_at_once_stay_many(world: World) -> None:
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"

    def voted(*more: str) -> bytes:
        names = ["start", "left", *more, "end"]
        return drawn(user("left", loop), *(user(t) for t in more), flows(*(f"{a} {b}" for a, b in pairwise(names))))

    play = Play(world, voted())
    play.act("province1", "left")
    ids = sorted(t.id for t in play.tasks())
    both = versions(play, voted("second"))
    assert both.plan().problems == []
    both.migrate()
    assert sorted(t.id for t in play.tasks()) == ids
    for _ in range(2):
        play.act("province1", "left")
    assert play.open() == ["second"]
    assert play.faults() == []
