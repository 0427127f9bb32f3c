"""Business errors of handlers: BPMN errors that the diagram catches, incidents where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from domain.ground.handling import BusinessError, External, Handler, Inline
from domain.ground.parties import Party
from jobs import outbox, scheduler
from processes.errors import EngineFault, NotAllowed, Refused
from processes.monitor import managing
from processes.steps import acting
from tests.conftest import World
from tests.processes.tiny import Play, boundary, declared, diagram, error, flows, message, node, on_error, service, timer, user

LANES = {"试点院校": "start fill mend stop", "系统": "ask"}


def refusing(error: Exception) -> Handler:
    def call(*_: Any) -> dict[str, Any]:
        raise error

    return External(lambda *_: {"what": "否"}, call)


def asking(boundaries: str, *more: str, body: str = "", first: str = "fill ask", mends: bool = True) -> bytes:
    """start → fill → ask → end, and mend → fill; `more` are the flows of the boundary events."""
    parts = [node("startEvent", "start"), user("fill"), service("ask", "test.ask"), boundaries]
    parts += [user("mend") + flows("mend fill")] if mends else []
    parts += [node("endEvent", "end", status="完成"), body, flows("start fill", first, "ask end", *more)]
    return diagram("".join(parts), LANES, error("full") + error("shut") + declared("撤销"))


@pytest.mark.row("8.4")
def test_an_external_refusal_takes_the_way_that_the_diagram_draws(world: World) -> None:
    boundaries = on_error("full", "ask", "full") + on_error("shut", "ask", "shut")
    handlers = {"test.ask": refusing(BusinessError("full", "名额已满"))}
    play = Play(world, asking(boundaries, "full mend", "shut end"), handlers)
    (job,) = play.act("school1", "fill")
    assert outbox.run_job(play.runtime, job)
    assert play.open() == ["mend"]
    assert play.row.incident is None
    assert (play.job(job).state, play.job(job).error, play.job(job).payload) == ("done", "名额已满", {"what": "否"})
    assert play.history()[-1] == ("error", "full", "名额已满")
    assert play.faults() == []
    (second,) = play.act("school1", "mend") or play.act("school1", "fill")
    assert second != job


def test_an_event_without_a_code_catches_everything_and_one_with_it_comes_first(lite: World) -> None:
    boundaries = on_error("any", "ask") + on_error("full", "ask", "full")
    handlers = {"test.ask": refusing(BusinessError("full", "名额已满"))}
    play = Play(lite, asking(boundaries, "any end", "full mend"), handlers)
    outbox.run_job(play.runtime, play.act("school1", "fill")[0])
    assert play.open() == ["mend"]


def test_the_error_goes_out_of_the_subprocess_but_not_to_another_task(lite: World) -> None:
    inside = node("startEvent", "s") + service("inner", "test.ask") + node("endEvent", "e") + flows("s inner", "inner e")
    parts = (
        node("startEvent", "start")
        + node("parallelGateway", "split")
        + user("fill")
        + on_error("not_this", "fill", "full")
        + node("subProcess", "sub", inside)
        + on_error("this", "sub", "full")
        + user("mend")
        + node("endEvent", "end", status="完成")
        + flows("start split", "split fill", "split sub", "fill end", "not_this end", "sub end", "this mend", "mend end")
    )
    xml = diagram(parts, {"试点院校": "start fill mend s", "系统": "sub inner"}, error("full"))
    play = Play(lite, xml, {"test.ask": refusing(BusinessError("full", "名额已满"))})
    (job,) = play.jobs
    assert outbox.run_job(play.runtime, job)
    assert play.open() == ["fill", "mend"]
    assert play.faults() == []


def test_an_uncaught_refusal_is_an_incident_that_a_person_retries(world: World) -> None:
    handlers = {"test.ask": refusing(BusinessError("gone", "考点已撤销"))}
    play = Play(world, asking(on_error("full", "ask", "full"), "full mend"), handlers)
    (job,) = play.act("school1", "fill")
    assert outbox.run_job(play.runtime, job)
    assert play.row.incident == "考点已撤销（gone）"
    kept = play.job(job)
    assert (kept.state, kept.error, kept.payload) == ("failed", "考点已撤销（gone）", {"what": "否"})
    assert play.history()[-1] == ("incident", "ask", "考点已撤销（gone）")
    with pytest.raises(NotAllowed):
        play.call(managing.retry, play.instance, account="school1")
    assert play.call(managing.retry, play.instance, "考点已恢复", account="supervisor") == [job]
    assert play.row.incident is None
    assert play.history()[-1] == ("retry", "重试", "考点已恢复")
    sent: list[Any] = []
    play.engine.handlers["test.ask"] = External(lambda *_: {"what": "新"}, lambda payload, *_: sent.append(payload) or {})  # type: ignore[index, func-returns-value]
    assert outbox.run_job(play.runtime, job)
    assert sent == [{"what": "否"}]  # a retry says what the first attempt said
    assert play.status == "完成"
    assert play.faults() == []


def test_an_inline_refusal_is_caught_and_what_it_wrote_is_undone(world: World) -> None:
    def reserve(session: Any, *_: Any) -> None:
        session.get(Party, 1).name = "改"
        session.flush()
        raise BusinessError("full", "名额已满")

    play = Play(world, asking(on_error("full", "ask", "full"), "full mend"), {"test.ask": Inline(reserve)})
    play.act("school1", "fill")
    assert play.open() == ["mend"]
    with world.runtime.database.reading() as session:
        party = session.get(Party, 1)
        assert party is not None
        assert party.name != "改"
    assert play.faults() == []


def test_what_follows_the_event_may_read_the_error(lite: World) -> None:
    def no(*_: Any) -> None:
        raise BusinessError("full", "名额已满")

    gateway = node("exclusiveGateway", "which", attributes='default="which_end"')
    condition = "which mend: error_code == 'full' and error_message == '名额已满'"
    xml = asking(on_error("full", "ask"), "full which", condition, "which end", body=gateway)
    play = Play(lite, xml, {"test.ask": Inline(no)})
    play.act("school1", "fill")
    assert play.open() == ["mend"]


def test_a_person_sees_an_uncaught_inline_refusal_and_nothing_is_changed(world: World) -> None:
    def no(*_: Any) -> None:
        raise BusinessError("full", "名额已满")

    play = Play(world, asking(on_error("shut", "ask", "shut"), "shut mend"), {"test.ask": Inline(no)})
    with pytest.raises(Refused, match="名额已满"):
        play.act("school1", "fill")
    assert play.open() == ["fill"]
    assert play.faults() == []


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (NameError("x"), "程序有误：x"),
        (KeyError("x"), "找不到所需的值：'x'"),
        (TypeError("x"), "值的类型不正确：x"),
        (AttributeError("x"), "程序有误：x"),
        (ZeroDivisionError(), "计算出错"),
    ],
)
def test_an_inline_handler_s_mistake_is_told_as_what_it_is(lite: World, mistake: Exception, words: str) -> None:
    # the library's own way of calling services buries every error under a NameError of its own
    def wrong(*_: Any) -> None:
        raise mistake

    play = Play(lite, asking(on_error("full", "ask"), "full mend"), {"test.ask": Inline(wrong)})
    with pytest.raises(EngineFault, match=words) as caught:
        play.act("school1", "fill")
    assert type(mistake).__name__ not in str(caught.value)  # Python's names are for the log
    assert caught.value.__cause__ is mistake


def test_a_timer_that_cannot_fire_is_an_incident_with_its_line_of_history(world: World) -> None:
    broken = True

    def check(*_: Any) -> None:
        if broken:
            raise BusinessError("full", "名额已满")

    xml = asking(boundary("late", "fill", timer("period_end")), "late ask", first="fill end", mends=False)
    play = Play(world, xml, {"test.ask": Inline(check)})
    world.clock.now = play.row.due_at
    scheduler.turn(play.runtime, "test")
    assert play.row.incident == "名额已满"
    assert play.history()[-1] == ("incident", "定时处理", "名额已满")
    assert play.faults() == []
    before = play.row.version
    scheduler.turn(play.runtime, "test")  # it waits for a person
    assert play.row.version == before
    with pytest.raises(Refused, match="名额已满"):
        play.call(managing.retry, play.instance, account="supervisor")
    broken = False
    play.call(managing.retry, play.instance, account="supervisor")
    assert (play.row.incident, play.status) == (None, "完成")
    assert play.faults() == []


def test_a_job_whose_task_is_gone_is_cancelled_and_its_late_answer_changes_nothing(world: World) -> None:
    xml = asking(boundary("stop", "ask", message("撤销")), "stop mend")
    play = Play(world, xml, {"test.ask": refusing(BusinessError("gone", "考点已撤销"))})
    (job,) = play.act("school1", "fill")
    outbox.run_job(play.runtime, job)
    assert play.row.incident
    play.call(acting.send, play.instance, "stop", account="school1")
    assert (play.open(), play.job(job).state, play.row.incident) == (["mend"], "cancelled", None)
    assert not outbox.run_job(play.runtime, job)
    assert play.faults() == []
