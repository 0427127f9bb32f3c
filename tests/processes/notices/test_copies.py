"""抄送: who is told, who may send to whom, and what the diagram's `copyTo` does."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from domain.ground.parties import Person, actor_of
from forms import read_forms
from processes import tables
from processes.checks import problems
from processes.errors import NotFound, Refused
from processes.notices import copies
from processes.tasks import opinions
from tests.conftest import World
from tests.processes.bpmn import play as bpmn
from tests.processes.bpmn.votes import (
    answer,
    begun,
    voting,
)
from tests.processes.reviews import do, hire, history, sound, waiting
from tests.processes.tiny import Play, diagram, flows, node, user

pytestmark = pytest.mark.row("8.1")


def copied_to(world: World, account: str) -> list[tuple[str, str]]:
    """(title, sender) of what was copied to somebody."""
    with world.runtime.database.reading() as session:
        return [(row.title, row.sender) for row in session.execute(copies.copies_of(world.actor(account)))]


def notices(world: World, account: str) -> list[tuple[str, str]]:
    table = tables.notice
    with world.runtime.database.reading() as session:
        query = select(table.c.kind, table.c.text).where(table.c.person_id == world.actor(account).person_id).order_by(table.c.id)
        return [(kind, text) for kind, text in session.execute(query)]


def test_a_copy_is_a_line_of_history_and_a_message(world: World) -> None:
    _, instance, _ = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    people = [clerk.person_id, world.actor("school1").person_id, world.actor("province1").person_id]
    do(world, copies.send, "province1", instance, people, " 请知悉 ")
    assert history(world, instance)[-1] == ("王强（江苏省教育厅）", "抄送给张文、何文员", "请知悉")
    title = "金陵职业技术学院 2026年第48周周报"
    assert copied_to(world, "clerk") == copied_to(world, "school1") == [(title, "王强")]
    assert notices(world, "clerk") == [("copy", f"王强（江苏省教育厅）抄送给您：{title}。请知悉")]
    assert copied_to(world, "province1") == []
    sound(world)


def test_only_colleagues_and_people_concerned_get_one(world: World) -> None:
    _, instance, _ = waiting(world)
    clerk = hire(world, "clerk", "何文员")
    for people, message in (([], "请选择抄送的人员"), ([clerk.person_id, world.actor("school2").person_id], "只能抄送给本单位人员")):
        with pytest.raises(Refused, match=message):
            do(world, copies.send, "province1", instance, people, "")
    for stranger in ("clerk", "school2", "province2", "organization1"):
        with pytest.raises(NotFound):
            do(world, copies.send, stranger, instance, [world.actor("school1").person_id], "")
    assert copied_to(world, "clerk") == []


def test_in_another_party_a_copy_lends_nothing(lite: World) -> None:
    _, instance, _ = waiting(lite)
    clerk = hire(lite, "clerk", "何文员")
    do(lite, copies.send, "province1", instance, [clerk.person_id], "")
    with lite.runtime.database.writing() as session:
        assert copies.copied(session, clerk, instance)
        session.execute(update(Person).where(Person.id == clerk.person_id).values(party_id=lite.actor("province2").party_id))
    with lite.runtime.database.reading() as session:
        moved = actor_of(session, clerk.person_id)
        assert moved is not None
        assert not copies.copied(session, moved, instance)
        assert session.execute(copies.copies_of(moved)).all() == []


BODY = (
    node("startEvent", "start")
    + user("fill")
    + user("review", copyTo="试点院校,培训评价组织", outcomes="通过,退回")
    + node("endEvent", "end", status="完成")
    + flows("start fill", "fill review", "review end")
)
XML = diagram(BODY, {"试点院校": "start fill", "省级": "review end"})


def test_the_diagram_copies_a_done_task_to_the_roles_it_names(world: World) -> None:
    play = Play(world, XML)
    play.act("school1", "fill")
    assert copied_to(world, "school1") == []
    play.act("province1", "review", "退回")
    assert [line[:2] for line in play.history()][-2:] == [("task", "退回"), ("copy", "抄送给张文")]
    assert len(copied_to(world, "school1")) == 1
    assert copied_to(world, "organization1") == []
    assert play.faults() == []


def test_after_a_confirmation_and_never_to_oneself(lite: World) -> None:
    xml = diagram(BODY.replace("试点院校,培训评价组织", "省级"), {"试点院校": "start fill", "省级": "review end"})
    play = Play(lite, xml)
    play.act("school1", "fill")
    task = play.tasks()[0].id
    play.call(opinions.ask, task, "after", lite.actor("province1b").person_id, "", account="province1")
    play.act("province1", "review", "通过")
    assert copied_to(lite, "province1b") == []
    play.call(opinions.give, play.tasks()[0].id, "", account="province1b")
    assert (len(copied_to(lite, "province1")), copied_to(lite, "province1b")) == (1, [])
    assert play.faults() == []


def test_bad_roles_are_named_at_deployment(lite: World) -> None:
    engine, lanes = lite.runtime.engine, {"试点院校": "start fill", "省级": "review end"}
    for body, said in (
        (BODY, ""),
        (BODY.replace("培训评价组织", "校长"), "属性 copyTo 中的“校长”不是已有的角色"),
        (BODY.replace('name="status" value="完成"', 'name="copyTo" value="省级"'), "属性 copyTo 只能用在用户任务上"),
    ):
        found = problems(diagram(body, lanes), None, engine.handlers, engine.subjects, read_forms())
        assert [line for line in found if said in line] if said else not found


@pytest.mark.row("8.1")
def test_a_copy_tells_of_the_result_once(five: bpmn.Play) -> None:
    begun(five, voting(quorum="any", copyTo="试点院校"))
    school = five.world.actor("school1")

    def sent() -> int:
        with five.world.runtime.database.reading() as session:
            return len(session.execute(copies.copies_of(school)).all())

    answer(five, "province1", "不同意")
    assert sent() == 0
    answer(five, "province1b")
    assert sent() == 1
