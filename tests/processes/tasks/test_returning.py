"""撤回 and 退回 through everything a diagram can hold; after each the books are right."""

from __future__ import annotations

from typing import Any

import pytest

from domain.ground.handling import External, Inline
from processes import tables
from processes.errors import FormInvalid, NotFound, Refused, TaskClosed
from processes.spiff import tokens
from processes.spiff.state import load_state
from processes.steps import acting, completing
from processes.tasks import returning, withdrawing
from processes.tasks.actions import actions_for
from tests.conftest import World
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, service, timer, user

START, END = node("startEvent", "start"), node("endEvent", "end", status="完成")


def drawn(body: str, school: str, province: str = "", system: str = "") -> bytes:
    lanes = {"试点院校": f"start {school}", "省级": province, "系统": system}
    return diagram(START + body + END, {role: ids for role, ids in lanes.items() if ids}, declared("停"))


def linear() -> bytes:
    body = user("a", withdrawable="true") + user("b", withdrawable="true") + user("c", returnable="any")
    return drawn(body + flows("start a", "a b", "b c", "c end"), "a b", "c")


def parallel() -> bytes:
    body = user("a") + node("parallelGateway", "split") + user("b1", withdrawable="true") + user("b2", returnable="a,b1")
    body += user("c") + node("parallelGateway", "join") + user("d", returnable="any")
    return drawn(
        body + flows("start a", "a split", "split b1", "split c", "b1 b2", "b2 join", "c join", "join d", "d end"), "a b1 b2 c", "d"
    )


def inner(end: str = "e") -> str:
    return node("startEvent", "s") + user("b1") + user("b2", returnable="any") + node("endEvent", end) + flows("s b1", "b1 b2", f"b2 {end}")


def back(play: Play, account: str, element: str, to: str, comment: str = "请补充") -> None:
    task = next(t for t in play.tasks() if t.element == element)
    play.call(returning.send_back, task.id, to, comment, account=account)
    assert play.faults() == []


def take_back(play: Play, account: str, element: str) -> None:
    task = [t for t in play.tasks("done") if t.element == element][-1]
    play.call(withdrawing.withdraw, task.id, account=account)
    assert play.faults() == []


def data(play: Play, element: str) -> dict[str, Any]:
    """The data of a waiting task, as the database has them."""
    workflow = load_state(play.row.state, *play.definition.specs)
    found: dict[str, Any] = next(t.data for t in tokens.waiting(workflow) if t.task_spec.bpmn_id == element)
    return {k: v for k, v in found.items() if k.endswith("_outcome")}


def finish(play: Play, *acts: str) -> None:
    """`"account element"` one after the other, to the end."""
    for act in acts:
        account, element = act.split()
        play.act(account, element)
        assert play.faults() == []
    assert play.status == "完成"
    assert play.open() == []


@pytest.mark.row("8.1")
def test_back_along_a_line(world: World) -> None:
    play = Play(world, linear())
    play.act("school1", "a")
    play.act("school1", "b")
    first = play.tasks("done")
    with pytest.raises(FormInvalid):
        back(play, "province1", "c", "a", " ")
    with pytest.raises(FormInvalid):
        back(play, "province1", "c", "")
    for wrong in ("c", "end", "nothing"):
        with pytest.raises(Refused, match="不能退回到所选的步骤"):
            back(play, "province1", "c", wrong)
    (task,) = play.tasks()
    with world.runtime.database.reading() as session:
        assert [e.id for e in returning.choices(session, task)] == ["a", "b"]
    back(play, "province1", "c", "a")
    assert (play.open(), play.status, data(play, "a")) == (["a"], "a", {})
    assert play.history()[-1] == ("return", "退回到“a”", "请补充")
    (closed,) = play.tasks("done")
    assert (closed.element, closed.outcome, closed.closed_by) == ("c", "退回", world.actor("province1").person_id)
    assert [t.id for t in play.tasks("undone")] == [t.id for t in first]
    assert play.tasks()[0].id not in {t.id for t in first}
    with pytest.raises(TaskClosed, match="退回到“a”"):
        play.call(completing.complete, closed.id, "提交", None, None, account="province1")
    play.act("school1", "a")
    play.act("school1", "b")
    back(play, "province1", "c", "b")
    assert data(play, "b") == {"a_outcome": "提交"}
    finish(play, "school1 b", "province1 c")


@pytest.mark.row("8.1")
def test_own_last_act_is_taken_back_until_somebody_acts_on_it(world: World) -> None:
    play = Play(world, linear())
    play.act("school1", "a")
    (done,) = play.tasks("done")
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done.id, account="province1")
    take_back(play, "school1", "a")
    assert (play.open(), play.status, data(play, "a")) == (["a"], "a", {})
    assert play.history()[-1] == ("withdraw", "撤回", None)
    with pytest.raises(Refused, match=r"已于 .* 撤回“a”，不能撤回"):  # it is no longer done
        play.call(withdrawing.withdraw, done.id, account="school1")
    play.act("school1", "a")
    play.act("school1", "b")
    with pytest.raises(Refused, match=r"张文.*办理：提交，不能撤回"):
        take_back(play, "school1", "a")
    take_back(play, "school1", "b")
    assert data(play, "b") == {"a_outcome": "提交"}
    finish(play, "school1 b", "province1 c")
    with pytest.raises(Refused, match="流程已结束"):
        take_back(play, "school1", "b")


@pytest.mark.row("8.1")
def test_buttons_say_what_the_steps_allow(world: World) -> None:
    play = Play(world, linear())

    def buttons(account: str) -> list[str]:
        with world.runtime.database.reading() as session:
            actions = actions_for(session, world.actor(account), "tiny", [play.report])[play.report]
        return [a.name for a in actions if a.kind in ("withdraw", "return")]

    play.act("school1", "a")
    assert (buttons("school1"), buttons("province1"), buttons("school2")) == (["撤回"], [], [])
    world.clock.now = world.clock.now.replace(minute=30)
    play.act("school1", "b")
    assert (buttons("school1"), buttons("province1"), buttons("province2")) == (["撤回"], ["退回"], [])
    world.clock.now = world.clock.now.replace(minute=40)
    back(play, "province1", "c", "a")
    assert buttons("school1") == []


@pytest.mark.row("8.1")
def test_back_before_a_split_closes_the_sibling_and_says_why(world: World) -> None:
    play = Play(world, parallel())
    play.act("school1", "a")
    play.act("school1", "b1")
    sibling = next(t for t in play.tasks() if t.element == "c")
    back(play, "school1", "b2", "a")
    assert (play.open(), data(play, "a")) == (["a"], {})
    (closed,) = [t for t in play.tasks("cancelled") if t.id == sibling.id]
    assert "张文" in closed.closed_as
    assert "退回到“a”：请补充" in closed.closed_as
    finish(play, "school1 a", "school1 c", "school1 b1", "school1 b2", "province1 d")


@pytest.mark.row("8.1")
def test_back_inside_a_branch_leaves_the_other_alone(world: World) -> None:
    play = Play(world, parallel())
    play.act("school1", "a")
    play.act("school1", "b1")
    sibling = next(t.id for t in play.tasks() if t.element == "c")
    back(play, "school1", "b2", "b1")
    assert play.open() == ["b1", "c"]
    assert sibling in {t.id for t in play.tasks()}
    play.act("school1", "b1")
    take_back(play, "school1", "b1")
    finish(play, "school1 c", "school1 b1", "school1 b2", "province1 d")


@pytest.mark.row("8.1")
@pytest.mark.parametrize("last", ["b2", "c"])
def test_back_behind_a_join_into_either_branch(world: World, last: str) -> None:
    play = Play(world, parallel())
    play.act("school1", "a")
    for element in ("c", "b1", "b2") if last == "b2" else ("b1", "b2", "c"):
        play.act("school1", element)
    assert play.open() == ["d"]
    back(play, "province1", "d", "b1")  # the other branch has been done, and stays so
    assert (play.open(), data(play, "b1")) == (["b1"], {"a_outcome": "提交"})
    play.act("school1", "b1")
    play.act("school1", "b2")
    assert data(play, "d") == {"a_outcome": "提交", "b1_outcome": "提交", "b2_outcome": "提交", "c_outcome": "提交"}
    back(play, "province1", "d", "c")
    assert play.open() == ["c"]
    play.act("school1", "c")
    assert set(data(play, "d")) == {"a_outcome", "b1_outcome", "b2_outcome", "c_outcome"}
    back(play, "province1", "d", "a")
    assert data(play, "a") == {}
    finish(play, "school1 a", "school1 b1", "school1 c", "school1 b2", "province1 d")


@pytest.mark.row("8.1")
@pytest.mark.parametrize("kind", ["subProcess"])
def test_back_inside_into_and_out_of_a_subprocess(world: World, kind: str) -> None:
    body = user("a") + node(kind, "sub", inner()) + boundary("late", "sub", timer("period_end")) + user("c", returnable="any")
    xml = drawn(body + flows("start a", "a sub", "sub c", "c end", "late end"), "a s b1 b2 c")
    play = Play(world, xml)
    play.act("school1", "a")
    due = play.row.due_at
    play.act("school1", "b1")
    back(play, "school1", "b2", "b1")  # inside
    assert play.open() == ["b1"]
    play.act("school1", "b1")
    back(play, "school1", "b2", "a")  # out of it
    assert (play.open(), play.row.due_at) == (["a"], None)
    for element in ("a", "b1", "b2"):
        play.act("school1", element)
    assert (play.open(), play.row.due_at) == (["c"], None)
    back(play, "school1", "c", "b1")  # into it, once it was over; its deadline runs again
    assert (play.open(), play.row.due_at, data(play, "b1")) == (["b1"], due, {"a_outcome": "提交"})
    play.act("school1", "b1")
    play.act("school1", "b2")
    back(play, "school1", "c", "a")
    finish(play, "school1 a", "school1 b1", "school1 b2", "school1 c")


@pytest.mark.row("8.1")
def test_a_job_on_its_way_is_cancelled_and_a_reminder_does_not_bind(world: World) -> None:
    handlers = {"test.tell": External(lambda *_: {}, lambda *_: {})}
    body = user("a", withdrawable="true") + node("parallelGateway", "split") + service("tell", "test.tell") + node("endEvent", "told")
    body += user("b") + boundary("soon", "b", timer("period_end"), interrupting=False) + node("endEvent", "reminded")
    xml = drawn(body + flows("start a", "a split", "split tell", "split b", "tell told", "b end", "soon reminded"), "a", "b", "tell")
    play = Play(world, xml, handlers)
    (job,) = play.act("school1", "a")
    world.clock.now = play.row.due_at
    play.call(acting.tick, play.instance)
    take_back(play, "school1", "a")
    assert (play.open(), play.job(job).state) == (["a"], "cancelled")
    (other,) = play.act("school1", "a")
    assert other != job


@pytest.mark.row("8.1")
@pytest.mark.parametrize(("event", "said"), [(timer("period_end"), "超时"), (message("停"), "超时")])
def test_a_deadline_or_a_button_that_went_by_binds(lite: World, event: str, said: str) -> None:
    body = user("a", withdrawable="true") + user("b") + boundary("超时", "b", event) + user("c")
    play = Play(lite, drawn(body + flows("start a", "a b", "b end", "超时 c", "c end"), "a c 超时", "b"))
    play.act("school1", "a")
    if play.row.due_at is not None:
        lite.clock.now = play.row.due_at
        play.call(acting.tick, play.instance)
    else:
        play.call(acting.send, play.instance, "超时", account="school1")
    assert play.open() == ["c"]
    with pytest.raises(Refused, match=said):
        take_back(play, "school1", "a")


def test_back_to_the_latest_of_many_rounds(lite: World) -> None:
    gateway = node("exclusiveGateway", "which", attributes='default="which_a"')
    body = user("a") + user("b", outcomes="好,差", returnable="a") + gateway
    play = Play(lite, drawn(body + flows("start a", "a b", "b which", "which end: b_outcome == '好'", "which a"), "a", "b"))
    for _ in range(3):
        play.act("school1", "a")
        play.act("province1", "b", "差")
    play.act("school1", "a")
    back(play, "province1", "b", "a")
    assert data(play, "a")["b_outcome"] == "差"  # of the round before, although that has left the tree
    play.act("school1", "a")
    play.act("province1", "b", "好")
    assert (play.status, play.faults()) == ("完成", [])


def test_a_handler_that_ran_in_between_runs_again(lite: World) -> None:
    ran: list[int] = []
    body = user("a") + service("count", "test.count") + user("b", returnable="a")
    xml = drawn(body + flows("start a", "a count", "count b", "b end"), "a", "b", "count")
    play = Play(lite, xml, {"test.count": Inline(lambda *_: ran.append(1))})
    play.act("school1", "a")
    back(play, "province1", "b", "a")
    play.act("school1", "a")
    assert (len(ran), play.open()) == (2, ["b"])


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"withdrawable": "yes"}, "应为 true 或 false"),
        ({"returnable": "start"}, "不是另一个用户任务"),
        ({"returnable": "b"}, "不是另一个用户任务"),
        ({"returnable": ""}, "应为 any"),
        ({"returnable": "a, nobody"}, "nobody"),
    ],
)
def test_what_is_drawn_is_checked(lite: World, properties: dict[str, str], said: str) -> None:
    from processes.errors import DiagramInvalid

    xml = drawn(user("a") + user("b", **properties) + flows("start a", "a b", "b end"), "a b")
    with pytest.raises(DiagramInvalid, match=said):
        Play(lite, xml)


def test_an_unknown_task_cannot_be_taken_back(lite: World) -> None:
    play = Play(lite, linear())
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, "00000000-0000-4000-8000-000000000000", account="school1")
    assert tables.task is not None
