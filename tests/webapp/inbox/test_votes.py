"""会签 through the pages: the weekly report's review drawn as a vote of the province's people, with no line of Python."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from domain.ground.parties import Person, PersonRole
from forms import read_forms
from jobs.runtime import BPMN_FOLDER
from jobs.scenarios.playing import run_text
from processes import tables
from processes.deployment import deploying
from processes.monitor.verify import verify
from tests.conftest import World
from tests.counting import counted
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in

LOOP = '<bpmn:multiInstanceLoopCharacteristics isSequential="false" /></bpmn:userTask>'


def drawn(**properties: str) -> bytes:
    """The report's review as a 会签."""
    head, mark, tail = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8").partition('<bpmn:userTask id="review"')
    given = "".join(f'<spiffworkflow:property name="{name}" value="{value}" />' for name, value in properties.items())
    tail = tail.replace("<spiffworkflow:properties>", f"<spiffworkflow:properties>{given}", 1).replace("</bpmn:userTask>", LOOP, 1)
    return (head + mark + tail).encode()


def deploy(world: World, people: int = 0, **properties: str) -> None:
    """The report's review becomes a 会签 over everybody of 省级; `people` more of them."""
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, drawn(**properties), read_forms(), "郑工")
        party = world.actor("province1").party_id
        for number in range(people):
            person = Person(account=f"m{number}", name=f"委员{number}", mobile="13800000000", party_id=party, password_hash="x", stamp="x")
            session.add(person)
            session.flush()
            session.add(PersonRole(person_id=person.id, role="省级"))


def mine(world: World, account: str) -> str:
    table = tables.task
    with world.runtime.database.reading() as session:
        query = select(table.c.id).where(table.c.vote_id.is_not(None), table.c.assignee_id == world.actor(account).person_id)
        return f"/inbox/tasks/{session.scalars(query).one()}"


@pytest.mark.row("8.1")
def test_everybody_has_their_task_and_sees_how_it_stands(lite: World) -> None:
    deploy(lite, 3, collection="people", quorum="veto", withdrawable="true")
    app = site(lite)
    hand_in(user(app, "school1"))
    first, second, school = user(app, "province1"), user(app, "province1b"), user(app, "school1")
    address = mine(lite, "province1")
    assert mine(lite, "province1b") not in first.get("/inbox/").text
    inbox = first.get("/inbox/").text
    assert address in inbox
    assert "会签：已办 0/5，同意 0" in inbox
    assert f"{address}/release" not in inbox
    assert first.post(address, data={"outcome": "审核通过", "quality": "好"}).status_code == 302
    page = second.get(mine(lite, "province1b")).text
    assert "已办 1/5，同意 1" in page
    assert "一人不同意即不通过" in page
    record = school.get("/weekly/1").text
    assert "审核周报：会签中，已办 1/5，同意 1" in record
    assert "委员2" in record
    assert record.count("等待办理") == 4
    assert "审核通过（1/5）" in record
    urge = f"/records/tasks/{mine(lite, 'province1b').rpartition('/')[2]}/urge"
    assert urge in record
    assert school.post(urge, data={}).status_code == 302
    with lite.runtime.database.reading() as session:
        told = session.scalars(select(tables.notice.c.person_id).where(tables.notice.c.kind == "urge")).all()
        assert len(told) == len(set(told)) == 4  # all who have not answered
    assert second.post(mine(lite, "province1b"), data={"outcome": "审核退回", "quality": "差", "comment": "请补充"}).status_code == 302
    record = school.get("/weekly/1").text
    assert "会签结果：审核退回" in record
    assert "其余 3 项关闭" in record
    assert "审核周报：会签中" not in record
    assert "会签已有结果（审核退回）" in first.post(mine_of(lite, "委员0"), data={"outcome": "审核通过"}).text
    takes_back = f"/records/tasks/{mine(lite, 'province1b').rpartition('/')[2]}/withdraw"
    assert takes_back in second.get("/weekly/1").text
    assert takes_back not in first.get("/weekly/1").text
    second.post(takes_back)
    record = school.get("/weekly/1").text
    assert "审核周报：会签中，已办 1/5，同意 1" in record
    assert "结果（审核退回）撤销，重新办理 1 项，恢复 3 项" in record
    assert record.count("等待办理") == 4
    with lite.runtime.database.reading() as session:
        assert verify(lite.runtime.engine, session) == []


@pytest.mark.row("8.1")
def test_what_was_typed_stays_where_the_next_step_cannot_begin(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        session.execute(delete(PersonRole).where(PersonRole.role == "省级初审"))
    deploy(lite, collection="people", candidateGroup="省级初审")
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    answer = school.post("/weekly/1/edit", data={**FORM, "summary": "刚刚写下的概述", "act": "提交"})
    assert answer.status_code == 409
    assert "没有可以办理的人员（省级初审）" in answer.text
    assert "刚刚写下的概述" in answer.text


def mine_of(world: World, name: str) -> str:
    table = tables.task
    with world.runtime.database.reading() as session:
        person = session.scalars(select(Person.id).where(Person.name == name)).one()
        query = select(table.c.id).where(table.c.vote_id.is_not(None), table.c.assignee_id == person)
        return f"/inbox/tasks/{session.scalars(query).one()}"


@pytest.mark.row("8.1")
def test_pages_ask_no_more_of_the_database_however_many_are_asked(lite: World) -> None:
    deploy(lite, 3, collection="people", quorum="all")
    app = site(lite)
    hand_in(user(app, "school1"))
    province = user(app, "province1")
    addresses = ("/weekly/1", "/inbox/", mine(lite, "province1"))
    few = [asked(lite, province, address) for address in addresses]
    with lite.runtime.database.writing() as session:
        table = tables.task
        row = dict(session.execute(select(table).where(table.c.assignee_id == lite.actor("province1b").person_id)).first()._mapping)  # type: ignore[union-attr]
        session.execute(table.insert(), [{**row, "id": f"x{n}", "number": n + 5} for n in range(300)])
        session.execute(tables.vote.update().values(total=305))
    assert [asked(lite, province, address) for address in addresses] == few
    assert "另有 255 人" in province.get("/weekly/1").text


def asked(world: World, client: FlaskClient, address: str) -> int:
    with counted(world) as (statements, _):
        assert client.get(address).status_code == 200
    return len(statements)


def test_verify_sees_counts_that_do_not_fit(lite: World) -> None:
    deploy(lite, 1, collection="people", quorum="all")
    app = site(lite)
    hand_in(user(app, "school1"))
    with lite.runtime.database.reading() as session:
        assert verify(lite.runtime.engine, session) == []
    for values, said in (({"answered": 1}, "票数"), ({"total": 9, "answered": 0}, "应办数"), ({"total": 3, "state": "agreed"}, "已结束")):
        with lite.runtime.database.writing() as session:
            session.execute(tables.vote.update().values(values))
        with lite.runtime.database.reading() as session:
            assert any(said in line for line in verify(lite.runtime.engine, session))


@pytest.mark.row("8.3")
def test_a_designer_tries_out_who_answers_what() -> None:
    report = run_text(
        drawn(collection="people", quorum="all"),
        """
- name: 两人会签
  at: '2026-11-24 09:00'
  steps:
    - {as: school1, do: new}
    - as: school1
      do: complete
      outcome: 提交
      form:
        contact: 张文
        mobile: '13900000000'
        summary: 本周完成培训
        lines: [{certificate: Web前端开发, trained: 30}]
      expect: {status: 待审核, tasks: [审核周报, 审核周报], buttons: {province1b: [审核通过, 审核退回]}}
    - {as: province1b, do: complete, outcome: 审核通过, form: {quality: 好}, expect: {status: 待审核, tasks: [审核周报]}}
    - {as: province1, do: complete, outcome: 审核通过, form: {quality: 好}, expect: {status: 审核通过, tasks: []}}
""",
    )
    assert report.failures == ()
