"""流程监控: messages between processes and SMS that failed (row 8.4), seen, tried again, exported – and by nobody else."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from domain.ground.parties import SYSTEM
from domain.ground.rows import columns_of
from domain.platform.background import BackgroundFailure, BackgroundTask
from jobs import background, texting
from jobs import messages as delivering
from jobs.lists import failed_texts
from processes import history as history_of
from processes import tables
from processes.errors import NotAllowed, NotFound, Refused, Suspended
from processes.monitor import managing, undelivered
from processes.monitor.verify import verify
from processes.proving import proofs, proved
from processes.states import EventKind
from tests.conftest import World
from tests.counting import counted
from tests.webapp.clients import site, user
from tests.webapp.monitor.watching import faults, row, watched
from tests.webapp.weekly.reports import hand_in

pytestmark = pytest.mark.row("8.4")


def sent(world: World, state: str = "expired", **more: Any) -> int:
    """A message of instance 1 that came to this."""
    now = world.clock()
    values = {
        "name": "询问",
        "payload": {"number": 7, "until": {"~time": "2026-11-30T00:00:00+08:00"}},
        "sender_id": 1,
        "element": "review",
    }
    values |= {"party_id": row(world).party_id, "sent_at": now - timedelta(days=8), "state": state, "tries": 3, "error": "没有流程接收"}
    with world.runtime.database.writing() as session:
        new = insert(tables.message).returning(tables.message.c.id)
        found = session.execute(new, proved(session, tables.message, {**values, **more})).scalar_one()
        line = {"kind": EventKind.SENT, "name": "发出消息“询问”", "element": "review"}
        history_of.append(session, {1: row(world)}, [(1, SYSTEM, line)], values["sent_at"])
    return int(found)


def message(world: World, id: int) -> Any:
    with world.runtime.database.reading() as session:
        return session.execute(select(tables.message).where(tables.message.c.id == id)).one()


def texted(world: World, number: int = 1, account: str = "province1") -> list[str]:
    """SMS to a person that failed."""
    person, ids = world.actor(account).person_id, [f"{number:08d}-{at:04d}" for at in range(number)]
    payload = {"messages": [{"to": "13900000003", "text": "您有 2 条新消息"}]}
    common = {"person_id": person, "payload": payload, "state": "failed", "attempt": 8, "tries": 8, "error": "短信平台拒绝发送（422）"}
    with world.runtime.database.writing() as session:
        session.execute(insert(tables.text), [{**common, "id": id, "created_at": world.clock()} for id in ids])
    return ids


def job_failed(world: World) -> str:
    """The reviewer's SMS of report 1, refused for good."""
    from processes.outside import answers

    with world.runtime.database.writing() as session:
        job = session.execute(select(tables.job).where(tables.job.c.instance_id == 1)).one()
        session.execute(update(tables.job).where(tables.job.c.id == job.id).values(state="running", attempt=1, tries=1))
        answers.fail(world.runtime.engine, session, job.id, 1, "短信平台拒绝发送（422）", None)
    return str(job.id)


def done(world: World, step: Any, *arguments: Any, account: str = "supervisor") -> Any:
    with world.runtime.database.writing() as session:
        return step(world.runtime.engine, session, world.actor(account), *arguments)


def history(world: World) -> list[tuple[str, str, str | None]]:
    table = tables.event.c
    with world.runtime.database.reading() as session:
        query = select(table.kind, table.name, table.comment).where(table.instance_id == 1).order_by(table.seq)
        return [(kind, name, comment) for kind, name, comment in session.execute(query)]


def exported(client: FlaskClient, name: str, **form: Any) -> list[list[Any]]:
    with client.post(f"/lists/{name}/export", data=form) as answer:
        assert answer.status_code == 200
        return [list(line) for line in openpyxl.load_workbook(BytesIO(answer.data)).active.iter_rows(values_only=True)]


def test_who_sent_what_and_why_nobody_took_it(world: World) -> None:
    supervisor = watched(world)
    sent(world)
    sent(world, "delivered", name="通知", instance_id=1)
    assert "<b>1</b>未送达的消息" in supervisor.get("/monitor/").text
    page = supervisor.get("/monitor/messages/").text
    for said in ("询问", "审核周报", "number、until", "没有流程接收", "已过期", "金陵职业技术学院", "批量重试"):
        assert said in page
    assert "通知</td>" not in page
    assert "已送达" in supervisor.get("/monitor/messages/?state=已送达").text
    assert "没有符合条件的记录" in supervisor.get("/monitor/messages/?state=不能送达").text
    assert "询问" in supervisor.get("/monitor/messages/?name=问&title=周报&party=金陵").text
    assert 'id="messages"' in supervisor.get("/monitor/instances/1/").text


def test_an_expired_message_is_delivered_again_and_kept_for_seven_more_days(world: World) -> None:
    supervisor = watched(world)
    id = sent(world)
    answer = supervisor.post(f"/monitor/messages/{id}/retry", data={"back": "/monitor/messages/?name=询问"}, follow_redirects=True)
    assert "已重试" in answer.text
    assert (message(world, id).state, message(world, id).retried_at) == ("waiting", world.clock())
    assert history(world)[-1] == ("retry", "重试消息“询问”", None)
    delivering.deliver_due(world.runtime)
    assert message(world, id).state == "waiting"  # nobody takes it yet, and it is not given up
    for _ in range(8):
        world.clock.now += timedelta(days=1)
        delivering.deliver_due(world.runtime)
    assert message(world, id).state == "expired"
    assert done(world, undelivered.retry, id, "再试") == []
    assert history(world)[-1] == ("retry", "重试消息“询问”", "再试")
    with pytest.raises(Refused, match="正在等待接收"):
        done(world, undelivered.retry, id)
    assert faults(world) == []


def test_a_message_whose_receiver_has_the_incident_goes_with_its_retry(world: World) -> None:
    watched(world)
    id = sent(world, "failed", instance_id=1)
    with world.runtime.database.writing() as session:
        told = {"incident": "消息不能送达"}
        told |= proofs(session, tables.instance, {**columns_of(row(world)), **told})
        session.execute(update(tables.instance).where(tables.instance.c.id == 1).values(told))
    done(world, managing.suspend, 1, "先停")
    with pytest.raises(Suspended):
        done(world, undelivered.retry, id)
    done(world, managing.resume, 1, "好了")
    done(world, undelivered.retry, id, "已修好")
    assert (message(world, id).state, row(world).incident) == ("waiting", None)
    assert message(world, id).retried_at == world.clock()  # kept for seven more days, however old it is
    assert history(world)[-1] == ("retry", "重试", "已修好")
    assert faults(world) == []


def test_a_message_of_a_process_that_has_ended_is_tried_again_too(world: World) -> None:
    watched(world)
    done(world, managing.cancel, 1, "不办了")
    id = sent(world, "failed", instance_id=1)
    done(world, undelivered.retry, id)
    assert (message(world, id).state, history(world)[-1][1]) == ("waiting", "重试消息“询问”")
    assert faults(world) == []


def test_an_sms_that_failed_is_seen_and_sent_again(world: World) -> None:
    supervisor = watched(world)
    (id,), job = texted(world), job_failed(world)
    assert "<b>2</b>发送失败的短信" in supervisor.get("/monitor/").text
    page = supervisor.get("/monitor/texts/").text
    for said in ("王强", "消息提醒", "139****0003", "您有 2 条新消息", "短信平台拒绝发送（422）", "流程通知", "查看流程", "批量重新发送"):
        assert said in page
    assert "13900000003" not in page
    only = supervisor.get("/monitor/texts/?kind=消息提醒&person=王强&party=省&error=422").text
    assert "王强" in only
    assert "查看流程" not in only
    assert "已重新发送" in supervisor.post(f"/monitor/texts/{id}/retry", follow_redirects=True).text
    with world.runtime.database.reading() as session:
        text = session.execute(select(tables.text)).one()
    assert (text.state, text.tries, text.resent_by) == ("pending", 0, "冯敏（平台运营）")
    assert "已经重新发送" in supervisor.post(f"/monitor/texts/{id}/retry", follow_redirects=True).text
    assert done(world, failed_texts.resend, job, "号码已改") == [job]
    assert history(world)[-1] == ("retry", "重试", "号码已改")
    assert "没有发送失败的短信" in supervisor.get("/monitor/texts/").text
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []


@pytest.mark.row("7.2")
def test_a_first_password_that_did_not_arrive_is_in_the_list_without_the_password(lite: World) -> None:
    app = site(lite)
    data = {"name": "周小舟", "mobile": "13911110001", "major": "软件技术", "act": "保存"}
    assert user(app, "school1").post("/teachers/new", data=data).status_code == 302
    from processes.outside import answers

    with lite.runtime.database.writing() as session:
        job = session.execute(select(tables.job)).one()
        payload = {"to": "13911110001", "text": "首次登录密码：{密码}", "nonce": "0" * 32}
        session.execute(update(tables.job).values(state="running", attempt=1, payload=payload))
        answers.fail(lite.runtime.engine, session, job.id, 1, "号码不存在", None)
    page = user(app, "supervisor").get("/monitor/texts/?kind=首次登录密码").text
    for said in ("周小舟", "139****0001", "首次登录密码：{密码}", "号码不存在"):
        assert said in page
    assert "0" * 32 not in page


@pytest.mark.row("6.5")
def test_many_sms_are_sent_again_in_the_background_each_alone(world: World) -> None:
    supervisor = watched(world)
    ids = texted(world, 45)
    asked = supervisor.post("/monitor/texts/retry", data={"all": "1", "filter": "kind=消息提醒"}).text
    assert "将对 <b>45</b> 条短信重新发送" in asked
    supervisor.post("/monitor/texts/retry/begin", data={"ids": ids[:30], "reason": "平台恢复"})
    supervisor.post(f"/monitor/texts/{ids[3]}/retry")  # meanwhile
    with world.runtime.database.reading() as session:
        task_id = session.scalars(select(BackgroundTask.id)).one()
    assert background.run_task(world.runtime, task_id)
    with world.runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, task_id)
        failures = session.scalars(select(BackgroundFailure)).all()
        waiting = set(session.scalars(select(tables.text.c.id).where(tables.text.c.state == "pending")))
    assert (task.title, task.state, task.done, len(failures)) == ("批量重新发送短信", "done", 29, 0)
    assert waiting == set(ids[:30])
    texting.turn(world.runtime)
    assert supervisor.get(f"/background/{task_id}").status_code == 200


def test_the_lists_are_exported_ticked_rows_or_all_under_the_filter(world: World) -> None:
    supervisor = watched(world, "school1", "school2")
    first, _ = sent(world), sent(world, name="通知")
    ids = texted(world, 2)
    header, *lines = exported(supervisor, "monitor", filter="state=运行中&party=太湖")
    assert header[:5] == ["记录", "流程", "版本", "环节", "状态"]
    assert [line[1:5] for line in lines] == [["周报", "第 1 版", "审核周报", "待审核"]]
    assert "太湖" in lines[0][0]
    assert len(exported(supervisor, "monitor")) == 3
    assert [line[1:2] + line[6:8] for line in exported(supervisor, "monitor_messages", ids=[str(first)])[1:]] == [
        ["询问", "number、until", "审核周报"]
    ]
    assert len(exported(supervisor, "monitor_messages")) == 3
    assert len(exported(supervisor, "monitor_texts", ids=ids[1:])) == 2
    assert len(exported(supervisor, "monitor_texts")) == 3
    for name in ("instances", "messages", "texts"):
        assert "导出" in supervisor.get(f"/monitor/{name}/").text


@pytest.mark.parametrize("account", ["school1", "province1", "designer", "operator", "organization1"])
def test_nobody_else_sees_or_does_any_of_it(lite: World, account: str) -> None:
    watched(lite)
    id, (text,) = sent(lite), texted(lite)
    client = user(site(lite), account)
    for address in ("/monitor/messages/", "/monitor/texts/"):
        assert client.get(address).status_code == 403
    for address in (f"messages/{id}/retry", f"texts/{text}/retry", "messages/retry/begin", "texts/retry"):
        assert client.post(f"/monitor/{address}", data={"ids": text, "reason": "看看"}).status_code == 404
    for name in ("monitor", "monitor_messages", "monitor_texts"):
        assert "没有可导出的内容" in client.post(f"/lists/{name}/export", follow_redirects=True).text
    assert message(lite, id).state == "expired"
    if account != "operator":  # 系统管理 may manage, but has its own pages
        for step, one in ((undelivered.retry, id), (failed_texts.resend, text)):
            with pytest.raises(NotAllowed):
                done(lite, step, one, account=account)


def test_what_does_not_exist_is_refused(lite: World) -> None:
    supervisor = watched(lite)
    assert supervisor.post("/monitor/messages/99/retry").status_code == 404
    assert supervisor.post("/monitor/nothing/retry").status_code == 404
    assert supervisor.post("/monitor/messages/cancel/begin", data={"reason": "x"}).status_code == 404
    with pytest.raises(NotFound):
        done(lite, undelivered.retry, 99)


def test_the_lists_do_not_grow_with_the_rows(lite: World) -> None:
    supervisor, found = watched(lite), []
    hand_in(user(site(lite), "school2"))
    for number in (1, 9):
        for _ in range(number):
            sent(lite, instance_id=2)
        texted(lite, number)
        with counted(lite) as (statements, _):
            for name in ("messages", "texts"):
                assert supervisor.get(f"/monitor/{name}/").status_code == 200
        found.append(len(statements))
    assert found[0] == found[1]
