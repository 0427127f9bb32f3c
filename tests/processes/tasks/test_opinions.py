"""委派 and 加签: who is asked for an opinion, who waits for it, and what history says."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import FormInvalid, NotFound, Refused, TaskClosed
from processes.states import LIVE
from processes.steps import completing
from processes.tasks import assigning, opinions
from tests.conftest import World
from tests.processes.reviews import act_open, desk, do, every_row, hire, history, rows, sound, waiting
from tests.processes.steps.test_weekly_report import act, send, status

pytestmark = pytest.mark.row("8.1")


def test_a_delegate_hands_the_task_back(world: World) -> None:
    report, instance, task = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    do(world, opinions.ask, "province1", task, "delegate", clerk.person_id, "请核对人数")
    assert history(world, instance)[-1] == ("王强（江苏省教育厅）", "委派给何文员", "请核对人数")
    assert (desk(world, "clerk"), desk(world, "province1"), desk(world, "province1b")) == (["审核周报（委派）"], ["审核周报"], [])
    sound(world)
    opinion = rows(world, instance)["delegate"].id
    with pytest.raises(Refused, match="正在等待何文员的意见"):
        do(world, completing.complete, "province1", task, "审核通过")
    with pytest.raises(Refused, match="正在等待何文员的意见"):
        do(world, assigning.transfer, "province1", task, world.actor("province1b").person_id, "")
    with pytest.raises(Refused, match="只请您给出意见"):
        do(world, completing.complete, "clerk", opinion, "审核通过")
    with pytest.raises(Refused, match="已在等待何文员的意见"):
        do(world, opinions.ask, "province1", task, "delegate", world.actor("province1b").person_id, "")
    with pytest.raises(FormInvalid):
        do(world, opinions.give, "clerk", opinion, " ")
    with pytest.raises(Refused, match="其他人员签收"):
        do(world, opinions.give, "province1", opinion, "抢答")
    do(world, opinions.give, "clerk", opinion, "人数无误")
    assert history(world, instance)[-1] == ("何文员（江苏省教育厅）", "交回", "人数无误")
    with pytest.raises(TaskClosed, match="何文员（江苏省教育厅）已于 2026-11-25 12:00 交回"):
        do(world, opinions.give, "clerk", opinion, "再说一次")
    act(world, "province1", instance, "审核通过")
    assert status(world, report) == "审核通过"
    sound(world)


def test_a_request_for_an_opinion_can_be_taken_back(world: World) -> None:
    _, instance, task = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    do(world, opinions.ask, "province1", task, "before", clerk.person_id, "")
    opinion = rows(world, instance)["before"].id
    for account in ("clerk", "school1", "province2"):
        with pytest.raises(NotFound):
            do(world, opinions.recall, account, opinion)
    do(world, opinions.recall, "province1", opinion)
    assert history(world, instance)[-1][1] == "收回对何文员的前加签"
    assert desk(world, "clerk") == []
    with pytest.raises(TaskClosed, match="收回"):
        do(world, opinions.give, "clerk", opinion, "晚了")
    sound(world)
    act(world, "province1", instance, "审核通过")


def test_a_reviewer_added_after_confirms_before_the_process_goes_on(world: World) -> None:
    report, instance, task = waiting(world)
    clerk, other = hire(world, "clerk", "何文员"), world.actor("province1b")
    for person in (clerk, other):
        do(world, opinions.ask, "province1", task, "after", person.person_id, "")
    assert desk(world, "clerk") == []
    sound(world)
    asked = {r.assignee_id: r.id for r in every_row(world, instance) if r.kind == "after"}
    with pytest.raises(TaskClosed, match="尚待办理"):
        do(world, opinions.give, "clerk", asked[clerk.person_id], "太早")
    act_open(world, "province1", task, "审核退回", {"quality": "差"}, "人数不对")
    assert status(world, report) == "待审核"
    assert (desk(world, "province1"), desk(world, "clerk")) == ([], ["审核周报（后加签）"])
    sound(world)
    with pytest.raises(TaskClosed, match="王强（江苏省教育厅）已于 2026-11-25 12:00 办理：审核退回"):
        do(world, completing.complete, "province1b", task, "审核通过")
    do(world, opinions.give, "clerk", asked[clerk.person_id], "")
    assert status(world, report) == "待审核"
    sound(world)
    do(world, opinions.give, "province1b", asked[other.person_id], "同意退回")
    assert status(world, report) == "审核退回"
    assert [line[1] for line in history(world, instance)][-3:] == ["审核退回", "确认", "确认"]
    with world.runtime.database.reading() as session:
        done = session.execute(select(tables.task).where(tables.task.c.id == task)).one()
    assert (done.state, done.outcome, done.closed_by) == ("done", "审核退回", world.actor("province1").person_id)
    sound(world)


def test_taking_back_the_last_confirmation_lets_the_process_go_on(world: World) -> None:
    report, instance, task = waiting(world)
    do(world, opinions.ask, "province1", task, "after", world.actor("province1b").person_id, "")
    act_open(world, "province1", task, "审核通过")
    do(world, opinions.recall, "province1", rows(world, instance)["after"].id)
    assert status(world, report) == "审核通过"
    sound(world)


def test_a_withdrawal_closes_what_was_asked(world: World) -> None:
    _, instance, task = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    for kind, person in (("before", clerk), ("after", world.actor("province1b"))):
        do(world, opinions.ask, "province1", task, kind, person.person_id, "")
    opinion = rows(world, instance)["before"].id
    send(world, "school1", instance, "withdraw")
    with pytest.raises(TaskClosed, match="张文（金陵职业技术学院）已于 2026-11-25 12:00 撤回"):
        do(world, opinions.give, "clerk", opinion, "晚了")
    assert [r.kind for r in every_row(world, instance) if r.state in LIVE] == ["step"]
    sound(world)
