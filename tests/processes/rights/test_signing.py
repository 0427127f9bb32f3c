"""An outcome that is a signature (`signs`): who gives it has proved shortly before who they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.ground.parties import PROOF_HOLDS, SYSTEM, Actor
from jobs.scenarios.playing import run_text
from processes import tables
from processes.errors import FormInvalid, FourEyes, NotProved
from processes.history import SIGNED, events_of
from processes.rights import substitutes
from processes.steps import completing, starting
from processes.tasks import opinions
from tests.conftest import NOON, World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.reviews import appoint, do, every_row, hire

pytestmark = pytest.mark.row("4.2.1")
SIGN = start() + user("a", outcomes="签发,拒绝签发", signs="签发", commentRequired="拒绝签发") + end() + flows("start>a a>end")
MOMENT = timedelta(microseconds=1)


def begun(product: World, inside: str = SIGN) -> Play:
    product.clock.now = NOON
    play = Play(product)
    play.deploy(diagram(inside))
    play.begin()
    return play


def sign(play: Play, actor: Actor, outcome: str = "签发", comment: str | None = None) -> None:
    (task,) = play.open()
    with play.step() as session:
        completing.complete(play.world.runtime.engine, session, actor, task.id, outcome, None, comment)


def kept(play: Play) -> list[dict[str, object] | None]:
    """What history keeps of what people decided."""
    with play.world.runtime.database.reading() as session:
        return [line.data for line in events_of(session, play.instance) if line.kind == "task"]


def proved(product: World, account: str, at: datetime = NOON) -> Actor:
    return replace(product.actor(account), proved_at=at)


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=9), PROOF_HOLDS])
def test_who_gave_the_password_in_the_last_ten_minutes_signs(product: World, age: timedelta) -> None:
    play = begun(product)
    sign(play, proved(product, "province1", NOON - age))
    assert play.ended
    (line,) = kept(play)
    assert line is not None
    assert datetime.fromisoformat(str(line[SIGNED])) == NOON - age


@pytest.mark.parametrize("at", [None, NOON - PROOF_HOLDS - MOMENT, NOON - timedelta(days=1), NOON + MOMENT, NOON + timedelta(days=365)])
def test_nobody_else_does(product: World, at: datetime | None) -> None:
    """Nor whose password was given at a moment that lies ahead, as of a clock that was wrong."""
    play = begun(product)
    with pytest.raises(NotProved, match="“签发”是签名，请先输入您的登录密码"):
        sign(play, replace(product.actor("province1"), proved_at=at))
    assert play.tasks() == ["a"]
    assert kept(play) == []


def test_what_is_no_signature_needs_no_password(product: World) -> None:
    play = begun(product)
    sign(play, product.actor("province1"), "拒绝签发", "照片不是本人")
    assert kept(play) == [None]


def test_the_system_signs_nothing(product: World) -> None:
    play = begun(product)
    (task,) = play.open()
    system = replace(SYSTEM, party_id=task.party_id, roles=frozenset({"省级"}))
    with pytest.raises(NotProved), play.step() as session:
        completing.complete(product.runtime.engine, session, system, task.id, "签发")


def test_what_takes_long_is_measured_by_when_it_was_begun(product: World) -> None:
    play = begun(product)
    product.clock.now = NOON + timedelta(hours=5)
    with pytest.raises(NotProved):
        sign(play, replace(proved(product, "province1", NOON - PROOF_HOLDS - MOMENT), began_at=NOON))
    sign(play, replace(proved(product, "province1", NOON - PROOF_HOLDS), began_at=NOON))
    assert play.ended


def test_what_is_missing_besides_is_said_first(product: World) -> None:
    play = begun(product, SIGN.replace('value="签发"', 'value="签发,拒绝签发"'))
    with pytest.raises(FormInvalid):
        sign(play, product.actor("province1"), "拒绝签发")
    with pytest.raises(NotProved):
        sign(play, product.actor("province1"), "拒绝签发", "照片不是本人")


def test_a_first_task_that_is_handed_in_at_once_may_be_a_signature(product: World) -> None:
    """保存并提交: the process starts and its author signs in one step."""
    product.clock.now = NOON
    play = Play(product)
    play.deploy(diagram(start() + user("a", lane="试点院校", outcomes="提交", signs="提交") + end() + flows("start>a a>end")))
    engine, actor = product.runtime.engine, product.actor("school1")
    with pytest.raises(NotProved), product.runtime.database.writing() as session:
        starting.start(engine, session, actor, "tiny", play.record(session, actor), "提交")
    with product.runtime.database.writing() as session:
        play.instance, _ = starting.start(engine, session, proved(product, "school1"), "tiny", play.record(session, actor), "提交")
    assert play.ended
    assert kept(play) == [{SIGNED: "2026-11-25T04:00:00+00:00"}]


def test_who_stands_in_signs_with_the_own_password(lite: World) -> None:
    play = begun(lite)
    hire(lite, "clerk", "何文员")
    appoint(lite, "province1", "clerk")
    with pytest.raises(NotProved):
        sign(play, lite.actor("clerk"))
    sign(play, proved(lite, "clerk"))
    with lite.runtime.database.reading() as session:
        assert next(line.actor for line in events_of(session, play.instance) if line.kind == "task").startswith("何文员（代王强）")
        assert substitutes.roles_lent(session, lite.actor("clerk"), "tiny", NOON) == lite.actor("province1").roles


def test_who_may_not_sign_is_not_asked_for_a_password(lite: World) -> None:
    two = user("a") + user("b", outcomes="签发", signs="签发", fourEyesWith="a")
    play = begun(lite, start() + two + end() + flows("start>a a>b b>end"))
    play.complete("a")
    with pytest.raises(FourEyes):
        sign(play, lite.actor("province1"))


def test_a_signature_that_others_confirm_is_proved_when_it_is_given(lite: World) -> None:
    """后加签: the opinion is no signature, and may come days later."""
    play = begun(lite)
    (task,) = play.open()
    do(lite, opinions.ask, "province1", task.id, "after", lite.actor("province1b").person_id, "")
    with pytest.raises(NotProved):
        sign(play, lite.actor("province1"))
    sign(play, proved(lite, "province1"))
    lite.clock.now += timedelta(days=3)
    (after,) = [row.id for row in every_row(lite, play.instance) if row.kind == "after"]
    do(lite, opinions.give, "province1b", after, "同意")
    assert play.ended


def test_each_answer_of_a_vote_is_a_signature(lite: World) -> None:
    loop = "<multiInstanceLoopCharacteristics/>"
    play = begun(
        lite, start() + user("a", inside=loop, collection="people", outcomes="同意", signs="同意") + end() + flows("start>a a>end")
    )
    asked = {task.assignee_id: task.id for task in play.open()}
    people = [actor for actor in lite.actors.values() if actor.person_id in asked]
    assert people
    for actor in people:
        with pytest.raises(NotProved), play.step() as session:
            completing.complete(lite.runtime.engine, session, actor, asked[actor.person_id], "同意")
        with play.step() as session:
            completing.complete(lite.runtime.engine, session, replace(actor, proved_at=NOON), asked[actor.person_id], "同意")
    assert play.ended


def test_the_history_that_says_so_cannot_be_changed_unseen(lite: World) -> None:
    play = begun(lite)
    sign(play, proved(lite, "province1"))
    with lite.runtime.database.writing() as session:
        table = tables.event
        line = (table.c.instance_id == play.instance, table.c.kind == "task")
        session.execute(update(table).where(*line).values(data={SIGNED: (NOON - timedelta(minutes=1)).isoformat()}))
    with pytest.raises(AssertionError):
        play.sound()


def test_in_a_scenario_people_have_just_logged_in_unless_it_says_otherwise(lite: World) -> None:
    path = Path(__file__).parents[3] / "bpmn" / "weekly_report.bpmn"
    line = '<spiffworkflow:property name="outcomes" value="审核通过,审核退回" />'
    text = path.read_text(encoding="utf-8")
    assert line in text
    signed = text.replace(line, f'{line}<spiffworkflow:property name="signs" value="审核通过" />')
    form = "{contact: 张文, mobile: '13900000000', summary: 本周完成培训两期, lines: [{certificate: 网店运营, trained: 42}]}"
    steps = (
        "{as: school1, do: new}",
        f"{{as: school1, do: complete, outcome: 提交, form: {form}}}",
        "{as: province1, do: complete, outcome: 审核通过, form: {quality: 好}, proved: false, refused: “审核通过”是签名}",
        "{as: province1, do: complete, outcome: 审核通过, form: {quality: 好}, expect: {status: 审核通过}}",
    )
    head = "- name: 甲\n  at: '2026-11-25 09:00'\n  steps:\n"
    report = run_text(signed.encode(), head + "".join(f"    - {step}\n" for step in steps))
    assert report.failures == ()
