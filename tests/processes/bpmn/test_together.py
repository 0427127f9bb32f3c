"""One step on many instances: what is written from the first cannot be told from what the engine writes for each."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domain.ground.handling import External, Inline
from domain.weekly.reports import WeeklyReport
from processes import tables
from processes.errors import NotAllowed, NotFound, StaleAttempt, Suspended, TaskClosed
from processes.monitor import managing
from processes.outside import answers
from processes.states import JobState
from processes.steps import acting, starting, together
from tests.processes.bpmn.play import Play, boundary, catch, diagram, end, flows, gateway, message, start, subprocess, user
from tests.processes.bpmn.test_bulk_start import own_runtime, with_handler, written
from tests.processes.bpmn.test_decisions import RULE, table
from tests.processes.bpmn.test_messages import sets

pytestmark = [pytest.mark.row("8.1"), pytest.mark.usefixtures("own_runtime")]
__all__ = ["own_runtime"]
PARAMETER = '<s:parameters><s:parameter id="of" type="str" value="title"/></s:parameters>'
OUT = f'<s:serviceTaskOperator id="test.out">{PARAMETER}</s:serviceTaskOperator>'
OUT_OF_IT = OUT.replace("title", "seen")


def job(id: str, operator: str = OUT) -> str:
    status = f'<s:properties><s:property name="status" value="在{id}"/></s:properties>'
    return f'<serviceTask id="{id}" name="发{id}"><extensionElements>{status}{operator}</extensionElements></serviceTask>'


def compared() -> bytes:
    """A button, a variable of the record's own, a job that is sent it, and two ways to go on, one of which leads round again."""
    body = start() + catch("w", message()) + sets("seen = title; soon = period_end &lt; now + days(3)") + job("t", OUT_OF_IT)
    body += gateway("exclusive", "g", "g_b") + catch("a", message()) + catch("b", message()) + end()
    body += catch("more", message("m_stop"), lane="省级")
    return diagram(body + flows("start>w w>set set>t t>g g>a:score&gt;5 g>b a>w b>more more>end"))


def beside() -> bytes:
    """Three branches at once."""
    body = start() + gateway("parallel", "fork") + catch("x", message()) + catch("y", message("m_stop")) + job("t") + sets("at = now")
    body += gateway("parallel", "join") + catch("z", message()) + end()
    return diagram(body + flows("start>fork fork>x fork>y fork>t x>set set>join y>join t>join join>z z>end"))


def within() -> bytes:
    """A subprocess that a button ends, and one that may be pressed at any time."""
    inner = (
        start("s")
        + catch("x", message())
        + sets("seen = title")
        + job("t")
        + catch("y", message())
        + end("e")
        + flows("s>x x>set set>t t>y y>e")
    )
    body = start() + subprocess("sub", inner) + boundary("stop", "sub", message("m_stop")) + catch("z", message()) + end() + end("e2")
    return diagram(body + flows("start>sub sub>z z>end stop>e2"))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the instances whose steps the engine has taken for `together`."""
    found: list[int] = []
    real = together._run

    def counted(session: Any, one: together.Opened, apart: Any) -> Any:
        found.append(one.step.row.id)
        return real(session, one, apart)

    monkeypatch.setattr(together, "_run", counted)
    return found


class Many:
    """Instances about reports whose periods end in so many days."""

    def __init__(self, play: Play, drawn: Callable[[], bytes], days: Sequence[float]) -> None:
        self.play = play
        with_handler(
            play, "test.out", External(lambda session, subject, params: params, lambda *given: {}, needs=("of",), gives=("score",))
        )
        play.deploy(drawn())
        self.ids = [self.begun(one) for one in days]

    def begun(self, days: float) -> int:
        world = self.play.world
        with world.runtime.database.writing() as session:
            report = self.play.record(session, world.actor("school1"), days)
            instance, _ = starting.start(world.runtime.engine, session, world.actor("school1"), "tiny", report)
        return instance

    def send(self, element: str, ids: Sequence[int] | None = None, account: str = "school1") -> list[together.Taken]:
        world = self.play.world
        with world.runtime.database.writing() as session:
            pairs = [(id, element) for id in (self.ids if ids is None else ids)]
            return acting.send_many(world.runtime.engine, session, world.actor(account), pairs, "看过")

    def answer(self, results: Sequence[dict[str, Any]], ids: Sequence[int] | None = None) -> list[together.Taken]:
        given = [answers.Answer(self.claimed(id), 1, result) for id, result in zip(ids or self.ids, results, strict=True)]
        with self.play.world.runtime.database.writing() as session:
            return answers.answer_many(self.play.world.runtime.engine, session, given)

    def claimed(self, instance: int) -> str:
        """The job of an instance that waits, which a worker has from now on."""
        table = tables.job
        with self.play.world.runtime.database.writing() as session:
            waiting = select(table.c.id).where(table.c.instance_id == instance, table.c.state == JobState.PENDING)
            id = str(session.scalars(waiting).one())
            session.execute(update(table).where(table.c.id == id).values(state=JobState.RUNNING, attempt=1))
        return id

    def statuses(self) -> list[str]:
        table = tables.instance
        with self.play.world.runtime.database.reading() as session:
            found = session.execute(select(table.c.id, table.c.subject_id, table.c.status).where(table.c.id.in_(self.ids)))
            rows = {row.id: row for row in found}
            kept = {id: session.get_one(WeeklyReport, row.subject_id).status for id, row in rows.items()}
        assert all(kept[id] == rows[id].status for id in self.ids)
        return [kept[id] for id in self.ids]

    def sound(self) -> None:
        for id in self.ids:
            self.play.instance = id
            self.play.sound()


def without_own(found: dict[str, Any]) -> dict[str, Any]:
    """As `written`, without the clock of the library and what a variable has from the record's title."""
    own = re.compile(r"('last_state_change': )[\d.]+|('(?:seen|of)': )'[^']*'")
    return {name: [{key: own.sub(r"\1\2", value) for key, value in row.items()} for row in rows] for name, rows in found.items()}


@pytest.mark.parametrize("drawn", [compared, beside, within])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_written_is_what_the_engine_writes(play: Play, drawn: Callable[[], bytes], seed: int) -> None:
    many, random = Many(play, drawn, [5, 5, 5, 5]), Random(seed)
    world, alone = play.world, many.ids[-1]
    together_ids = many.ids[:-1]
    for _ in range(9):
        play.instance = alone
        if play.ended:
            break
        with world.runtime.database.reading() as session:
            table = tables.job
            waiting = session.scalar(select(table.c.id).where(table.c.instance_id == alone, table.c.state == JobState.PENDING))
        acts = [*play.waits, *(["job"] if waiting else [])]
        act = random.choice(acts)
        if act == "job":
            result = {"score": random.choice([3, 9])}
            assert not any(isinstance(one, Exception) for one in many.answer([result] * 3, together_ids))
            id = many.claimed(alone)
            with world.runtime.database.writing() as session:
                answers.answer(world.runtime.engine, session, id, 1, result)
        else:
            account = "province1" if act == "more" else "school1"
            assert not any(isinstance(one, Exception) for one in many.send(act, together_ids, account))
            with world.runtime.database.writing() as session:
                acting.send(world.runtime.engine, session, world.actor(account), alone, act, "看过")
        many.sound()
        ours, engines = [without_own(written(play, id)) for id in together_ids], without_own(written(play, alone))
        assert ours == [engines] * 3


def test_the_engine_takes_the_first_of_those_that_are_alike(play: Play, runs: list[int]) -> None:
    many = Many(play, compared, [5, 5, 1, 5, 1])
    assert [len(one) for one in many.send("w")] == [1] * 5  # type: ignore[arg-type]  # ids of jobs
    assert runs == [many.ids[0]]  # what the script notes decides nothing
    assert many.statuses() == ["在t"] * 5
    runs.clear()
    assert many.answer([{"score": score} for score in (9, 3, 9, 3, 9)]) == [[]] * 5
    assert runs == many.ids[:2]  # one for each way
    assert many.statuses() == ["在a", "在b", "在a", "在b", "在a"]
    many.sound()


@pytest.mark.parametrize(("drawn", "element"), [(beside, "y"), (within, "x"), (within, "stop")])
def test_branches_and_subprocesses_are_alike_too(play: Play, runs: list[int], drawn: Callable[[], bytes], element: str) -> None:
    many = Many(play, drawn, [5, 5, 5])
    many.send(element)
    assert runs == (many.ids if element == "stop" else many.ids[:1])  # which ends the process
    many.sound()


def test_each_has_variables_and_parameters_of_its_own(play: Play) -> None:
    many = Many(play, compared, [5, 1, 5])
    many.send("w")
    table, instance = tables.job, tables.instance
    with play.world.runtime.database.reading() as session:
        query = select(table.c.params, instance.c.title).join(instance, instance.c.id == table.c.instance_id)
        found = session.execute(query.where(instance.c.id.in_(many.ids))).all()
    assert len({row.title for row in found}) == 3
    assert all(row.params == {"of": row.title} for row in found)
    many.answer([{"score": 9}] * 3)
    many.send("a")
    many.send("w")  # the second round: the variables have values already
    many.sound()
    with play.world.runtime.database.reading() as session:
        again = session.execute(query.where(instance.c.id.in_(many.ids))).all()
    assert len(again) == 6
    assert all(row.params == {"of": row.title} for row in again)


def test_one_that_fails_stops_no_other(play: Play, runs: list[int]) -> None:
    many = Many(play, compared, [5] * 6)
    engine, world = play.world.runtime.engine, play.world
    many.send("w", [many.ids[1]])
    with world.runtime.database.writing() as session:
        managing.suspend(engine, session, world.actor("supervisor"), many.ids[2], "核实")
        session.execute(update(tables.instance).where(tables.instance.c.id == many.ids[3]).values(path=["x"]))
    runs.clear()
    found = many.send("w", [*many.ids, many.ids[0], 999_999])
    assert [type(one) for one in found] == [list, TaskClosed, Suspended, list, list, list, TaskClosed, NotFound]
    assert runs == [many.ids[0], many.ids[1], many.ids[3]]  # what was changed by hand is told by the engine
    many.ids = [many.ids[0], *many.ids[4:]]
    many.sound()
    assert [type(one) for one in many.send("b", account="province1")] == [NotAllowed] * 3


def test_answers_that_are_out_of_the_ordinary(play: Play) -> None:
    many = Many(play, beside, [5] * 5)
    engine, world = play.world.runtime.engine, play.world
    given = [answers.Answer(many.claimed(id), 1, {"score": 1}) for id in many.ids]
    given[1] = answers.Answer(given[1].job_id, 2, {"score": 1})
    with world.runtime.database.writing() as session:
        managing.suspend(engine, session, world.actor("supervisor"), many.ids[2], "核实")
        found = answers.answer_many(engine, session, [*given, given[0], answers.Answer("0" * 36, 1, {})])
    assert [type(one) for one in found] == [list, StaleAttempt, list, list, list, StaleAttempt, StaleAttempt]
    table = tables.job
    with world.runtime.database.reading() as session:
        states = dict(session.execute(select(table.c.id, table.c.state).where(table.c.instance_id.in_(many.ids))).all())
    assert [states[one.job_id] for one in given] == [JobState.DONE, JobState.RUNNING, JobState.ANSWERED, JobState.DONE, JobState.DONE]
    many.ids.pop(1)
    many.sound()


def inline() -> bytes:
    operator = '<s:serviceTaskOperator id="test.in"></s:serviceTaskOperator>'
    task = f'<serviceTask id="t" name="做"><extensionElements>{operator}</extensionElements></serviceTask>'
    return diagram(start() + catch("w", message()) + task + catch("z", message()) + end() + flows("start>w w>t t>z z>end"))


def for_people() -> bytes:
    return diagram(start() + catch("w", message()) + user("a") + end() + flows("start>w w>a a>end"))


def from_people() -> bytes:
    stops = boundary("w", "a", message())
    return diagram(start() + user("a") + stops + catch("z", message()) + end() + end("e2") + flows("start>a a>end w>z z>e2"))


def finishing() -> bytes:
    return diagram(start() + catch("w", message()) + end() + flows("start>w w>end"))


def long_values() -> bytes:
    return diagram(
        start() + catch("w", message()) + sets("when = period_end") + catch("z", message()) + end() + flows("start>w w>set set>z z>end")
    )


@pytest.mark.parametrize("drawn", [inline, for_people, from_people, finishing, long_values])
def test_what_the_engine_takes_one_by_one(play: Play, runs: list[int], drawn: Callable[[], bytes]) -> None:
    with_handler(play, "test.in", Inline(lambda session, subject, params, actor: None))
    many = Many(play, drawn, [5, 5, 5])
    assert not any(isinstance(one, Exception) for one in many.send("w"))
    assert runs == many.ids
    many.sound()


@pytest.mark.parametrize("condition", ["level==2", "score==2"])
def test_what_a_decision_table_says_is_written_by_the_engine(
    play: Play, runs: list[int], monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    """Where no cell asks anything, nothing that was evaluated tells that the table has given a variable its value."""
    ways = flows(f"start>w w>set set>rule rule>g g>a:{condition} g>b a>end b>end")
    body = start() + catch("w", message()) + sets("score = 1") + RULE + gateway("exclusive", "g", "g_b") + catch("a", message())
    monkeypatch.setattr(play, "deploy", partial(play.deploy, decisions={"grade": table(("-", "2"), inputs="title")}))
    many = Many(play, lambda: diagram(body + catch("b", message("m_stop")) + end() + ways), [5, 5, 5])
    assert many.send("w") == [[]] * 3
    assert runs == many.ids
    assert many.statuses() == ["在a" if condition == "level==2" else "在b"] * 3
    many.sound()


def test_where_the_database_refuses_what_is_written_the_engine_takes_each(
    play: Play, runs: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    many = Many(play, compared, [5, 5, 5])
    real = together._write

    def refused(session: Any, copies: Any) -> Any:
        real(session, copies)
        raise IntegrityError("INSERT", {}, Exception("made up"))

    monkeypatch.setattr(together, "_write", refused)
    with caplog.at_level(logging.CRITICAL):
        assert [len(one) for one in many.send("w")] == [1] * 3  # type: ignore[arg-type]  # ids of jobs
    assert runs == many.ids
    assert many.statuses() == ["在t"] * 3
    many.sound()
