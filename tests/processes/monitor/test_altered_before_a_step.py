"""What was changed by hand before a step is told by the history afterwards, whatever becomes of the change; the step itself goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from domain.ground.handling import External
from domain.ground.parties import Party, Person, PersonRole, rename_party
from domain.institutions.teachers import Teacher, new_teacher
from domain.platform.rights import change_roles
from domain.weekly.reports import WeeklyReport
from jobs import messages as delivering
from jobs import outbox
from jobs.verifying import faults_in
from processes import tables
from processes.history import events_of
from processes.monitor import managing, migrating
from processes.monitor.verify import verify
from processes.outside import answers
from processes.rights import substitutes
from processes.states import EventKind
from processes.steps import completing
from processes.tasks import assigning, claiming
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.bpmn.test_messages import sender
from tests.processes.bpmn.test_messages import waiting as receiver
from tests.processes.bpmn.votes import begun, part, voting
from tests.processes.monitor.versions import asking
from tests.processes.reviews import do, sound, waiting
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin, open_task

pytestmark = pytest.mark.row("8.4")
INSTANCE, TASK, JOB, VOTE, MESSAGE = tables.instance, tables.task, tables.job, tables.vote, tables.message
Act = Callable[[World, int], object]


def write(world: World, table: Table, instance: int, **values: Any) -> None:
    """Writes into rows of an instance past the product."""
    owner = table.c.id if table is INSTANCE else table.c.sender_id if table is MESSAGE else table.c.instance_id
    live = table.c.state == "open" if table is TASK else owner == instance
    with world.runtime.database.writing() as session:
        assert session.execute(update(table).where(owner == instance, live).values(values)).rowcount  # type: ignore[attr-defined]


def found(world: World, instance: int) -> list[str]:
    """What the histories and `pilot verify` tell of what was changed before a step, each as often as it is told."""
    with world.runtime.database.reading() as session:
        told = [line.comment or "" for line in events_of(session, instance) if line.kind == EventKind.ALTERED]
        faults = verify(world.runtime.engine, session)
    assert all(any(comment in fault for fault in faults) for comment in told)
    return told


def review(world: World, instance: int) -> None:
    act(world, "province1", instance, "审核通过", None, "好")


def claim(world: World, instance: int) -> None:
    with world.runtime.database.writing() as session:
        assert claiming.claim(session, world.actor("province1"), [open_task(world, instance).id], world.clock()) == 1


def transfer(world: World, instance: int) -> None:
    colleague = world.actor("province1b").person_id
    do(world, assigning.transfer, "province1", open_task(world, instance).id, colleague, "出差")


def reassign(world: World, instance: int) -> None:
    do(world, managing.reassign, "supervisor", open_task(world, instance).id, world.actor("province1b").person_id, "出差")


def release(world: World, instance: int) -> None:
    do(world, managing.release, "supervisor", instance, "出差")


def suspend_and_resume(world: World, instance: int) -> None:
    do(world, managing.suspend, "supervisor", instance, "核实")
    do(world, managing.resume, "supervisor", instance, "核实")


def of_report(**values: Any) -> Act:
    def change(world: World, instance: int) -> None:
        record = select(INSTANCE.c.subject_id).where(INSTANCE.c.id == instance).scalar_subquery()
        with world.runtime.database.writing() as session:
            session.execute(update(WeeklyReport).where(WeeklyReport.id == record).values(values))

    return change


def of(table: Table, **values: Any) -> Act:
    return lambda world, instance: write(world, table, instance, **values)


def of_task(**people: str | None) -> Act:
    """Gives the open task to the person with an account, or takes it away."""
    return lambda world, instance: write(
        world, TASK, instance, **{column: account and world.actor(account).person_id for column, account in people.items()}
    )


CHANGES: dict[str, tuple[Act, Act, str]] = {
    "a title": (of(INSTANCE, title="另一条"), review, "流程记录"),
    "whose record it is": (of(INSTANCE, party_id=2), review, "流程记录"),
    "a count of steps": (of(INSTANCE, version=7), suspend_and_resume, "流程记录"),
    "no proof": (of(INSTANCE, proof=None), review, "流程记录"),
    "an incident, before a claim": (of(INSTANCE, incident="出错"), claim, "流程记录"),
    "answers": (of_report(data={**ANSWERS, "summary": "别的"}), review, "记录的内容"),
    "answers, before 挂起": (of_report(data={**ANSWERS, "summary": "别的"}), suspend_and_resume, "记录的内容"),
    "a status": (of_report(status="审核退回"), review, "记录的状态"),
    "a tone": (of_report(tone="failed"), review, "记录的状态"),
    "a task's name": (of(TASK, name="随便"), review, "待办“随便”的名称"),
    "a task's name, before it is handed over": (of(TASK, name="随便"), transfer, "待办“随便”的名称"),
    "an assignee who acts": (of_task(assignee_id="province1"), review, "办理人"),
    "an assignee, before 改派": (of_task(assignee_id="province1"), reassign, "办理人"),
    "an assignee, before 释放": (of_task(assignee_id="province1"), release, "办理人"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_step_tells_what_was_changed_before_it(world: World, kind: str) -> None:
    change, go_on, said = CHANGES[kind]
    _, instance, _ = waiting(world)
    sound(world)
    change(world, instance)
    go_on(world, instance)
    told = found(world, instance)
    assert len(told) == 1
    assert said in told[0]


def test_what_is_put_back_after_the_step_is_told_still(world: World) -> None:
    report, instance, _ = waiting(world)
    with world.runtime.database.reading() as session:
        before = session.get_one(WeeklyReport, report).data
    of_report(data={**before, "summary": "别的"})(world, instance)
    review(world, instance)
    of_report(data=before)(world, instance)
    assert len(found(world, instance)) == 1


def test_a_claimed_task_that_was_freed_by_hand(world: World) -> None:
    _, instance, _ = waiting(world)
    claim(world, instance)
    of_task(assignee_id=None)(world, instance)
    claim(world, instance)
    (told,) = found(world, instance)
    assert "办理人" in told


def test_a_step_that_is_refused_covers_nothing(world: World) -> None:
    _, instance, _ = waiting(world)
    of(INSTANCE, title="另一条")(world, instance)
    with pytest.raises(Exception, match="目前没有失败"):
        do(world, managing.retry, "supervisor", instance)
    assert found(world, instance) == []
    with world.runtime.database.reading() as session:
        assert any("流程记录的状态" in fault for fault in verify(world.runtime.engine, session))


def test_the_parts_of_a_vote_and_its_rule(world: World) -> None:
    play = begun(Play(world), voting())
    write(world, VOTE, play.instance, rule="any", needed=1)
    do(world, completing.complete, "province1", part(play, "province1").id, "同意", None, "好")
    (told,) = found(world, play.instance)
    assert "会签“办b”的规则" in told


def test_a_job_that_was_changed_before_its_answer(world: World) -> None:
    _, instance = begin(world)
    (job,) = act(world, "school1", instance, "提交", ANSWERS)
    write(world, JOB, instance, params={"to": "别人"})
    with world.runtime.database.writing() as session:
        session.execute(update(JOB).where(JOB.c.id == job).values(state="running", attempt=1))
        answers.answer(world.runtime.engine, session, job, 1, {})
    (told,) = found(world, instance)
    assert "处理程序或参数" in told


def test_a_payload_that_was_taken_out_by_hand_is_not_proved_anew(world: World) -> None:
    old = world.runtime.engine
    asked: list[dict[str, Any]] = []
    call = External(lambda *_: {"number": len(asked)}, lambda payload, *_: asked.append(payload) or {"number": 1})
    engine = replace(old, handlers={**old.handlers, "test.ask": call})
    world = replace(world, runtime=replace(world.runtime, engine=engine))
    play = Play(world)
    play.deploy(asking())
    play.begin()
    (job,) = do(world, completing.complete, "school1", play.open()[0].id, "提交")
    outbox.run_job(world.runtime, job)
    with world.runtime.database.writing() as session:
        session.execute(update(JOB).where(JOB.c.id == job).values(payload=None, state="pending", next_at=world.clock(), tries=0))
    with world.runtime.database.reading() as session:
        assert any("发出的内容" in fault for fault in verify(world.runtime.engine, session))
    outbox.run_job(world.runtime, job)
    with world.runtime.database.reading() as session:
        assert any("发出的内容" in fault for fault in verify(world.runtime.engine, session))
    assert asked == [{"number": 0}, {"number": 1}]


def test_a_message_that_was_changed_on_its_way(world: World) -> None:
    waiter, sending = Play(world), Play(world)
    waiter.deploy(receiver(8, messageGives="number"), sender())
    waiter.begin("waiter")
    sending.begin("sender")
    sending.complete("a")
    write(world, MESSAGE, sending.instance, payload={"number": 8})
    delivering.deliver_due(world.runtime)
    (told,) = found(world, waiter.instance)
    assert "消息“询问”" in told


def test_what_undoes_a_migration(world: World) -> None:
    body = start() + "{}" + end() + flows("start>a a>end")
    play = Play(world)
    play.deploy(diagram(body.format(user("a")), key="moved"))
    play.begin("moved")
    play.deploy(diagram(body.format(user("a", button="办")), key="moved"))
    with world.runtime.database.reading() as session:
        newest = session.scalars(select(tables.definition.c.id).where(tables.definition.c.key == "moved")).all()[-1]
    do(world, migrating.migrate, "supervisor", play.instance, newest, "新规定")
    write(world, tables.migration, play.instance, path=[])
    do(world, migrating.undo, "supervisor", play.instance, "收回")
    (told,) = found(world, play.instance)
    assert "撤销迁移" in told


def test_an_edit_does_not_prove_what_was_changed_before_it(world: World) -> None:
    """Of a party, of a person with their roles, and of the end of a substitution, none of which has a history."""
    school = world.actor("school1")
    with world.runtime.database.writing() as session:
        new_teacher(session, school, world.clock(), {"name": "顾老师", "mobile": "13800000001"})
        stand_in = world.actor("province1b").person_id
        now, absent = world.clock(), world.actor("province1")
        substitutes.appoint(session, absent, stand_in, now, now + timedelta(days=9), [], True, now)
    with world.runtime.database.writing() as session:
        session.execute(update(Party).where(Party.id == school.party_id).values(province_id=world.actor("province2").party_id))
        session.execute(update(Person).where(Person.account == "13800000001").values(party_id=world.actor("school2").party_id))
        session.execute(insert(PersonRole).values(person_id=school.person_id, role="监控"))
        session.execute(update(tables.substitute).values(existing=False))
    with world.runtime.database.writing() as session:
        rename_party(session, session.get_one(Party, school.party_id), "新校名")
        session.scalars(select(Teacher)).one().take({"name": "顾老师", "mobile": "13800000002"})
        change_roles(session, "school1", ["教师"], [], "张文", world.clock())
        substitutes.end(session, world.actor("province1"), session.scalars(select(tables.substitute.c.id)).one(), world.clock())
    with world.runtime.database.reading() as session:
        faults = list(faults_in(world.runtime, session))
    for said in ("机构 S3201（新校名）", "人员 13800000002", "人员 school1", "离岗代理"):
        assert any(said in fault for fault in faults), faults
