"""Four eyes hold through 转办, 委派, 加签 and 离岗代理."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from domain.ground.parties import PersonRole, actor_of
from forms import read_forms
from processes.deployment import deploying
from processes.errors import FourEyes
from processes.states import OPINIONS
from processes.steps import completing
from processes.tasks import assigning, opinions
from tests.conftest import NOON, World
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, user
from tests.processes.reviews import appoint, do, every_row, hire, rows, second_review, waiting
from tests.processes.steps.test_diagram_decides import FORM, changed
from tests.processes.steps.test_weekly_report import open_task

pytestmark = pytest.mark.row("8.1")


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
    (after,) = [row.id for row in every_row(lite, play.instance) if row.kind == "after"]
    with pytest.raises(FourEyes):
        do(lite, opinions.give, "province1b", after, "")
