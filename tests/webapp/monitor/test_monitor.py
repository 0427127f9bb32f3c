"""流程监控 (row 8.4): what a supervisor sees and does, and that nobody else gets in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.platform.background import BackgroundFailure, BackgroundTask
from forms import read_forms
from jobs.background import run_task
from jobs.runtime import BPMN_FOLDER
from processes import tables
from processes.deployment import deploying
from processes.monitor.overview import Numbers, element_loads, numbers
from tests.conftest import World
from tests.counting import counted
from tests.webapp.clients import site, user
from tests.webapp.monitor.watching import faults, row, watched
from tests.webapp.weekly.reports import hand_in

pytestmark = pytest.mark.row("8.4")


@pytest.mark.parametrize("account", ["school1", "province1", "designer", "operator", "organization1"])
def test_nobody_else_gets_in(lite: World, account: str) -> None:
    watched(lite)
    client = user(site(lite), account)
    for address in ("/monitor/", "/monitor/instances/"):
        assert client.get(address).status_code == 403
    for address in ("/monitor/instances/1/", "/monitor/processes/weekly_report/1/", "/monitor/instances/1/diagram.json"):
        assert client.get(address).status_code == 404
    assert client.post("/monitor/instances/1/acts/cancel", data={"reason": "看看"}).status_code == 404
    assert client.post("/monitor/instances/cancel/begin", data={"reason": "看看", "ids": "1"}).status_code == 404
    assert "流程监控" not in client.get("/").text
    assert row(lite).ended_at is None


def test_what_runs_where_it_stands_and_how_long(world: World) -> None:
    app = site(world)
    for account in ("school1", "school2"):
        hand_in(user(app, account))
    hand_in(user(app, "school3"), "保存")
    with world.runtime.database.writing() as session:
        table = tables.instance
        for id, days in ((1, 5), (2, 1)):
            session.execute(update(table).where(table.c.id == id).values(position_since=world.clock() - timedelta(days=days)))
        session.execute(update(table).where(table.c.id == 2).values(incident="短信服务没有回应"))
        session.execute(update(tables.task).where(tables.task.c.instance_id == 1).values(due_at=world.clock() - timedelta(hours=1)))
    with world.runtime.database.reading() as session:
        (definition_id,) = {r.definition_id for r in (row(world, 1), row(world, 2), row(world, 3))}
        assert numbers(session, world.clock()) == {definition_id: Numbers(3, 0, 1, 1)}
        reviewed, drafted = element_loads(session, definition_id)
    assert (reviewed.element, reviewed.count, drafted.element, drafted.count) == ("review", 2, "fill", 1)
    assert world.clock() - reviewed.oldest == timedelta(days=5)
    assert world.clock() - reviewed.median == timedelta(days=5)
    supervisor = user(app, "supervisor")
    assert "流程监控" in supervisor.get("/").text
    assert "<b>3</b>运行中" in supervisor.get("/monitor/").text
    page = supervisor.get("/monitor/processes/weekly_report/1/").text
    assert "审核周报" in page
    assert "5 天" in page
    heat = supervisor.get("/monitor/processes/weekly_report/1/heat.json").json["heat"]
    assert heat == {"review": {"level": 5, "count": "2"}, "fill": {"level": 3, "count": "1"}}
    aged = supervisor.get("/monitor/processes/weekly_report/1/heat.json?by=age").json["heat"]
    assert aged == {"review": {"level": 5, "count": "5 天"}, "fill": {"level": 1, "count": "0 分钟"}}
    assert supervisor.get("/monitor/processes/weekly_report/9/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["金陵", "太湖"]),
        ("?process=周报", ["金陵", "太湖"]),
        ("?process=教师", []),
        ("?version=1", ["金陵", "太湖"]),
        ("?version=2", []),
        ("?place=review", ["金陵"]),
        ("?place=未提交", ["太湖"]),
        ("?party=太湖", ["太湖"]),
        ("?title=金陵", ["金陵"]),
        ("?state=失败", ["太湖"]),
        ("?state=已结束", []),
        ("?state=已挂起", []),
        ("?age=3+天以上", ["金陵"]),
        ("?late=已逾期", ["太湖"]),
        ("?version=x", []),
    ],
)
def test_the_list_is_filtered(lite: World, query: str, found: list[str]) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    hand_in(user(app, "school2"), "保存")
    long_ago = lite.clock() - timedelta(days=4)
    with lite.runtime.database.writing() as session:
        session.execute(update(tables.instance).where(tables.instance.c.id == 1).values(position_since=long_ago))
        session.execute(update(tables.instance).where(tables.instance.c.id == 2).values(incident="坏了", position_since=lite.clock()))
        session.execute(update(tables.task).where(tables.task.c.instance_id == 2).values(due_at=lite.clock() - timedelta(minutes=1)))
    page = user(app, "supervisor").get(f"/monitor/instances/{query}").text
    assert [name for name in ("金陵", "太湖") if f"{name}职业" in page] == found


def test_the_pages_do_not_grow_with_the_rows(lite: World) -> None:
    app = site(lite)
    supervisor = user(app, "supervisor")
    found = []
    for account in ("school1", "school2"):
        hand_in(user(app, account))
        with counted(lite) as (statements, _):
            for address in ("/monitor/", "/monitor/instances/", "/monitor/processes/weekly_report/1/", "/monitor/instances/1/"):
                assert supervisor.get(address).status_code == 200
        found.append(len(statements))
    assert found[0] == found[1]


def test_an_instance_is_suspended_resumed_and_called_off(lite: World) -> None:
    supervisor = watched(lite)
    page = supervisor.get("/monitor/instances/1/").text
    assert "金陵" in page
    assert "fill_outcome" in page  # what the process knows
    assert "确定挂起" in page
    assert "确定恢复" not in page
    for act, said in (("suspend", "已挂起。"), ("resume", "已恢复。"), ("cancel", "已终止。")):
        answer = supervisor.post(f"/monitor/instances/1/acts/{act}", data={"reason": "核查数据"}, follow_redirects=True)
        assert said in answer.text
        assert faults(lite) == []
        if act == "suspend":
            for account, address in (("school1", "/weekly/1"), ("school1", "/weekly/1/edit"), ("province1", "/inbox/")):
                assert "挂起" in user(site(lite), account).get(address).text
    assert row(lite).status == "已终止"
    again = supervisor.post("/monitor/instances/1/acts/resume", data={"reason": "核查"}, follow_redirects=True).text
    assert "流程已结束，不能再作处理" in again
    assert "终止流程：核查数据" in again
    assert supervisor.post("/monitor/instances/1/acts/explode", data={"reason": "x"}).status_code == 404
    assert supervisor.get("/monitor/instances/99/").status_code == 404


def test_without_a_reason_nothing_is_done(lite: World) -> None:
    supervisor = watched(lite)
    answer = supervisor.post("/monitor/instances/1/acts/cancel", data={"reason": " "}, follow_redirects=True)
    assert "请填写原因" in answer.text
    assert row(lite).ended_at is None


def test_a_task_is_reassigned(lite: World) -> None:
    supervisor = watched(lite)
    with lite.runtime.database.reading() as session:
        task = session.execute(select(tables.task).where(tables.task.c.state == "open")).one()
    page = supervisor.get("/monitor/instances/1/").text
    assert "赵琳" in page
    data = {"to": str(lite.actor("province1b").person_id), "reason": "原办理人休假"}
    assert "已改派。" in supervisor.post(f"/monitor/tasks/{task.id}/reassign", data=data, follow_redirects=True).text
    assert "冯敏（平台运营）改派给您" in user(site(lite), "province1b").get("/messages/").text
    data["to"] = str(lite.actor("school1").person_id)
    assert "只能改派给本机构" in supervisor.post(f"/monitor/tasks/{task.id}/reassign", data=data, follow_redirects=True).text
    assert supervisor.post("/monitor/tasks/none/reassign", data=data).status_code == 404
    assert supervisor.post(f"/monitor/tasks/{task.id}/reassign", data={**data, "to": "nobody"}).status_code == 404


@pytest.mark.parametrize("everything", [False, True])
def test_many_at_once_each_failing_alone(world: World, everything: bool) -> None:
    supervisor = watched(world, "school1", "school2", "school3")
    supervisor.post("/monitor/instances/2/acts/cancel", data={"reason": "重复"})
    chosen = {"all": "1", "filter": "state=&version=1"} if everything else {"ids": ["1", "2", "3"]}
    asked = supervisor.post("/monitor/instances/suspend", data=chosen)
    assert "将对 <b>3</b> 个流程挂起" in asked.text
    assert row(world).suspended_at is None
    assert supervisor.post("/monitor/instances/suspend/begin", data={**chosen, "reason": ""}).status_code == 409
    assert supervisor.post("/monitor/instances/suspend/begin", data={**chosen, "reason": "系统升级"}).status_code == 302
    with world.runtime.database.reading() as session:
        task_id = session.scalars(select(BackgroundTask.id)).one()
    assert run_task(world.runtime, task_id)
    with world.runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, task_id)
        failure = session.scalars(select(BackgroundFailure)).one()
    assert (task.state, task.done, task.failed) == ("done", 2, 1)
    assert (failure.record_id, failure.reason) == (2, "流程已结束，不能再作处理")
    assert row(world, 1).suspended_at == row(world, 3).suspended_at == world.clock()
    assert faults(world) == []
    assert "/monitor/instances/2/" in supervisor.get(f"/background/{task_id}").text


def test_what_somebody_who_left_had_taken_is_released(world: World) -> None:
    supervisor = watched(world, "school1", "school2")
    with world.runtime.database.reading() as session:
        task = session.scalars(select(tables.task.c.id).where(tables.task.c.instance_id == 1, tables.task.c.state == "open")).one()
    reviewer = user(site(world), "province1")
    assert reviewer.post(f"/inbox/tasks/{task}/claim").status_code == 302
    page = supervisor.get("/monitor/instances/?assignee=王强").text
    assert "金陵职业" in page
    assert "太湖职业" not in page
    supervisor.post("/monitor/instances/release/begin", data={"all": "1", "filter": "state=运行中", "reason": "王强已调离"})
    assert run_task(world.runtime, 1)
    with world.runtime.database.reading() as session:
        assert session.scalar(select(tables.task.c.assignee_id).where(tables.task.c.id == task)) is None
        failure = session.scalars(select(BackgroundFailure)).one()
    assert (failure.record_id, failure.reason) == (2, "此流程没有已被签收或改派的待办，无需释放")
    told = supervisor.get("/monitor/instances/1/").text
    assert "释放“审核周报”给“省级”角色的全部人员" in told
    assert "王强已调离" in told
    assert faults(world) == []
    assert user(site(world), "province1b").get(f"/inbox/tasks/{task}").status_code == 200


def test_who_is_no_longer_in_charge_does_nothing(lite: World) -> None:
    supervisor = watched(lite)
    supervisor.post("/monitor/instances/cancel/begin", data={"ids": "1", "reason": "升级"})
    with lite.runtime.database.writing() as session:
        from domain.ground.parties import PersonRole

        session.execute(update(PersonRole).where(PersonRole.role == "监控").values(role="流程设计"))
    assert run_task(lite.runtime, 1)
    assert row(lite).ended_at is None


def second_version(world: World, change: tuple[str, str] = ('value="待审核"', 'value="待省级审核"')) -> None:
    """Deploys a changed 周报."""
    xml = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, xml.replace(*change).encode(), read_forms(), "郑工")


def renamed(world: World) -> None:
    """A second version in which the review is another element."""
    xml = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    for mark in ('id="{}"', ">{}<", 'Ref="{}"', 'bpmnElement="{}"'):
        xml = xml.replace(mark.format("review"), mark.format("check"))
    xml = xml.replace("review_outcome", "check_outcome").replace('"review"', '"check"')
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, xml.encode(), read_forms(), "郑工")


@pytest.mark.row("8.3")
def test_one_is_migrated_after_a_look_and_that_is_undone(lite: World) -> None:
    supervisor = watched(lite)
    assert "没有其他版本" in supervisor.get("/monitor/instances/1/migrate").text
    second_version(lite)
    page = supervisor.get("/monitor/instances/1/migrate").text
    assert "待省级审核" in page
    assert "位置不变" in page
    data = {"version": "2", "seen": str(row(lite).version), "reason": "新规定"}
    answer = supervisor.post("/monitor/instances/1/migrate", data=data, follow_redirects=True).text
    assert "已迁移到第 2 版" in answer
    assert row(lite).status == "待省级审核"
    assert "撤销迁移" in answer
    assert "又有变化" in supervisor.post("/monitor/instances/1/migrate", data={**data, "version": "1"}, follow_redirects=True).text
    assert "已撤销迁移。" in supervisor.post("/monitor/instances/1/acts/undo", data={"reason": "弄错了"}, follow_redirects=True).text
    assert (row(lite).status, faults(lite)) == ("待审核", [])
    assert "确定撤销迁移" not in supervisor.get("/monitor/instances/1/").text
    for account, address in (("school1", "/weekly/1"), ("province1", "/inbox/")):
        assert user(site(lite), account).get(address).status_code == 200


@pytest.mark.row("8.3")
def test_where_the_element_is_gone_somebody_says_where(lite: World) -> None:
    supervisor = watched(lite)
    renamed(lite)
    page = supervisor.get("/monitor/instances/1/migrate").text
    assert "目前不能迁移：“审核周报”在第 2 版中已不存在或类型已改变" in page
    chosen = supervisor.get("/monitor/instances/1/migrate?version=2&to:review=check").text
    assert "改停在所选的环节" in chosen
    data = {"version": "2", "seen": str(row(lite).version), "reason": "新规定"}
    assert "已不存在" in supervisor.post("/monitor/instances/1/migrate", data=data, follow_redirects=True).text
    with lite.runtime.database.reading() as session:
        old = session.scalars(select(tables.task.c.id).where(tables.task.c.state == "open")).one()
    supervisor.post("/monitor/instances/1/migrate", data={**data, "to:review": "check"})
    province = user(site(lite), "province1")
    for late in (province.get(f"/inbox/tasks/{old}"), province.post(f"/inbox/tasks/{old}", data={"outcome": "审核通过"})):
        assert late.status_code == 409
        assert "冯敏（平台运营）已于" in late.text
    assert (row(lite).position, faults(lite)) == ("check", [])
    for account, address in (
        ("school1", "/weekly/1"),
        ("school1", "/inbox/?tab=done"),
        ("school1", "/weekly/"),
        ("province1", "/weekly/1"),
    ):
        assert user(site(lite), account).get(address).status_code == 200


def test_a_token_is_moved(lite: World) -> None:
    supervisor = watched(lite)
    with lite.runtime.database.reading() as session:
        task = session.execute(select(tables.task).where(tables.task.c.state == "open")).one()
    page = supervisor.get("/monitor/instances/1/move").text
    assert "填写周报（试点院校）" in page
    data = {"token": task.id, "to": "revise", "reason": "数据有误"}
    assert "已跳转。" in supervisor.post("/monitor/instances/1/move", data=data, follow_redirects=True).text
    assert (row(lite).position, faults(lite)) == ("revise", [])
    assert "已不在所选的位置" in supervisor.post("/monitor/instances/1/move", data=data, follow_redirects=True).text


@pytest.mark.row("8.3")
def test_who_deploys_a_version_says_what_becomes_of_those_that_run(world: World) -> None:
    watched(world, "school1", "school2")
    designer = user(site(world), "designer")
    assert "旧版本上没有运行中的流程" in designer.get("/designer/weekly_report/running").text
    second_version(world)
    page = designer.get("/designer/weekly_report/running").text
    assert "可以迁移 <b>2</b> 个，不能迁移 <b>0</b> 个" in page
    assert "金陵" not in page
    assert "运行中的流程" in designer.get("/designer/weekly_report/").text
    assert designer.post("/designer/weekly_report/1/migrate", data={"reason": ""}).status_code == 409
    assert designer.post("/designer/weekly_report/1/migrate", data={"reason": "新规定"}).status_code == 302
    with world.runtime.database.reading() as session:
        task_id = session.scalars(select(BackgroundTask.id)).one()
    assert run_task(world.runtime, task_id)
    assert {row(world, id).status for id in (1, 2)} == {"待省级审核"}
    assert faults(world) == []


@pytest.mark.row("8.3")
def test_those_that_cannot_be_migrated_are_told_why_and_stay(lite: World) -> None:
    watched(lite, "school1", "school2")
    renamed(lite)
    designer = user(site(lite), "designer")
    page = designer.get("/designer/weekly_report/running").text
    assert "不能迁移 <b>2</b> 个" in page
    assert "2 个：“审核周报”在第 2 版中已不存在" in page
    designer.post("/designer/weekly_report/1/migrate", data={"reason": "新规定"})
    assert run_task(lite.runtime, 1)
    with lite.runtime.database.reading() as session:
        failures = session.scalars(select(BackgroundFailure)).all()
    assert [(f.label, "已不存在" in f.reason) for f in failures] == [("流程实例 1", True), ("流程实例 2", True)]
    assert {row(lite, id).status for id in (1, 2)} == {"待审核"}
    told = designer.get("/background/1").text
    assert "流程实例 1" in told
    assert "/monitor/" not in told  # a page that designers may not open


@pytest.mark.row("8.4")
def test_what_a_job_carries_is_read_by_who_may_read_the_record(lite: World) -> None:
    app = site(lite)
    user(app, "school1").post("/teachers/new", data={"name": "王小明", "mobile": "13911110000", "act": "保存"})
    with lite.runtime.database.reading() as session:
        job = session.execute(select(tables.job)).first()
        assert job is not None
    page = user(app, "supervisor").get(f"/monitor/instances/{job.instance_id}/").text
    assert "内容只有可以查看该记录的人能看到" in page
    assert "13911110000" not in page
