"""周报 as its diagram decides it, through the steps, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from domain.weekly import reports
from domain.weekly.reports import WeeklyReport
from processes import tables
from processes.errors import FormInvalid, NotAllowed, NotFound, Refused, TaskClosed
from processes.outside import answers
from processes.steps import acting, completing, starting
from tests.conftest import World

ANSWERS: dict[str, Any] = {
    "contact": "张文",
    "mobile": "13900000000",
    "summary": "本周完成培训",
    "lines": [{"certificate": "Web前端开发", "trained": 30}],
}
LATE = "提交时间已过，该周报目前不能提交，谢谢"
PERIOD_END = datetime.fromisoformat("2026-11-30T00:00:00+08:00")


def begin(world: World, account: str = "school1") -> tuple[int, int]:
    with world.runtime.database.writing() as session:
        report = reports.new_report(session, world.actor(account), world.clock())
        instance_id, _ = starting.start(world.runtime.engine, session, world.actor(account), "weekly_report", report)
        return report.id, instance_id


def open_task(world: World, instance_id: int) -> Any:
    table = tables.task
    with world.runtime.database.reading() as session:
        return session.execute(select(table).where(table.c.instance_id == instance_id, table.c.state == "open")).one()


def act(world: World, account: str, instance_id: int, outcome: str, answers: Any = None, comment: str | None = None) -> list[str]:
    task = open_task(world, instance_id)
    with world.runtime.database.writing() as session:
        return completing.complete(world.runtime.engine, session, world.actor(account), task.id, outcome, answers, comment)


def send(world: World, account: str, instance_id: int, element: str) -> list[str]:
    with world.runtime.database.writing() as session:
        return acting.send(world.runtime.engine, session, world.actor(account), instance_id, element)


def tick(world: World, instance_id: int) -> None:
    with world.runtime.database.writing() as session:
        acting.tick(world.runtime.engine, session, instance_id)


def status(world: World, report_id: int) -> str | None:
    with world.runtime.database.reading() as session:
        return session.scalar(select(WeeklyReport.status).where(WeeklyReport.id == report_id))


@pytest.mark.row("6.2", "6.4", "6.5")
def test_the_whole_way_with_a_return(world: World) -> None:
    report, instance = begin(world)
    assert status(world, report) == "未提交"
    jobs = act(world, "school1", instance, "提交", ANSWERS)
    assert len(jobs) == 1  # the reviewer's SMS
    assert status(world, report) == "待审核"
    assert open_task(world, instance).role == "省级"
    with pytest.raises(FormInvalid):  # a return needs its reason
        act(world, "province1", instance, "审核退回")
    act(world, "province1", instance, "审核退回", {"quality": "差"}, "人数不对")
    assert status(world, report) == "审核退回"
    act(world, "school1", instance, "提交")
    act(world, "province1", instance, "审核通过")
    assert status(world, report) == "审核通过"
    with world.runtime.database.reading() as session:
        lines = session.execute(select(tables.event).order_by(tables.event.c.seq)).all()
    assert [line.name for line in lines] == ["新建周报", "提交", "审核退回", "提交", "审核通过"]
    assert lines[2].comment == "人数不对"
    assert lines[2].data == {"quality": "差"}


@pytest.mark.row("6.3")
def test_one_second_late_is_refused_whatever_the_scheduler_does(world: World) -> None:
    report, instance = begin(world)
    world.clock.now = PERIOD_END - timedelta(seconds=1)
    early = begin(world, "school2")[1]
    act(world, "school2", early, "提交", ANSWERS)  # in the last second it is in time
    world.clock.now = PERIOD_END
    with pytest.raises(Refused, match=LATE):
        act(world, "school1", instance, "提交", ANSWERS)
    assert status(world, report) == "未提交"
    tick(world, instance)
    assert status(world, report) == "未提交"
    send(world, "school1", instance, "expired")
    assert status(world, report) is None


@pytest.mark.row("6.3")
def test_a_returned_report_may_be_sent_until_the_next_period_ends(world: World) -> None:
    report, instance = begin(world)
    act(world, "school1", instance, "提交", ANSWERS)
    world.clock.now = PERIOD_END + timedelta(days=1)
    act(world, "province1", instance, "审核退回", None, "请补充")
    act(world, "school1", instance, "提交")
    assert status(world, report) == "待审核"
    send(world, "school1", instance, "withdraw")
    assert status(world, report) == "未提交"
    act(world, "school1", instance, "提交")
    act(world, "province1", instance, "审核退回", None, "再改")
    world.clock.now = PERIOD_END + timedelta(days=7)
    with pytest.raises(TaskClosed, match=LATE):
        act(world, "school1", instance, "提交")
    tick(world, instance)
    assert status(world, report) == "审核退回"


@pytest.mark.row("6.4")
def test_withdraw_edit_and_delete(world: World) -> None:
    report, instance = begin(world)
    act(world, "school1", instance, "提交", ANSWERS)
    with pytest.raises(NotAllowed):
        send(world, "province1", instance, "withdraw")
    with world.runtime.database.writing() as session, pytest.raises(Refused):  # nothing may be edited at 待审核
        acting.save(world.runtime.engine, session, world.actor("school1"), instance, {"contact": "李"})
    send(world, "school1", instance, "withdraw")
    assert status(world, report) == "未提交"
    with world.runtime.database.writing() as session:
        acting.save(world.runtime.engine, session, world.actor("school1"), instance, {**ANSWERS, "contact": "王芳"})
    send(world, "school1", instance, "delete_draft")
    assert status(world, report) is None
    begin(world)  # the period is free again


@pytest.mark.row("6.2")
def test_a_second_report_for_the_period_is_refused(world: World) -> None:
    begin(world)
    with pytest.raises(reports.AlreadyReported, match="本周周报已提交，请勿重复提交"):
        begin(world)


def test_nobody_touches_another_partys_task(world: World) -> None:
    _, instance = begin(world)
    for account in ("school2", "school3", "province1", "operator"):
        with pytest.raises(NotFound):
            act(world, account, instance, "提交", ANSWERS)
    act(world, "school1", instance, "提交", ANSWERS)
    with pytest.raises(NotFound):
        act(world, "province2", instance, "审核通过")
    with pytest.raises(NotAllowed):
        send(world, "school2", instance, "withdraw")


def test_the_second_of_two_reads_who_was_first(world: World) -> None:
    _, instance = begin(world)
    act(world, "school1", instance, "提交", ANSWERS)
    task = open_task(world, instance)
    act(world, "province1", instance, "审核通过")
    with world.runtime.database.writing() as session, pytest.raises(TaskClosed, match=r"王强（江苏省教育厅）已于 .* 办理：审核通过"):
        completing.complete(world.runtime.engine, session, world.actor("province1b"), task.id, "审核退回", None, "迟了")


def test_a_form_that_does_not_pass_leaves_nothing_behind(world: World) -> None:
    report, instance = begin(world)
    with pytest.raises(FormInvalid) as caught:
        act(world, "school1", instance, "提交", {**ANSWERS, "mobile": "123", "lines": [{"certificate": "Web前端开发"}]})
    assert caught.value.problems == (
        ("mobile", "“联系手机”填写有误，请核对，例如：13900000000"),
        ("lines.0.trained", "第 1 行“培训人数”必须填写"),
    )
    assert status(world, report) == "未提交"
    with world.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(tables.job)) == 0


def test_the_reminder_is_sent_once_and_not_when_it_is_too_late_for_it(world: World) -> None:
    _, instance = begin(world)
    world.clock.now = PERIOD_END - timedelta(hours=24)
    tick(world, instance)
    tick(world, instance)
    late = begin(world, "school2")[1]
    tick(world, late)
    with world.runtime.database.reading() as session:
        found = session.execute(select(tables.job.c.instance_id, tables.job.c.element)).all()
    assert [tuple(row) for row in found] == [(instance, "remind")]


def test_a_job_answers_once_and_only_its_current_attempt(world: World) -> None:
    from processes.errors import StaleAttempt

    _, instance = begin(world)
    (job,) = act(world, "school1", instance, "提交", ANSWERS)
    with world.runtime.database.writing() as session:
        session.execute(update(tables.job).where(tables.job.c.id == job).values(state="running", attempt=2))
    with world.runtime.database.writing() as session, pytest.raises(StaleAttempt):
        answers.answer(world.runtime.engine, session, job, 1, {})
    with world.runtime.database.writing() as session:
        answers.answer(world.runtime.engine, session, job, 2, {})
    with world.runtime.database.reading() as session:
        assert session.scalar(select(tables.job.c.state).where(tables.job.c.id == job)) == "done"


def test_a_finished_instance_keeps_at_most_10_rows_and_4_kb(lite: World) -> None:
    _, instance = begin(lite)
    (job,) = act(lite, "school1", instance, "提交", ANSWERS)
    with lite.runtime.database.writing() as session:
        session.execute(update(tables.job).values(state="running", attempt=1))
        answers.answer(lite.runtime.engine, session, job, 1, {})
    act(lite, "province1", instance, "审核通过")
    rows, size = 0, 0
    with lite.runtime.database.reading() as session:
        for table in (tables.instance, tables.task, tables.event, tables.job):
            for row in session.execute(select(table)).all():
                rows += 1
                size += sum(len(value) if isinstance(value, bytes) else len(str(value).encode()) for value in row if value is not None)
        assert session.scalar(select(tables.instance.c.ended_at)) is not None
    assert rows <= 10
    assert size <= 4096
