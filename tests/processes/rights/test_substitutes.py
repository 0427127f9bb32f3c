"""离岗代理: tasks, buttons of the diagram, edits, 撤回 and batches, under both names, in the window and for its processes only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import FourEyes, NotAllowed, NotFound, Refused
from processes.history import events_of
from processes.rights import substitutes
from processes.steps import acting, completing
from processes.tasks import claiming, inbox, opinions, withdrawing
from processes.tasks.actions import actions_for
from tests.conftest import World
from tests.processes.reviews import appoint, desk, do, hire, history, rows, sound, waiting
from tests.processes.steps.test_weekly_report import act, begin, status
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, user

pytestmark = pytest.mark.row("8.1")
BOTH = "何文员（代王强）（江苏省教育厅）"


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
    for away, stand_in, days, said in (
        ("clerk", "province1", (-1.0, 1.0), "不能互相代理"),
        ("province1", "clerk", (0.5, 3.0), "已经设置了代理人"),
        ("province1", "province1", (0.0, 1.0), "不能是本人"),
        ("clerk", "province1", (1.0, 1.0), "结束时间应晚于开始时间"),
        ("clerk", "province1", (-3.0, -2.0), "晚于现在"),
    ):
        with pytest.raises(Refused, match=said):
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


def drawn(**properties: str) -> bytes:
    """x, b (both the province's, b with the button 停), c."""
    body = node("startEvent", "start") + user("x") + user("b", withdrawable="true", **properties) + user("c")
    body += node("endEvent", "end", status="完成")
    body += boundary("stop", "b", message("停"), confirm="确定停吗？") + node("endEvent", "stopped", status="停了")
    lanes = {"试点院校": "start", "省级": "x b stop c"}
    return diagram(body + flows("start x", "x b", "b c", "c end", "stop stopped"), lanes, declared("停"))


def at_b(world: World, *roles: str, **properties: str) -> Play:
    play = Play(world, drawn(**properties))
    hire(world, "clerk", "何文员", *roles)
    play.act("province1b", "x")
    return play


def buttons(play: Play, account: str) -> list[str]:
    with play.world.runtime.database.reading() as session:
        found = actions_for(session, play.world.actor(account), "tiny", [play.report], play.world.clock())[play.report]
    return [f"{action.kind} {action.element}" for action in found]


def last(play: Play) -> str:
    with play.world.runtime.database.reading() as session:
        return str(events_of(session, play.instance)[-1].actor)


def done(play: Play, element: str) -> str:
    return str(next(t.id for t in play.tasks("done") if t.element == element))


def end(world: World) -> None:
    """Ends what 王强 has set up."""
    with world.runtime.database.writing() as session:
        for row in session.execute(substitutes.substitutions_of(world.actor("province1"))).all():
            substitutes.end(session, world.actor("province1"), row.id, world.clock())


def test_a_button_of_the_diagram(world: World) -> None:
    play = at_b(world)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotAllowed):
        play.call(acting.send, play.instance, "stop", account="clerk")
    appoint(world, "province1", "clerk")
    assert buttons(play, "clerk") == buttons(play, "province1") == ["task b", "message stop"]
    play.call(acting.send, play.instance, "stop", account="clerk")
    assert (play.status, last(play), play.faults()) == ("停了", BOTH, [])


@pytest.mark.parametrize("wrong", [{"keys": ["other"]}, {"days": (1, 2)}, {"existing": False, "days": (0, 1)}, {"away": "province2"}])
def test_not_outside_of_what_was_given(lite: World, wrong: dict[str, Any]) -> None:
    play = at_b(lite)
    lite.clock.now += timedelta(minutes=1)
    if wrong.pop("away", None) is None:
        appoint(lite, "province1", "clerk", **wrong)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotAllowed):
        play.call(acting.send, play.instance, "stop", account="clerk")
    play.act("province1", "b")
    assert "withdraw b" not in buttons(play, "clerk")
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")


def test_without_what_was_there_before_it_begins_with_the_next_place(lite: World) -> None:
    play = Play(lite, drawn())
    hire(lite, "clerk", "何文员")
    lite.clock.now += timedelta(minutes=1)
    appoint(lite, "province1", "clerk", days=(0, 1), existing=False)
    assert buttons(play, "clerk") == []
    lite.clock.now += timedelta(minutes=1)
    play.act("province1b", "x")
    assert buttons(play, "clerk") == ["task b", "message stop"]


def test_taking_back_what_the_absent_person_did_and_what_was_done_for_them(world: World) -> None:
    play = at_b(world)
    play.act("province1", "b")
    play.world.clock.now += timedelta(minutes=1)
    appoint(world, "province1", "clerk")
    assert buttons(play, "clerk") == ["task c", "withdraw b"]
    assert buttons(play, "province1b") == ["task c"]  # a colleague's act is nobody's but theirs
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="province1b")
    play.call(withdrawing.withdraw, done(play, "b"), account="clerk")
    assert (play.open(), last(play), play.faults()) == (["b"], BOTH, [])
    play.act("clerk", "b")
    play.call(withdrawing.withdraw, done(play, "b"), account="province1")  # what was done in his place is his
    assert (play.open(), last(play)) == (["b"], "王强（江苏省教育厅）")
    play.act("clerk", "b")
    world.clock.now += timedelta(minutes=1)
    end(world)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")


def test_four_eyes_hold_for_both_names(lite: World) -> None:
    play = Play(lite, drawn(fourEyesWith="x"))
    hire(lite, "clerk", "何文员", "省级")
    play.act("clerk", "x")
    appoint(lite, "province1", "clerk")
    with pytest.raises(FourEyes):
        play.act("clerk", "b")
    play.act("province1", "b")
    with pytest.raises(FourEyes):  # nor does she take back what she could not have done
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")
    assert play.open() == ["c"]


def test_who_sets_a_substitution_reads_that_it_does_not_chain(lite: World) -> None:
    """王强 → 何文员, and 何文员 → 曹助理 at the same time: 曹助理 gets nothing of 王强's, and both who set it are told."""
    hire(lite, "clerk", "何文员")
    hire(lite, "aide", "曹助理")
    assert appoint(lite, "province1", "clerk", (-1, 2)) == []
    assert appoint(lite, "clerk", "aide", (1, 4)) == [
        "您在 2026-11-26 至 2026-11-27 代理王强，王强的事项不会转给曹助理，请告知王强另选代理人。",
    ]
    lite.clock.now += timedelta(days=1.5)
    waiting(lite)
    assert (desk(lite, "clerk"), desk(lite, "aide")) == (["审核周报"], [])


def test_so_does_who_chooses_somebody_who_is_away(lite: World) -> None:
    hire(lite, "clerk", "何文员")
    hire(lite, "aide", "曹助理")
    appoint(lite, "clerk", "aide", (1, 2), keys=["weekly_report"])
    appoint(lite, "clerk", "aide", (1, 2), keys=["teacher"])
    assert appoint(lite, "province1", "clerk", (-1, 4), keys=["seal"]) == []  # another process
    assert appoint(lite, "province1", "clerk", (2, 4), keys=["weekly_report"]) == []  # another time
    assert appoint(lite, "province1", "clerk", (-1, 1.5), keys=["weekly_report", "teacher"]) == [
        "何文员在 2026-11-26 也不在岗，由曹助理代理。您的事项不会再转给曹助理，请另选代理人或调整时间。",
    ]
