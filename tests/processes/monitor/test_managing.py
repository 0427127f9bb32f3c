"""挂起, 恢复, 终止 and 改派 by somebody in charge (row 8.4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update

from domain.ground.handling import BusinessError, External, Transient
from jobs import outbox, scheduler
from processes import tables
from processes.errors import FourEyes, NotAllowed, NotFound, Refused, Suspended, TaskClosed
from processes.monitor import managing
from processes.notices import copies
from processes.steps import acting, completing
from processes.tasks import urging, withdrawing
from processes.tasks.actions import actions_for
from tests.conftest import FOREVER, World
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, service, timer, user

pytestmark = pytest.mark.row("8.4")
LANES = {"试点院校": "start fill stop late", "省级": "review", "省级初审": "first", "省级复审": "second", "系统": "ask"}
LENGTH = "<bpmn:timerEventDefinition><bpmn:timeDuration>days(3)</bpmn:timeDuration></bpmn:timerEventDefinition>"


def reviewed(*boundaries: str, more: str = "", **properties: str) -> bytes:
    """start → fill → review → end; boundary events lead to `stopped`."""
    ways = [f"{id} stopped" for id in ("stop", "late") if any(f'id="{id}"' in event for event in boundaries)]
    parts = [
        node("startEvent", "start"),
        user("fill", **properties),
        user("review"),
        *boundaries,
        node("endEvent", "end", status="完成"),
        node("endEvent", "stopped", status="停止") if ways else "",
        flows("start fill", "fill review", "review end", *ways),
    ]
    return diagram("".join(parts), LANES, declared("撤销") + more)


def asking() -> bytes:
    parts = node("startEvent", "start") + user("fill") + service("ask", "test.ask") + node("endEvent", "end", status="完成")
    return diagram(parts + flows("start fill", "fill ask", "ask end"), LANES)


def suspend(play: Play, reason: str = "有人举报") -> None:
    play.call(managing.suspend, play.instance, reason, account="supervisor")


def resume(play: Play) -> list[str]:
    return list(play.call(managing.resume, play.instance, "已查清", account="supervisor"))


def test_while_suspended_nobody_acts(world: World) -> None:
    play = Play(world, reviewed(boundary("stop", "fill", message("撤销"))))
    suspend(play)
    for act in (
        lambda: play.act("school1", "fill"),
        lambda: play.call(acting.send, play.instance, "stop", account="school1"),
        lambda: play.call(acting.save, play.instance, {"a": 1}, account="school1"),
        lambda: play.call(managing.retry, play.instance, account="supervisor"),
    ):
        with pytest.raises(Suspended, match="挂起"):
            act()
    with world.runtime.database.reading() as session:
        assert actions_for(session, world.actor("school1"), "tiny", [play.report]) == {play.report: []}
    assert (play.open(), play.status, play.row.suspended_at) == (["fill"], "fill", world.clock.now)
    assert play.history()[-1] == ("suspend", "挂起", "有人举报")
    assert play.faults() == []
    resume(play)
    assert play.history()[-1] == ("resume", "恢复", "已查清")
    play.act("school1", "fill")
    assert (play.open(), play.row.suspended_at, play.faults()) == (["review"], None, [])


def test_a_stranger_does_not_learn_that_it_is_suspended(lite: World) -> None:
    play = Play(lite, reviewed(boundary("stop", "fill", message("撤销"))))
    (fill,) = (task.id for task in play.tasks())
    suspend(play)
    for act in (
        lambda: play.call(completing.complete, fill, "提交", None, None, account="school2"),
        lambda: play.call(urging.urge, fill, account="school2"),
        lambda: play.call(copies.send, play.instance, [lite.actor("province1").person_id], "", account="school2"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotAllowed):
        play.call(acting.send, play.instance, "stop", account="school2")
    with pytest.raises(Suspended, match="挂起"):  # who may urge reads why nothing goes on
        play.call(urging.urge, fill, account="school1")
    assert play.faults() == []


def test_nobody_else_learns_by_taking_back_that_it_is_suspended(lite: World) -> None:
    parts = node("startEvent", "start") + user("fill", withdrawable="true") + user("review") + node("endEvent", "end", status="完成")
    ways = flows("start fill", "fill review", "review end")
    play = Play(lite, diagram(parts + ways, {"试点院校": "start", "省级": "fill review"}))
    (fill,) = (task.id for task in play.tasks())
    play.act("province1", "fill")
    suspend(play)
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, fill, account="province1b")
    with pytest.raises(Suspended, match="挂起"):
        play.call(withdrawing.withdraw, fill, account="province1")


def test_a_moment_that_passed_meanwhile_acts_when_it_is_resumed(world: World) -> None:
    play = Play(world, reviewed(boundary("late", "fill", timer("period_end"))))
    due = play.row.due_at
    suspend(play)
    assert play.row.due_at is None
    world.clock.now = due + timedelta(days=1)
    before = play.row
    scheduler.turn(play.runtime, "test")
    play.call(acting.tick, play.instance)
    assert play.row == before
    assert play.faults() == []
    resume(play)
    assert (play.open(), play.status) == ([], "停止")
    assert play.history()[-2:] == [("resume", "恢复", "已查清"), ("timer", "late", None)]
    assert play.faults() == []


def test_what_is_due_when_it_is_suspended_has_acted_before(lite: World) -> None:
    play = Play(lite, reviewed(boundary("late", "fill", timer("period_end"), lateMessage="已截止")))
    lite.clock.now = play.row.due_at
    with pytest.raises(Refused, match="到期结束"):
        suspend(play)


def test_a_length_of_time_goes_on_where_it_stopped(world: World) -> None:
    play = Play(world, reviewed(boundary("late", "fill", LENGTH), due="now + days(2)"))
    begun = world.clock.now
    world.clock.now += timedelta(days=1)
    suspend(play)
    world.clock.now += timedelta(days=10)
    resume(play)
    assert play.row.due_at == begun + timedelta(days=13)
    assert play.tasks()[0].due_at == begun + timedelta(days=12)
    assert play.faults() == []


def test_a_length_of_time_stops_also_for_what_is_taken_back(world: World) -> None:
    play = Play(world, reviewed(boundary("late", "fill", LENGTH), withdrawable="true", due="now + days(2)"))
    begun, (fill,) = world.clock.now, (task.id for task in play.tasks())
    world.clock.now += timedelta(days=1)
    play.act("school1", "fill")
    suspend(play)
    world.clock.now += timedelta(days=10)
    resume(play)
    play.call(withdrawing.withdraw, fill, account="school1")
    assert play.open() == ["fill"]
    assert play.row.due_at == begun + timedelta(days=13)
    assert play.tasks()[0].due_at == begun + timedelta(days=12)
    assert play.faults() == []


def test_a_deadline_of_a_task_that_is_a_moment_holds(lite: World) -> None:
    play = Play(lite, reviewed(due="period_end"))
    due = play.tasks()[0].due_at
    suspend(play)
    lite.clock.now += timedelta(days=1)
    resume(play)
    assert play.tasks()[0].due_at == due


def test_jobs_wait_and_are_handed_out_again(world: World) -> None:
    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, lambda *_: {})})
    (job,) = play.act("school1", "fill")
    suspend(play)
    assert play.job(job).state == "paused"
    assert not outbox.run_job(play.runtime, job)
    world.clock.now += timedelta(days=1)
    assert outbox.sweep(play.runtime) == []
    assert play.faults() == []
    assert resume(play) == [job]
    assert outbox.run_job(play.runtime, job)
    assert (play.status, play.faults()) == ("完成", [])


@pytest.mark.parametrize("error", [None, BusinessError("gone", "考点已撤销"), Transient("忙")], ids=["answer", "refusal", "failure"])
def test_what_the_outside_says_meanwhile_waits(world: World, error: Exception | None) -> None:
    def call(*_: Any) -> dict[str, Any]:
        suspend(play)
        if error is not None:
            raise error
        return {"number": 7}

    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, call)})
    (job,) = play.act("school1", "fill")
    outbox.run_job(play.runtime, job)
    assert play.row.state is not None
    assert play.row.incident is None
    assert play.job(job).state == ("paused" if isinstance(error, Transient) else "answered")
    assert play.faults() == []
    again = resume(play)
    assert again == ([job] if isinstance(error, Transient) else [])
    assert play.row.incident == ("考点已撤销（gone）" if isinstance(error, BusinessError) else None)
    assert play.status == ("完成" if error is None else "ask" if play.status == "ask" else "fill")
    assert (play.row.ended_at is None) == (error is not None)
    assert play.faults() == []


def test_a_job_that_is_in_the_queue_is_not_done(world: World) -> None:
    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, lambda *_: {})})
    (job,) = play.act("school1", "fill")
    suspend(play)
    with world.runtime.database.writing() as session:  # a worker was lost, and the sweep hands its job out again
        session.execute(update(tables.job).values(state="pending", next_at=world.clock.now))
    assert not outbox.run_job(play.runtime, job)
    assert (play.job(job).state, play.job(job).tries) == ("paused", 0)


def test_a_process_is_called_off(world: World) -> None:
    play = Play(world, reviewed(boundary("late", "fill", timer("period_end"))))
    task = play.tasks()[0].id
    play.call(managing.cancel, play.instance, "重复填报", account="supervisor")
    row = play.row
    assert (row.status, row.tone, row.position, row.due_at, row.state, row.waits) == ("已终止", "failed", None, None, None, [])
    assert (play.status, play.open()) == ("已终止", [])
    assert play.history()[-1] == ("cancel", "终止", "重复填报")
    with pytest.raises(TaskClosed, match="终止流程：重复填报"):
        play.call(completing.complete, task, "提交", account="school1")
    for act in (managing.cancel, managing.suspend, managing.resume):
        with pytest.raises(Refused, match="已结束"):
            play.call(act, play.instance, "再来", account="supervisor")
    assert play.faults() == []


def test_the_diagram_says_what_a_record_is_then_called(lite: World) -> None:
    name = b'<spiffworkflow:property name="subject"'
    play = Play(
        lite,
        reviewed().replace(name, b'<spiffworkflow:property name="cancelStatus" value="\xe5\xb7\xb2\xe4\xbd\x9c\xe5\xba\x9f" />' + name),
    )
    play.call(managing.cancel, play.instance, "重复", account="supervisor")
    assert play.status == "已作废"


def test_calling_off_closes_jobs_and_clears_the_incident_also_while_suspended(world: World) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise BusinessError("gone", "考点已撤销")

    play = Play(world, asking(), {"test.ask": External(lambda *_: {}, refuse)})
    (job,) = play.act("school1", "fill")
    outbox.run_job(play.runtime, job)
    assert play.row.incident
    suspend(play)
    play.call(managing.cancel, play.instance, "考点不办了", account="supervisor")
    assert (play.job(job).state, play.row.incident, play.row.suspended_at, play.status) == ("cancelled", None, None, "已终止")
    assert play.faults() == []


def test_a_task_is_given_to_another_person_or_to_all(world: World) -> None:
    play = Play(world, reviewed())
    play.act("school1", "fill")
    (task,) = play.tasks()

    def give(person: str | None) -> None:
        chosen = None if person is None else world.actor(person).person_id
        play.call(managing.reassign, task.id, chosen, "原办理人休假", account="supervisor")

    give("province1b")
    assert play.tasks()[0].assignee_id == world.actor("province1b").person_id
    assert play.history()[-1] == ("assign", "将“review”改派给赵琳", "原办理人休假")
    with pytest.raises(Refused, match="签收"):
        play.act("province1", "review")
    for person, said in (("school1", "本机构"), ("province2", "本机构"), ("province1b", "没有变化")):
        with pytest.raises(Refused, match=said):
            give(person)
    give(None)
    assert play.tasks()[0].assignee_id is None
    play.act("province1", "review")
    with pytest.raises(Refused, match="已结束"):
        give("province1")
    assert play.faults() == []


def test_four_eyes_bind_whom_a_task_is_given_to(lite: World) -> None:
    parts = node("startEvent", "start") + user("first") + user("second", fourEyesWith="first") + node("endEvent", "end", status="完成")
    xml = diagram(parts + flows("start first", "first second", "second end"), {"试点院校": "start", "省级": "first second"})
    play = Play(lite, xml)
    play.act("province1", "first")
    with pytest.raises(FourEyes):
        play.call(managing.reassign, play.tasks()[0].id, lite.actor("province1").person_id, "换人", account="supervisor")


@pytest.mark.parametrize("account", ["school1", "province1", "designer"])
def test_only_those_in_charge(lite: World, account: str) -> None:
    play = Play(lite, reviewed())
    for act in (managing.suspend, managing.resume, managing.cancel):
        with pytest.raises(NotAllowed):
            play.call(act, play.instance, "因为", account=account)
    with pytest.raises(NotAllowed):
        play.call(managing.reassign, play.tasks()[0].id, None, "因为", account=account)


def test_a_reason_is_needed_and_twice_is_refused(lite: World) -> None:
    play = Play(lite, reviewed())
    for reason in ("", "  ", "长" * 501):
        with pytest.raises(Refused, match="请填写原因"):
            suspend(play, reason)
    with pytest.raises(Refused, match="没有挂起"):
        resume(play)
    suspend(play)
    with pytest.raises(Refused, match="已经挂起"):
        suspend(play)


def test_a_step_that_waits_for_a_suspension_finds_it(world: World) -> None:
    play = Play(world, reviewed())
    begun = Event()

    def act() -> str:
        begun.set()
        try:
            play.act("school1", "fill")
        except Suspended:
            return "refused"
        return "done"

    with ThreadPoolExecutor(1) as pool:
        with world.runtime.database.writing() as session:
            managing.suspend(play.engine, session, world.actor("supervisor"), play.instance, "有人举报")
            future = pool.submit(act)
            assert begun.wait(FOREVER)
            Event().wait(0.3)  # it reaches the lock: the database's on SQLite, the row's on PostgreSQL
            assert not future.done()
        assert future.result(timeout=FOREVER) == "refused"
    assert (play.open(), play.faults()) == (["fill"], [])
