"""转办, 委派, 加签 and 离岗代理: who may do what, what history says, and that four eyes hold through all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from domain.ground.parties import Actor, Person, PersonRole, actor_of
from domain.platform.passwords import new_stamp
from forms import read_forms
from processes import tables
from processes.deployment import deploying
from processes.errors import FormInvalid, FourEyes, NotFound, Refused, TaskClosed
from processes.history import events_of
from processes.monitor.verify import verify
from processes.rights import substitutes
from processes.states import LIVE, OPINIONS
from processes.steps import completing
from processes.tasks import assigning, claiming, inbox, opinions
from tests.conftest import NOON, World
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, user
from tests.processes.steps.test_diagram_decides import FORM, changed
from tests.processes.steps.test_weekly_report import ANSWERS, LATE, PERIOD_END, act, begin, open_task, send, status

pytestmark = pytest.mark.row("8.1")


def hire(world: World, account: str, name: str, *roles: str) -> Actor:
    """One more person of 江苏省教育厅."""
    with world.runtime.database.writing() as session:
        party = world.actor("province1").party_id
        person = Person(account=account, name=name, mobile="13900000099", party_id=party, password_hash="x", stamp=new_stamp())
        session.add(person)
        session.flush()
        session.add_all(PersonRole(person_id=person.id, role=role) for role in roles)
    with world.runtime.database.reading() as session:
        found = actor_of(session, person.id)
    assert found is not None
    world.actors[account] = found
    return found


def waiting(world: World, account: str = "school1") -> tuple[int, int, str]:
    """A report that waits for its review: record, instance, task."""
    report, instance = begin(world, account)
    act(world, account, instance, "提交", ANSWERS)
    return report, instance, open_task(world, instance).id


def do(world: World, function: Any, account: str, *given: Any) -> Any:
    with world.runtime.database.writing() as session:
        return function(world.runtime.engine, session, world.actor(account), *given)


def history(world: World, instance: int) -> list[tuple[str, str, str | None]]:
    with world.runtime.database.reading() as session:
        return [(line.actor, line.name, line.comment) for line in events_of(session, instance)]


def rows(world: World, instance: int, state: str = "open") -> dict[str, Any]:
    """Task rows of an instance in a state, by kind."""
    table = tables.task
    with world.runtime.database.reading() as session:
        return {r.kind: r for r in session.execute(select(table).where(table.c.instance_id == instance, table.c.state == state))}


def desk(world: World, account: str) -> list[str]:
    """Names of what waits in somebody's 待办."""
    with world.runtime.database.reading() as session:
        actor = world.actor(account)
        found = [row.name for row in session.execute(inbox.open_tasks(actor, world.clock()))]
        assert session.scalar(select(inbox.waiting_number(actor, world.clock()))) == len(found)
    return found


def sound(world: World) -> None:
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []


def test_a_transfer_makes_the_task_another_person_s(world: World) -> None:
    _, instance, task = waiting(world)
    other = world.actor("province1b")
    do(world, assigning.transfer, "province1", task, other.person_id, " 请赵老师办理 ")
    assert history(world, instance)[-1] == ("王强（江苏省教育厅）", "转办给赵琳", "请赵老师办理")
    assert (desk(world, "province1"), desk(world, "province1b")) == ([], ["审核周报"])
    with pytest.raises(Refused, match="其他人员签收"):
        act(world, "province1", instance, "审核通过")
    with pytest.raises(Refused, match="其他人员签收"):
        do(world, assigning.transfer, "province1", task, other.person_id, "")
    sound(world)
    act(world, "province1b", instance, "审核通过")
    with pytest.raises(TaskClosed, match="赵琳（江苏省教育厅）已于 2026-11-25 12:00 办理：审核通过"):
        do(world, assigning.transfer, "province1", task, other.person_id, "")


def test_a_transfer_goes_to_colleagues_with_the_role_only(world: World) -> None:
    _, _, task = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    for person, message in ((clerk.person_id, "何文员没有“省级”角色"), (world.actor("province1").person_id, "不能选择本人")):
        with pytest.raises(Refused, match=message):
            do(world, assigning.transfer, "province1", task, person, "")
    with pytest.raises(NotFound):
        do(world, assigning.transfer, "province1", task, world.actor("province2").person_id, "")
    for stranger in ("province2", "school1", "organization1"):
        with pytest.raises(NotFound):
            do(world, assigning.transfer, stranger, task, clerk.person_id, "")


def test_a_transfer_to_another_role_where_the_diagram_allows_it(world: World) -> None:
    button = '<spiffworkflow:property name="button" value="复审" />'
    xml = changed().decode().replace(button, button + '<spiffworkflow:property name="transferRoles" value="省级" />')
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, xml.encode(), {**read_forms(), "second_review.json": FORM}, "郑工")
    hire(world, "chief", "孔主任", "省级")
    _, instance, task = waiting(world)
    with pytest.raises(Refused, match="不能转办给“省级复审”"):  # this step names no other role
        do(world, assigning.transfer_to_role, "province1", task, "省级复审", "")
    act(world, "province1", instance, "审核通过")
    second = open_task(world, instance).id
    with pytest.raises(Refused, match="不能转办给“省级初审”"):
        do(world, assigning.transfer_to_role, "province1b", second, "省级初审", "")
    do(world, assigning.transfer_to_role, "province1b", second, "省级", "本周出差")
    assert history(world, instance)[-1] == ("赵琳（江苏省教育厅）", "转办给省级", "本周出差")
    assert desk(world, "chief") == ["复审周报"]
    sound(world)
    with pytest.raises(FourEyes):
        act(world, "province1", instance, "同意", {"score": 90})
    act(world, "chief", instance, "同意", {"score": 90})
    sound(world)


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
    asked = {r.assignee_id: r.id for r in _all(world, instance) if r.kind == "after"}
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
    assert [r.kind for r in _all(world, instance) if r.state in LIVE] == ["step"]
    sound(world)


def test_a_deadline_closes_a_task_before_it_is_handed_over(world: World) -> None:
    _, instance = begin(world)
    hire(world, "clerk", "何文员")
    with world.runtime.database.writing() as session:
        person = Person(account="school1b", name="顾老师", mobile="13900000098", party_id=world.actor("school1").party_id,
                        password_hash="x", stamp=new_stamp())  # fmt: skip
        session.add(person)
        session.flush()
        session.add(PersonRole(person_id=person.id, role="试点院校"))
    world.clock.now = PERIOD_END
    with pytest.raises(TaskClosed, match=LATE):
        do(world, assigning.transfer, "school1", open_task(world, instance).id, person.id, "")


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


def appoint(world: World, away: str, stand_in: str, days: tuple[float, float] = (-1, 1), keys: Any = (), existing: bool = True) -> None:
    now = world.clock()
    with world.runtime.database.writing() as session:
        begins, ends = now + timedelta(days=days[0]), now + timedelta(days=days[1])
        substitutes.appoint(session, world.actor(away), world.actor(stand_in).person_id, begins, ends, keys, existing, now)


def test_a_substitute_acts_under_both_names(world: World) -> None:
    report, instance, task = waiting(world)
    hire(world, "clerk", "何文员")
    with pytest.raises(NotFound):
        do(world, completing.complete, "clerk", task, "审核通过")
    appoint(world, "province1", "clerk")
    assert desk(world, "clerk") == ["审核周报"]
    do(world, completing.complete, "clerk", task, "审核通过")
    assert history(world, instance)[-1][0] == "何文员（代王强）（江苏省教育厅）"
    assert status(world, report) == "审核通过"
    with world.runtime.database.reading() as session:
        row = session.execute(select(tables.task).where(tables.task.c.id == task)).one()
    assert (row.closed_by, row.closed_for) == (world.actor("clerk").person_id, world.actor("province1").person_id)
    sound(world)


@pytest.mark.parametrize(
    ("days", "keys", "existing", "sees"),
    [
        ((-1, 1), (), True, True),
        ((-1, 1), ("weekly_report",), True, True),
        ((-1, 1), ("site_application",), True, False),  # another process
        ((0.5, 1), (), True, False),  # not yet
        ((0, 1), (), False, True),  # tasks that came after it began
        ((-3, 2), ("weekly_report", "site_application"), False, True),
    ],
)
def test_what_a_substitution_covers(lite: World, days: tuple[float, float], keys: Any, existing: bool, sees: bool) -> None:
    hire(lite, "clerk", "何文员")
    appoint(lite, "province1", "clerk", days, keys, existing)
    _, _, task = waiting(lite)
    assert (desk(lite, "clerk") == ["审核周报"]) is sees
    lite.clock.now += timedelta(days=2)  # it ends by itself
    assert desk(lite, "clerk") == []
    with pytest.raises(NotFound):
        do(lite, completing.complete, "clerk", task, "审核通过")


def test_a_substitute_has_no_tasks_of_roles_that_the_absent_person_lacks(world: World) -> None:
    hire(world, "clerk", "何文员")
    hire(world, "aide", "曹助理", "试点院校")
    appoint(world, "aide", "clerk")
    begin(world, "school2")  # there is a task of the absent person's role, though not in their party
    _, instance, _ = waiting(world)  # of 省级
    assert desk(world, "clerk") == []
    with world.runtime.database.reading() as session:
        assert not inbox.stands_in(session, world.actor("clerk"), instance, world.clock())


def test_existing_tasks_only_where_that_was_asked(lite: World) -> None:
    waiting(lite)
    hire(lite, "clerk", "何文员")
    lite.clock.now += timedelta(hours=1)
    appoint(lite, "province1", "clerk", (0, 1), existing=False)
    assert desk(lite, "clerk") == []


def test_a_substitute_for_a_task_that_was_claimed_or_asked_of_the_absent_person(lite: World) -> None:
    _, instance, task = waiting(lite)
    hire(lite, "clerk", "何文员")
    hire(lite, "aide", "曹助理")
    with lite.runtime.database.writing() as session:
        assert claiming.claim(session, lite.actor("province1"), [task], lite.clock()) == 1
    do(lite, opinions.ask, "province1", task, "before", lite.actor("clerk").person_id, "")
    appoint(lite, "clerk", "aide")
    opinion = rows(lite, instance)["before"].id
    assert desk(lite, "aide") == ["审核周报（前加签）"]
    do(lite, opinions.give, "aide", opinion, "无异议")
    appoint(lite, "province1", "aide")
    assert desk(lite, "aide") == ["审核周报"]
    act(lite, "aide", instance, "审核通过")
    assert [line[0] for line in history(lite, instance)][-2:] == ["曹助理（代何文员）（江苏省教育厅）", "曹助理（代王强）（江苏省教育厅）"]


def test_no_circles_and_one_at_a_time(world: World) -> None:
    hire(world, "clerk", "何文员")
    appoint(world, "province1", "province1b", keys=("weekly_report",))
    appoint(world, "province1b", "clerk")
    for away, stand_in, days, message in (
        ("clerk", "province1", (-1.0, 1.0), "不能互相代理"),
        ("province1", "clerk", (0.5, 3.0), "已经设置了代理人"),
        ("province1", "province1", (0.0, 1.0), "不能是本人"),
        ("clerk", "province1", (1.0, 1.0), "结束时间应晚于开始时间"),
        ("clerk", "province1", (-3.0, -2.0), "晚于现在"),
    ):
        with pytest.raises(Refused, match=message):
            appoint(world, away, stand_in, days)
    with pytest.raises(NotFound):
        appoint(world, "clerk", "province2")
    appoint(world, "clerk", "province1", (2, 3))  # another time


def test_ending_a_substitution_early(lite: World) -> None:
    waiting(lite)
    hire(lite, "clerk", "何文员")
    appoint(lite, "province1", "clerk")
    appoint(lite, "province1", "clerk", (2, 3))
    with lite.runtime.database.reading() as session:
        later, running = session.execute(substitutes.substitutions_of(lite.actor("clerk"))).all()
    assert (running.absent, running.stand_in) == ("王强", "何文员")
    with lite.runtime.database.writing() as session:
        with pytest.raises(NotFound):
            substitutes.end(session, lite.actor("clerk"), running.id, lite.clock())
        substitutes.end(session, lite.actor("province1"), running.id, lite.clock())
        substitutes.end(session, lite.actor("province1"), later.id, lite.clock())
        assert [row.id for row in session.execute(substitutes.substitutions_of(lite.actor("province1")))] == [running.id]
    assert desk(lite, "clerk") == []


def second_review(world: World) -> tuple[int, str]:
    """A report whose review 王强 gave and whose second review is waiting."""
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, changed(), {**read_forms(), "second_review.json": FORM}, "郑工")
    _, instance, _ = waiting(world)
    act(world, "province1", instance, "审核通过")
    return instance, open_task(world, instance).id


def test_four_eyes_hold_through_handing_over(world: World) -> None:
    with world.runtime.database.writing() as session:
        session.execute(insert(PersonRole).values(person_id=world.actor("province1").person_id, role="省级复审"))
    with world.runtime.database.reading() as session:
        world.actors["province1"] = actor_of(session, world.actor("province1").person_id) or world.actor("province1")
    reviewer = world.actor("province1")
    _, task = second_review(world)
    with pytest.raises(FourEyes):
        do(world, assigning.transfer, "province1b", task, reviewer.person_id, "")
    for kind in OPINIONS:
        with pytest.raises(FourEyes):
            do(world, opinions.ask, "province1b", task, kind, reviewer.person_id, "")
    # who gave the first review may not stand in at the second, and nobody may stand in for him there
    hire(world, "clerk", "何文员")
    appoint(world, "province1", "clerk")
    with pytest.raises(FourEyes):
        do(world, completing.complete, "clerk", task, "同意", {"score": 1})
    appoint(world, "province1b", "province1")
    with pytest.raises(FourEyes):
        do(world, completing.complete, "province1", task, "同意", {"score": 1})
    do(world, completing.complete, "province1b", task, "同意", {"score": 1})


def test_four_eyes_bind_who_gave_an_opinion_and_whom_was_stood_for(world: World) -> None:
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, changed(), {**read_forms(), "second_review.json": FORM}, "郑工")
    hire(world, "aide", "曹助理", "省级复审")
    hire(world, "clerk", "何文员")
    _, instance, task = waiting(world)
    do(world, opinions.ask, "province1", task, "before", world.actor("aide").person_id, "")
    do(world, opinions.give, "aide", rows(world, instance)["before"].id, "同意")
    appoint(world, "province1b", "clerk")
    do(world, completing.complete, "clerk", task, "审核通过")
    second = open_task(world, instance).id
    for account in ("aide", "province1b", "clerk"):  # an opinion, stood for, stood in
        with pytest.raises(FourEyes):
            do(world, completing.complete, account, second, "同意", {"score": 1})
    assert open_task(world, instance).created_at == NOON


def act_open(world: World, account: str, task: str, outcome: str, answers: Any = None, comment: str | None = None) -> None:
    do(world, completing.complete, account, task, outcome, answers, comment)


def _all(world: World, instance: int) -> list[Any]:
    table = tables.task
    with world.runtime.database.reading() as session:
        return list(session.execute(select(table).where(table.c.instance_id == instance).order_by(table.c.created_at)))


def test_four_eyes_hold_while_an_outcome_waits_to_be_confirmed(lite: World) -> None:
    """Two steps beside each other that check each other: who has decided one, though it is not confirmed yet, decides not the other."""
    play = Play(lite)
    inside = start() + gateway("parallel", "s") + user("a") + user("b", fourEyesWith="a") + gateway("parallel", "j") + end()
    play.deploy(diagram(inside + flows("start>s s>a s>b a>j b>j j>end")))
    play.begin()
    first, second = (task.id for task in play.open())
    do(lite, opinions.ask, "province1", first, "after", lite.actor("province1b").person_id, "")
    do(lite, completing.complete, "province1", first, "提交")
    with pytest.raises(FourEyes):
        do(lite, completing.complete, "province1", second, "提交")
    do(lite, completing.complete, "province1b", second, "提交")
    (after,) = [row.id for row in _all(lite, play.instance) if row.kind == "after"]
    with pytest.raises(FourEyes):
        do(lite, opinions.give, "province1b", after, "")
