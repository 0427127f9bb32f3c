"""转办: to whom a task may go, and what history says of it."""

from __future__ import annotations

import pytest

from domain.ground.parties import Person, PersonRole
from domain.platform.passwords import new_stamp
from forms import read_forms
from processes.deployment import deploying
from processes.errors import FourEyes, NotFound, Refused, TaskClosed
from processes.tasks import assigning
from tests.conftest import World
from tests.processes.reviews import desk, do, hire, history, sound, waiting
from tests.processes.steps.test_diagram_decides import FORM, changed
from tests.processes.steps.test_weekly_report import LATE, PERIOD_END, act, begin, open_task

pytestmark = pytest.mark.row("8.1")


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
