"""`pilot verify` finds what was changed by hand in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.sql.dml import Delete, Update

from domain.weekly.periods import set_periods
from domain.weekly.reports import WeeklyReport
from processes import tables
from processes.monitor.verify import verify
from processes.steps import acting, starting
from processes.tasks import opinions
from tests.conftest import World
from tests.processes.reviews import act_open, do, sound, waiting
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin


def faults(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        return verify(world.runtime.engine, session)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(tables.task).where(tables.task.c.state == "open").values(state="done"), "待办与流程状态不一致"),
        (update(tables.task).where(tables.task.c.state == "open").values(party_id=2), "办理角色、机构或环节"),
        (update(WeeklyReport).values(status="审核通过"), "记录的状态是“审核通过”"),
        (update(tables.instance).values(status="审核通过"), "按流程图应为“待审核”"),
        (update(tables.instance).values(due_at=datetime(2030, 1, 1, tzinfo=UTC)), "定时时间"),
        (update(tables.instance).values(waits=[]), "可用按钮"),
        (update(tables.job).values(state="done"), "外部任务"),
        (delete(tables.job), "外部任务"),
        (update(tables.event).where(tables.event.c.seq == 1).values(comment="改"), "第 1 条历史被改动过"),
        (delete(tables.event).where(tables.event.c.seq == 2), "历史的条数"),
    ],
)
def test_a_change_by_hand_is_found(world: World, change: Update | Delete, fault: str) -> None:
    _, instance = begin(world)
    act(world, "school1", instance, "提交", ANSWERS)
    assert faults(world) == []
    with world.runtime.database.writing() as session:
        session.execute(change)
    assert any(fault in line for line in faults(world))


@pytest.mark.row("8.1")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"state": "done"}, "审核周报"),
        ({"assignee_id": None}, "与它所属的待办不一致"),
        ({"state": "waiting"}, "与它所属的待办不一致"),
        ({"parent_id": "00000000-0000-0000-0000-000000000000"}, "与它所属的待办不一致"),
    ],
)
def test_verify_knows_opinions(lite: World, change: dict[str, Any], fault: str) -> None:
    _, _, task = waiting(lite)
    do(lite, opinions.ask, "province1", task, "after", lite.actor("province1b").person_id, "")
    act_open(lite, "province1", task, "审核通过")
    sound(lite)
    table = tables.task
    with lite.runtime.database.writing() as session:
        session.execute(update(table).where(table.c.kind == "after").values(change))
    with lite.runtime.database.reading() as session:
        assert any(fault in line for line in verify(lite.runtime.engine, session))


def test_more_periods_do_not_change_those_before(world: World) -> None:
    """When the next one ends follows from other rows: no period says it."""
    province = world.actor("province1")
    for day in (date(2027, 6, 7), date(2027, 6, 14)):
        with world.runtime.database.writing() as session:
            (period,) = set_periods(session, province, "周", day, day, 24)
            starting.start(world.runtime.engine, session, province, "reporting_period", period)
        assert faults(world) == []


def test_a_clock_that_is_set_back_makes_nobody_a_forger(world: World) -> None:
    _, instance = begin(world)
    do(world, acting.save, "school1", instance, ANSWERS)
    world.clock.now -= timedelta(hours=1)
    do(world, acting.save, "school1", instance, {**ANSWERS, "contact": "李文"})
    assert faults(world) == []
