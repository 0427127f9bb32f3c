"""`pilot verify` sees what was changed by hand: each row of the test is one kind of change, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.orm import Session

from domain.ground.handling import BusinessError, External
from domain.ground.parties import Party, Person, PersonRole
from domain.ground.rows import columns_of
from domain.institutions.organizations import Organization, new_organization
from domain.institutions.teachers import Teacher, new_teacher
from domain.platform import files
from domain.platform.changes import Change as Edit
from domain.platform.changes import note_change
from domain.platform.files import StoredFile
from domain.platform.heads import Head, Leaf
from domain.weekly.periods import ReportingPeriod, set_periods
from domain.weekly.reports import WeeklyReport
from jobs import messages as delivering
from jobs import outbox
from jobs.heads import publish_daily
from jobs.verifying import faults_in
from processes import tables
from processes.engine import Engine
from processes.history import GENESIS, chain_hash, events_of
from processes.monitor import managing, migrating
from processes.notices import copies
from processes.outside import answers
from processes.rights import substitutes
from processes.steps import completing, starting
from processes.tasks import claiming, opinions
from tests.conftest import NOON, World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.bpmn.test_messages import sender
from tests.processes.bpmn.test_messages import waiting as receiver
from tests.processes.bpmn.votes import answer, begun, voting
from tests.processes.monitor.versions import asking
from tests.processes.reviews import do, hire
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin

pytestmark = pytest.mark.row("8.4")
TASK, EVENT, JOB, INSTANCE, VOTE, MESSAGE = tables.task, tables.event, tables.job, tables.instance, tables.vote, tables.message


@dataclass
class Scene:
    """Processes that stand at all kinds of places: ids of instances."""

    world: World
    engine: Engine
    report: int
    ended: int
    review: int
    failed: int
    kept: int
    vote: int
    decided: int
    sent: int
    received: int
    waiting: int
    migrated: int
    file: int
    """Id of an uploaded file."""
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What puts back on the disk what a change did there."""

    def faults(self, session: Session) -> list[str]:
        return list(faults_in(replace(self.world.runtime, engine=self.engine), session))


Change = Callable[[Session, Scene], Any]


def _refuse(*_: Any) -> dict[str, Any]:
    raise BusinessError("gone", "考点已撤销")


def _asked(world: World, call: Callable[..., dict[str, Any]]) -> Play:
    """An external job that a worker is about to try."""
    old = world.runtime.engine
    handlers = {**old.handlers, "test.ask": External(lambda *_: {"number": 1}, call)}
    play = Play(replace(world, runtime=replace(world.runtime, engine=replace(old, handlers=handlers))))
    play.deploy(asking())
    play.begin()
    return play


def _tried(play: Play) -> None:
    with play.step() as session:
        task = play.open()[0]
        (job,) = completing.complete(play.world.runtime.engine, session, play.world.actor("school1"), task.id, "提交")
    outbox.run_job(play.world.runtime, job)


def _kept(world: World) -> Play:
    """An answer that waits until its instance is resumed."""

    def call(*_: Any) -> dict[str, Any]:
        do(world, managing.suspend, "supervisor", play.instance, "核实")
        return {"number": 7}

    play = _asked(world, call)
    return play


def _one(world: World, xml: bytes, key: str) -> Play:
    play = Play(world)
    play.deploy(xml)
    play.begin(key)
    return play


def _review(world: World) -> Play:
    """A task that somebody has claimed, and on which somebody else is asked for an opinion."""
    tasks = user("a", lane="试点院校") + user("b", due="now + days(3)")
    play = _one(world, diagram(start() + tasks + end() + flows("start>a a>b b>end"), key="review"), "review")
    play.complete("a", account="school1")
    (task,) = play.open()
    with world.runtime.database.writing() as session:
        assert claiming.claim(session, world.actor("province1"), [task.id], world.clock()) == 1
    do(world, opinions.ask, "province1", task.id, "before", world.actor("clerk").person_id, "")
    return play


def _migrated(world: World) -> Play:
    body = start() + "{}" + end() + flows("start>a a>end")
    play = _one(world, diagram(body.format(user("a")), key="moved"), "moved")
    play.deploy(diagram(body.format(user("a", button="办")), key="moved"))
    with world.runtime.database.reading() as session:
        newest = session.scalars(select(tables.definition.c.id).where(tables.definition.c.key == "moved")).all()[-1]
    do(world, migrating.migrate, "supervisor", play.instance, newest, "新规定")
    return play


def _on_the_ground(world: World) -> int:
    """A teacher, an organization, two edits of a party, and an uploaded file that a record has taken, whose id it gives."""
    school = world.actor("school1")
    home = world.runtime.settings.home
    with files.received(home, BytesIO(b"%PDF-1.4")) as part, world.runtime.database.writing() as session:
        teacher = new_teacher(session, school, world.clock(), {"name": "顾老师", "mobile": "13800000001"})
        starting.start(world.runtime.engine, session, school, "teacher", teacher)
        province, day = world.actor("province1"), date(2027, 6, 7)
        for period in set_periods(session, province, "周", day, day, 24):
            starting.start(world.runtime.engine, session, province, "reporting_period", period)
        new_organization(session, {"name": "新评价组织", "code": "999999999"})
        party = session.get_one(Party, school.party_id)
        for name in ("甲", "乙"):
            note_change(session, school, party, {"name": ""}, {"name": name}, world.clock())
            session.flush()
        kept = files.keep(session, home, school, "a.pdf", "application/pdf", part, world.clock())
        files.attach(session, school, [kept.id], world.clock())
        return kept.id


@pytest.fixture(scope="module")
def scene(product: World) -> Scene:
    world, now = product, NOON
    world.clock.now = now
    hire(world, "clerk", "何文员", "省级")
    report, ended = begin(world)
    (job,) = act(world, "school1", ended, "提交", ANSWERS)
    with world.runtime.database.writing() as session:
        session.execute(update(JOB).where(JOB.c.id == job).values(state="running", attempt=1))
        answers.answer(world.runtime.engine, session, job, 1, {})
    act(world, "province1", ended, "审核通过", None, "好")
    do(world, copies.send, "school1", ended, [world.actor("province1").person_id], "请阅")
    review = _review(world)
    failed, kept = _asked(world, _refuse), _kept(world)
    _tried(failed)
    _tried(kept)
    vote, decided = begun(Play(world), voting()), begun(Play(world), voting(quorum="any"))
    answer(vote, "province1")
    answer(decided, "province1")
    received = _one(world, receiver(7, messageGives="number"), "waiter")
    sent = _one(world, sender(), "sender")
    sent.complete("a")
    delivering.deliver_due(world.runtime)
    waiting = _one(world, receiver(7, messageGives="number"), "waiter")
    migrated = _migrated(world)
    with world.runtime.database.writing() as session:
        stand_in = world.actor("clerk").person_id
        substitutes.appoint(session, world.actor("province1b"), stand_in, now, now + timedelta(days=1), [], True, now)
    file = _on_the_ground(world)
    world.clock.now += timedelta(days=1)
    publish_daily(world.runtime.database, world.runtime.engine)
    world.clock.now = now
    plays = (review, failed, kept, vote, decided, sent, received, waiting, migrated)
    found = Scene(world, kept.world.runtime.engine, report, ended, *(play.instance for play in plays), file)
    with world.runtime.database.reading() as session:
        assert found.faults(session) == []
    return found


def changed(table: Table, of: str, having: dict[str, Any], **values: Any) -> Change:
    """Writes values into the rows of an instance, called `of`, that have others."""

    def change(session: Session, scene: Scene) -> None:
        owner = table.c.id if table is INSTANCE else table.c.sender_id if table is MESSAGE else table.c.instance_id
        rows = update(table).where(owner == getattr(scene, of), *(table.c[name] == value for name, value in having.items()))
        assert session.execute(rows.values(values)).rowcount

    return change


def gone(table: Table, of: str, **having: Any) -> Change:
    """Deletes rows of an instance."""

    def change(session: Session, scene: Scene) -> None:
        owner = table.c.sender_id if table is MESSAGE else table.c.instance_id
        rows = delete(table).where(owner == getattr(scene, of), *(table.c[name] == value for name, value in having.items()))
        assert session.execute(rows).rowcount

    return change


def given_to(account: str) -> Change:
    return lambda session, scene: changed(
        TASK, "review", {"kind": "step", "state": "open"}, assignee_id=scene.world.actor(account).person_id
    )(session, scene)


def also(*changes: Change) -> Change:
    def change(session: Session, scene: Scene) -> None:
        for one in changes:
            one(session, scene)

    return change


def rechained(session: Session, scene: Scene, seen: int | None = None, **values: Any) -> None:
    """Changes the history of the ended process, and writes hashes that fit: of all lines, or of the first ones, the others deleted."""
    lines, chain = events_of(session, scene.ended), GENESIS
    kept = lines if seen is None else lines[:seen]
    session.execute(delete(EVENT).where(EVENT.c.instance_id == scene.ended, EVENT.c.seq > len(kept)))
    for line in kept:
        whole = {**columns_of(line), **(values if line.seq == 2 else {})}
        chain = chain_hash(chain, whole)
        session.execute(update(EVENT).where(EVENT.c.instance_id == scene.ended, EVENT.c.seq == line.seq).values({**whole, "hash": chain}))
    session.execute(update(INSTANCE).where(INSTANCE.c.id == scene.ended).values(seq=len(kept), chain=chain))


def vanished(session: Session, scene: Scene) -> None:
    """An instance with all its rows."""
    for table in (TASK, EVENT, JOB, tables.copy, tables.notice):
        session.execute(delete(table).where(table.c.instance_id == scene.ended))
    session.execute(delete(INSTANCE).where(INSTANCE.c.id == scene.ended))


def both_statuses(session: Session, scene: Scene) -> None:
    session.execute(update(INSTANCE).where(INSTANCE.c.id == scene.ended).values(status="已终止", tone="failed"))
    session.execute(update(WeeklyReport).where(WeeklyReport.id == scene.report).values(status="已终止", tone="failed"))


def of_report(**values: Any) -> Change:
    return lambda session, scene: session.execute(update(WeeklyReport).where(WeeklyReport.id == scene.report).values(**values))


def in_version(key: str, **values: Any) -> Change:
    table = tables.definition
    return lambda session, scene: session.execute(update(table).where(table.c.key == key).values(**values))


def in_xml(before: str, after: str) -> Change:
    table = tables.definition
    return lambda session, scene: session.execute(text(f"UPDATE {table.name} SET xml = replace(xml, '{before}', '{after}')"))


def of_person(of: str, **values: Any) -> Change:
    return lambda session, scene: session.execute(update(Person).where(Person.account == of).values(**values))


def of_party(**values: Any) -> Change:
    return lambda session, scene: session.execute(update(Party).where(Party.code == "S3201").values(**values))


def without_party(session: Session, scene: Scene) -> None:
    session.execute(delete(Organization).where(Organization.code == "999999999"))
    session.execute(delete(Party).where(Party.code == "999999999"))


def without_person(session: Session, scene: Scene) -> None:
    person = scene.world.actor("province2b").person_id
    session.execute(delete(PersonRole).where(PersonRole.person_id == person))
    session.execute(delete(Person).where(Person.id == person))


def given_role(account: str, role: str) -> Change:
    return lambda session, scene: session.execute(insert(PersonRole).values(person_id=scene.world.actor(account).person_id, role=role))


def of_file(**values: Any) -> Change:
    return lambda session, scene: session.execute(update(StoredFile).where(StoredFile.id == scene.file).values(**values))


def on_the_disk(act: Callable[[Path], object]) -> Change:
    """Something done to the bytes of the file."""

    def change(session: Session, scene: Scene) -> None:
        file = session.get_one(StoredFile, scene.file)
        path = files.path_of(scene.world.runtime.settings.home, file.sha256)
        content = path.read_bytes()
        scene.undo.append(lambda: path.write_bytes(content))
        act(path)

    return change


def of_edit(number: int, **values: Any) -> Change:
    """One of the two edits of 修改记录."""
    ids = select(Edit.id).where(Edit.kind == "party").order_by(Edit.id)
    return lambda session, scene: session.execute(update(Edit).where(Edit.id == session.scalars(ids).all()[number]).values(**values))


def without_edit(number: int) -> Change:
    ids = select(Edit.id).where(Edit.kind == "party").order_by(Edit.id)
    return lambda session, scene: session.execute(delete(Edit).where(Edit.id == session.scalars(ids).all()[number]))


def of_head(**values: Any) -> Change:
    return lambda session, scene: session.execute(update(Head).where(Head.number == 2).values(**values))


def vanished_with_its_record(session: Session, scene: Scene) -> None:
    vanished(session, scene)
    session.execute(delete(WeeklyReport).where(WeeklyReport.id == scene.report))


CHANGES: dict[str, tuple[Change, str]] = {
    # tasks
    "a task is called otherwise": (changed(TASK, "review", {"state": "open", "kind": "step"}, name="随便"), "名称、角色"),
    "a done task is called otherwise": (changed(TASK, "ended", {"element": "review"}, name="随便"), "名称、角色"),
    "a task has another deadline": (changed(TASK, "review", {"state": "open", "kind": "step"}, due_at=NOON), "期限"),
    "a task has no deadline": (changed(TASK, "review", {"state": "open", "kind": "step"}, due_at=None), "期限"),
    "a task is another role's": (changed(TASK, "review", {"state": "open", "kind": "step"}, role="试点院校"), "办理角色"),
    "a task is another party's": (changed(TASK, "review", {"state": "open", "kind": "step"}, party_id=2), "办理角色、机构"),
    "a task is a colleague's": (given_to("province1b"), "办理人被改动过"),
    "a task is given to another party's person": (given_to("school1"), "办理人被改动过"),
    "a task is nobody's": (changed(TASK, "review", {"state": "open", "kind": "step"}, assignee_id=None), "办理人被改动过"),
    "an opinion is asked of another": (changed(TASK, "review", {"kind": "before"}, assignee_id=1), "办理人被改动过"),
    "an opinion was asked by another": (changed(TASK, "review", {"kind": "before"}, asked_by=1), "所属被改动过"),
    "an opinion is no longer awaited": (changed(TASK, "review", {"kind": "before"}, kind="step", parent_id=None), "待办"),
    "an open task is done": (changed(TASK, "review", {"state": "open", "kind": "step"}, state="done"), "待办与流程状态不一致"),
    "an open task is gone": (gone(TASK, "review", state="open", kind="step"), "待办与流程状态不一致"),
    "a done task is gone": (gone(TASK, "ended", element="review"), "少了历史中的办理"),
    "a done task is open": (changed(TASK, "ended", {"element": "review"}, state="open"), "仍有 1 条待办"),
    "a done task has another outcome": (changed(TASK, "ended", {"element": "review"}, outcome="审核退回"), "办理结果"),
    "a done task is another's": (changed(TASK, "ended", {"element": "review"}, closed_by=1), "办理结果、人员"),
    "a done task was done for another": (changed(TASK, "ended", {"element": "review"}, closed_for=2), "办理结果、人员"),
    "a done task was done later": (changed(TASK, "ended", {"element": "review"}, closed_at=NOON + timedelta(days=1)), "人员或时间"),
    "a done task has no outcome": (changed(TASK, "ended", {"element": "review"}, outcome=None), "却没有结果"),
    "a done task tells latecomers something else": (changed(TASK, "ended", {"element": "review"}, closed_as="已取消"), "办理说明"),
    "a task waits for longer": (
        changed(TASK, "review", {"state": "open", "kind": "step"}, created_at=NOON - timedelta(days=9)), "的时间与历史不一致"),
    "a done task in no state": (changed(TASK, "ended", {"element": "review"}, state="x"), "状态不正确"),
    "a done task is cancelled": (changed(TASK, "ended", {"element": "review"}, state="cancelled"), "却有结果"),
    "a proof is gone": (changed(TASK, "ended", {"element": "review"}, proof=None), "被改动过"),
    # 会签
    "a vote has another rule": (changed(VOTE, "vote", {}, rule="any"), "规则"),
    "a vote needs fewer": (changed(VOTE, "vote", {}, needed=1), "规则"),
    "a vote has more answers": (changed(VOTE, "vote", {}, answered=2, agreed=2), "票数"),
    "an answer agrees": (changed(TASK, "decided", {"state": "done", "element": "b"}, agrees=False), "票数"),
    "an answer and the count agree": (
        also(changed(TASK, "decided", {"state": "done", "element": "b"}, agrees=False), changed(VOTE, "decided", {}, agreed=0)),
        "办理结果",
    ),
    "a vote came out otherwise": (changed(VOTE, "decided", {}, outcome="不同意"), "结果与历史不一致"),
    "a vote is gone": (gone(VOTE, "vote"), "会签不存在"),
    "a vote is open again": (changed(VOTE, "decided", {}, state="open"), "会签"),
    "a vote in no state": (changed(VOTE, "decided", {}, state="x"), "状态不正确"),
    "a vote was refused": (changed(VOTE, "decided", {}, state="refused"), "各人的办理不一致"),
    "a vote ended earlier": (changed(VOTE, "decided", {}, closed_at=NOON - timedelta(days=9)), "的时间与历史不一致"),
    "a part of a vote is another's": (changed(TASK, "vote", {"state": "open"}, assignee_id=1), "办理人"),
    # the instance
    "both statuses of an ended one": (both_statuses, "流程记录的状态"),
    "the record's status": (of_report(status="待审核"), "记录的状态是"),
    "the process's status": (changed(INSTANCE, "review", {}, status="已终止"), "按流程图应为"),
    "a tone": (changed(INSTANCE, "ended", {}, tone="draft"), "流程记录的状态"),
    "an invented timer": (changed(INSTANCE, "review", {}, due_at=NOON), "定时时间"),
    "an invented incident": (changed(INSTANCE, "review", {}, incident="出错"), "流程记录的状态"),
    "an incident is gone": (changed(INSTANCE, "failed", {}, incident=None), "外部任务失败"),
    "suspended by hand": (changed(INSTANCE, "review", {}, suspended_at=NOON), "流程记录的状态"),
    "resumed by hand": (changed(INSTANCE, "kept", {}, suspended_at=None), "没有挂起"),
    "another title": (changed(INSTANCE, "review", {}, title="另一条"), "流程记录的状态"),
    "another party": (changed(INSTANCE, "review", {}, party_id=2), "流程记录的状态"),
    "started by another": (changed(INSTANCE, "ended", {}, started_by=4), "流程记录的状态"),
    "begun earlier": (changed(INSTANCE, "ended", {}, started_at=NOON - timedelta(days=9)), "流程记录的状态"),
    "ended earlier": (changed(INSTANCE, "ended", {}, ended_at=NOON - timedelta(days=9)), "流程记录的状态"),
    "no buttons": (changed(INSTANCE, "waiting", {}, waits=[]), "流程记录的状态"),
    "another path": (changed(INSTANCE, "ended", {}, path=[]), "流程记录的状态"),
    "another position": (changed(INSTANCE, "ended", {}, position="fill"), "流程记录的状态"),
    "another record": (changed(INSTANCE, "ended", {}, subject_id=999), "流程记录的状态"),
    "another version": (changed(INSTANCE, "review", {}, definition_id=1), "流程记录的状态"),
    "the state of another": (
        lambda session, scene: session.execute(
            update(INSTANCE)
            .where(INSTANCE.c.id == scene.vote)
            .values(state=session.scalar(select(INSTANCE.c.state).where(INSTANCE.c.id == scene.decided)))
        ),
        "流程记录的状态",
    ),
    "garbage in a state": (changed(INSTANCE, "review", {}, state=b"garbage"), "流程状态不能读取"),
    "a state that is no workflow": (changed(INSTANCE, "review", {}, state=b"x\x9cKLLL\x04\x00\x05\x8c\x01\x91"), "流程状态不能读取"),
    "an open one without a state": (changed(INSTANCE, "review", {}, state=None), "流程已结束"),
    "an instance with all its rows": (vanished, "没有流程"),
    "an instance with all its rows and its record": (vanished_with_its_record, "现在没有了"),
    # history
    "a line says something else": (changed(EVENT, "ended", {"seq": 2}, comment="改"), "第 2 条历史被改动过"),
    "a line of another person": (changed(EVENT, "ended", {"seq": 2}, actor="李四"), "第 2 条历史被改动过"),
    "a line in between is gone": (gone(EVENT, "ended", seq=2), "第 2 条历史被改动过"),
    "the last line is gone": (lambda session, scene: session.execute(
        delete(EVENT).where(EVENT.c.instance_id == scene.review, EVENT.c.kind == "assign")), "历史的条数"),
    "the end is cut, the count adjusted": (lambda session, scene: rechained(session, scene, 3), "流程记录的状态"),
    "the chain is written anew": (lambda session, scene: rechained(session, scene, comment="同意"), "流程记录的状态"),
    "another actor in a new chain": (lambda session, scene: rechained(session, scene, actor_id=4, actor="王强"), "流程记录的状态"),
    # jobs
    "a job has another handler": (changed(JOB, "failed", {}, handler="sms.notify"), "处理程序或参数"),
    "a job has other parameters": (changed(JOB, "failed", {}, params={"to": "别人"}), "处理程序或参数"),
    "a job sends something else": (changed(JOB, "failed", {}, payload={"number": 99}), "发出的内容"),
    "a kept answer is another": (changed(JOB, "kept", {}, answer={"result": {"number": 8}}), "收到的回答"),
    "a job is done": (changed(JOB, "failed", {}, state="done"), "外部任务与流程状态不一致"),
    "a job failed by hand": (
        also(changed(JOB, "ended", {}, state="failed", error="x"), changed(INSTANCE, "ended", {}, incident=None)),
        "外部任务失败",
    ),
    "a job in no state": (changed(JOB, "ended", {}, state="x"), "状态不正确"),
    "a job that never goes out": (changed(JOB, "ended", {}, state="running"), "下次处理时间"),
    "a job failed for another reason": (changed(JOB, "failed", {}, error="号码不存在"), "失败原因"),
    "a job is gone": (gone(JOB, "failed"), "外部任务与流程状态不一致"),
    # messages, copies, migrations, substitutes
    "a message says something else": (changed(MESSAGE, "sent", {}, payload={"number": 8}), "内容或发出者"),
    "a message is gone": (gone(MESSAGE, "sent"), "发出的消息与历史不一致"),
    "a message in no state": (changed(MESSAGE, "sent", {}, state="x"), "状态或下次处理时间"),
    "a message that nobody took in time": (changed(MESSAGE, "sent", {}, state="expired"), "状态或下次处理时间"),
    "a message that goes out again": (changed(MESSAGE, "sent", {}, state="waiting", next_at=NOON), "收到的消息与历史不一致"),
    "a message to another element": (changed(MESSAGE, "sent", {}, target="x"), "收到的消息与历史不一致"),
    "it waits for a message of another name": (changed(tables.subscription, "waiting", {}, name="别的"), "等待其他流程消息"),
    "it waits for longer": (changed(tables.subscription, "waiting", {}, since=NOON - timedelta(days=9)), "等待其他流程消息"),
    "a message of another party": (changed(MESSAGE, "sent", {}, party_id=2), "内容或发出者"),
    "a message that nobody received": (
        lambda session, scene: session.execute(update(MESSAGE).where(MESSAGE.c.sender_id == scene.sent).values(instance_id=scene.review)),
        "收到的消息与历史不一致",
    ),
    "it waits for another message": (changed(tables.subscription, "waiting", {}, key="0" * 64), "等待其他流程消息"),
    "it waits for no message": (gone(tables.subscription, "waiting"), "等待其他流程消息"),
    "a copy for another": (changed(tables.copy, "ended", {}, person_id=2), "收件人"),
    "an invented copy": (
        lambda session, scene: session.execute(
            insert(tables.copy).values(instance_id=scene.ended, person_id=2, party_id=3, sent_by=1, sent_at=NOON + timedelta(1), note="")
        ),
        "抄送",
    ),
    "what undoes a migration": (changed(tables.migration, "migrated", {}, path=["x"]), "撤销迁移"),
    "a substitute for longer": (
        lambda session, scene: session.execute(update(tables.substitute).values(ends_at=NOON + timedelta(days=99))), "离岗代理"),
    "another substitute": (lambda session, scene: session.execute(update(tables.substitute).values(substitute_id=1)), "离岗代理"),
    "a copy is gone": (gone(tables.copy, "ended"), "抄送"),
    "a substitute is gone": (lambda session, scene: session.execute(delete(tables.substitute)), "离岗代理"),
    # records
    "a record is gone": (
        lambda session, scene: session.execute(delete(WeeklyReport).where(WeeklyReport.id == scene.report)), "不是由流程删除的"),
    "a record's answers after its approval": (of_report(data={**ANSWERS, "summary": "别的"}), "记录的内容"),
    "a record's school": (of_report(party_id=2), "记录的内容"),
    "a record's author": (of_report(author_id=4), "记录的内容"),
    "when a record was made": (of_report(created_at=NOON - timedelta(days=9)), "记录的内容"),
    "a period ends later": (
        lambda session, scene: session.execute(update(ReportingPeriod).where(ReportingPeriod.label.like("2027年第23周%")).values(
            ends_at=ReportingPeriod.starts_at)), "记录的内容"),
    # people
    "a person is made supervisor": (given_role("school1", "监控"), "人员 school1"),
    "a role is taken away": (
        lambda session, scene: session.execute(delete(PersonRole).where(PersonRole.role == "监控")), "人员 supervisor"),
    "a role is another": (lambda session, scene: session.execute(
        update(PersonRole).where(PersonRole.role == "监控").values(role="系统管理")), "人员 supervisor"),
    "a teacher's mobile": (of_person("13800000001", mobile="13811111111"), "人员 13800000001"),
    "a teacher's account": (of_person("13800000001", account="13811111111", mobile="13811111111"), "人员 13811111111"),
    "a person's name": (of_person("province1", name="李四"), "人员 province1"),
    "a person of another party": (of_person("province1", party_id=2), "人员 province1"),
    "a person who was switched off": (of_person("province1", active=False), "人员 province1"),
    "a person whom nobody added": (
        lambda session, scene: session.execute(insert(Person).values(account="me", name="我", mobile="1", party_id=1,
            password_hash="x", stamp="x", active=True, created_at=NOON)), "人员 me"),
    "another password": (of_person("province1", password_hash="$argon2id$x"), "密码被改动过"),
    "a password for a teacher who chose none": (of_person("13800000001", password_hash="$argon2id$x"), "密码被改动过"),
    "the password of another": (
        lambda session, scene: session.execute(update(Person).where(Person.account == "province1").values(
            {name: select(getattr(Person, name)).where(Person.account == "school1").scalar_subquery()
             for name in ("password_hash", "password_proof")})), "人员 province1（王强）：密码"),
    "no password": (of_person("province1", password_hash="!"), "密码被改动过"),
    "a person is gone": (without_person, "人员"),
    "a teacher is gone": (lambda session, scene: session.execute(delete(Teacher)), "记录已不存在"),
    # parties
    "a party is called otherwise": (of_party(name="别的学校"), "机构 S3201"),
    "a party is of another kind": (of_party(kind="province", province_id=None), "机构 S3201"),
    "a party is another province's": (of_party(province_id=2), "机构 S3201"),
    "a party has another code": (of_party(code="S3209"), "机构 S3209"),
    "a party that nobody added": (
        lambda session, scene: session.execute(insert(Party).values(kind="province", name="新省", code="P99")), "机构 P99"),
    "a party is gone": (without_party, "机构"),
    # 修改记录
    "an edit says something else": (of_edit(0, data={"name": ["", "丙"]}), "修改记录"),
    "an edit of another person": (of_edit(1, actor="李四", actor_id=4), "修改记录"),
    "an edit at another time": (of_edit(1, at=NOON - timedelta(days=9)), "修改记录"),
    "an edit of another record": (of_edit(1, record_id=1), "修改记录"),
    "an edit is gone": (without_edit(0), "前一条已不在"),
    "the last edit is gone": (without_edit(1), "次公布时的不同，或现在没有了"),
    # files
    "a file's bytes": (on_the_disk(lambda path: path.write_bytes(b"%PDF-1.5")), "内容被改动过"),
    "a file's bytes are gone": (on_the_disk(lambda path: path.unlink()), "内容已不在服务器上"),
    "a file points to other bytes": (of_file(sha256="0" * 64), "指向的内容被改动过"),
    "a file is called otherwise": (of_file(name="b.pdf"), "名称、类型、所属"),
    "a file is another party's": (of_file(party_id=2), "名称、类型、所属"),
    "a file is gone": (lambda session, scene: session.execute(delete(StoredFile).where(StoredFile.id == scene.file)), "现在没有了"),
    # heads
    "a head has another digest": (of_head(digest="0" * 64), "公布的内容被改动过"),
    "a head is of another day": (of_head(at=NOON), "签名不正确"),
    "a head is gone": (lambda session, scene: session.execute(delete(Head).where(Head.number == 1)), "之前缺少一次"),
    "a leaf is gone": (lambda session, scene: session.execute(
        delete(Leaf).where(Leaf.chain == "process", Leaf.id == scene.ended)), "公布的内容被改动过"),
    # versions
    "a condition of a deployed version": (in_xml("b_outcome==", "b_outcome!="), "流程图、表单或决策表"),
    "a diagram of a deployed version": (in_xml("</definitions>", "<!-- --></definitions>"), "流程图、表单或决策表"),
    "a decision table of a deployed version": (in_version("weekly_report", decisions={"d": "<x/>"}), "流程图、表单或决策表"),
    "a called version": (in_version("weekly_report", called={"review": 1}), "流程图、表单或决策表"),
    "a form of a deployed version": (in_version("weekly_report", forms={}), "流程图、表单或决策表"),
    "a version with a digest that fits": (
        lambda session, scene: _redigested(session), "版本信息被改动过"),
    "what was said of a version": (in_version("weekly_report", note="改"), "说明或场景"),
    "what a version was tried with": (in_version("weekly_report", scenarios="改"), "说明或场景"),
    "who deployed it": (in_version("weekly_report", deployed_by="某人"), "版本信息"),
    "what starts it": (in_version("weekly_report", starts_by="询问"), "版本信息"),
    "garbage for a diagram": (in_version("review", xml="garbage"), "流程图、表单或决策表"),
}  # fmt: skip


def _redigested(session: Session) -> None:
    """A diagram that was changed, with a digest to match."""
    from processes.deployment.deploying import content_digest

    table = tables.definition
    row = session.execute(select(table).where(table.c.key == "review")).one()
    xml = row.xml.replace("days(3)", "days(9)")
    assert xml != row.xml
    digest = content_digest(xml, row.forms, row.called, row.decisions)
    session.execute(update(table).where(table.c.id == row.id).values(xml=xml, digest=digest))


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_by_hand_is_seen(scene: Scene, kind: str) -> None:
    change, said = CHANGES[kind]
    with scene.world.runtime.database.writes() as session:
        change(session, scene)
        session.expire_all()
        found = scene.faults(session)
        session.rollback()
    while scene.undo:
        scene.undo.pop()()
    assert any(said in line for line in found), found
