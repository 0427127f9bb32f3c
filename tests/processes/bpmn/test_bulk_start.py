"""Many processes that start alike: the engine runs the first, and what is written from it cannot be told from what the engine writes."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from domain.ground.handling import External, Inline
from processes import tables
from processes.diagrams.expressions import ExpressionError
from processes.errors import EngineFault, NotAllowed
from processes.monitor.verify import faults
from processes.proving import RULES
from processes.steps import bulk_start, starting
from tests.processes.bpmn.play import Play, boundary, catch, diagram, end, flows, gateway, message, start, subprocess, timer, user
from tests.processes.bpmn.test_messages import awaits, correlated, properties, sets
from tests.processes.bpmn.test_walks import DRAWN, Walk, rows
from tests.processes.bpmn.votes import many

pytestmark = pytest.mark.row("8.1")
OWN = {"instance_id", "hash", "record", "chain", "subject_id", "title", "params"}
"""Columns in which two starts differ."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the records whose processes the engine has started itself."""
    found: list[int] = []
    real = starting.open_step

    def counted(*given: Any) -> Any:
        found.append(given[4].id)
        return real(*given)

    monkeypatch.setattr(starting, "open_step", counted)
    return found


def begun(play: Play, days: Sequence[float], account: str = "school1") -> list[int]:
    """Starts the tiny process about reports whose periods end in so many days. Returns ids of the instances."""
    with play.world.runtime.database.writing() as session:
        reports = [play.record(session, play.world.actor("school1"), one) for one in days]
        bulk_start.start_many(play.world.runtime.engine, session, play.world.actor(account), "tiny", reports)
    table = tables.instance
    with play.world.runtime.database.reading() as session:
        query = select(table.c.id, table.c.subject_id).where(table.c.subject_id.in_([one.id for one in reports]), table.c.key == "tiny")
        ids = {subject: id for id, subject in session.execute(query)}
    for instance in ids.values():
        play.instance = instance
        play.sound()
    return [ids[one.id] for one in reports]


def written(play: Play, instance: int) -> dict[str, Any]:
    """What an instance has in the tables: without the columns in which any two differ, and with numbers in place of the ids of tasks."""
    numbers: dict[str, str] = {}

    def plain(value: Any) -> Any:
        text = str(json.loads(zlib.decompress(value))) if isinstance(value, bytes) else str(value)
        return UUID.sub(lambda found: numbers.setdefault(found[0], f"#{len(numbers)}"), text)

    found: dict[str, Any] = {}
    with play.world.runtime.database.reading() as session:
        for table in (tables.instance, tables.task, tables.event, tables.job, tables.subscription, tables.vote):
            found[table.name] = [
                {name: plain(value) for name, value in row._mapping.items() if name not in (OWN | _proofs(table) | _number(table))}
                for row in session.execute(select(table).where(_owner(table) == instance).order_by(*_order(table)))
            ]
    return found


def _owner(table: Table) -> Any:
    return table.c.id if table is tables.instance else table.c.instance_id


def _order(table: Table) -> list[Any]:
    return [table.c[name] for name in ("element", "seq") if name in table.c]


def _proofs(table: Table) -> set[str]:
    return {rule.column for rule in RULES.get(table, ())}


def _number(table: Table) -> set[str]:
    return {"id"} if table is tables.instance else set()


def one_start() -> bytes:
    """A task with a deadline, a timer and a button, one in a subprocess, and a wait for a button beside them."""
    inner = start("s") + user("b", lane="试点院校") + end("e") + flows("s>b b>e")
    body = start() + gateway("parallel", "fork") + user("a", due="period_end - hours(1)")
    body += boundary("late", "a", timer(timeDate="period_end")) + boundary("stop", "a", message("m_stop")) + subprocess("sub", inner)
    body += catch("w", message()) + end("e1") + end("e2") + end("e3") + end("e4") + end("e5")
    return diagram(body + flows("start>fork fork>a fork>sub fork>w a>e1 sub>e2 w>e3 late>e4 stop>e5"))


def test_what_is_written_is_what_the_engine_writes(play: Play, runs: list[int]) -> None:
    play.deploy(one_start())
    first, second, third = begun(play, [5, 5, 5])
    assert len(runs) == 1
    assert written(play, first) == written(play, second) == written(play, third)
    play.begin()  # after it the database goes on counting where the written ones ended
    assert {**written(play, play.instance), "process_instance": []} == {**written(play, first), "process_instance": []}
    (engines,), (ours,) = written(play, play.instance)["process_instance"], written(play, second)["process_instance"]
    assert {name for name in ours if ours[name] != engines[name]} <= {"state"}  # clocks of the library


def test_ids_are_of_one_instance_alone(play: Play) -> None:
    play.deploy(one_start())
    texts = []
    for instance in begun(play, [5, 5, 5]):
        play.instance = instance
        texts.append(set(UUID.findall(zlib.decompress(play.row.state).decode())) | {one.id for one in play.open()})
    assert not texts[0] & texts[1] | texts[1] & texts[2] | texts[0] & texts[2]


@pytest.mark.parametrize("drawn", DRAWN)
def test_it_goes_on_like_any_other(five: Play, drawn: str) -> None:
    five.copied = True
    five.deploy(DRAWN[drawn]())
    five.begin()
    walk = Walk(five, 7)
    for _ in range(15):
        if not five.ended:
            walk.step()
            assert five.ended or rows(five, "open", "queued", "confirming")


def test_where_expressions_come_to_something_else_the_engine_runs(play: Play, runs: list[int]) -> None:
    body = start() + gateway("exclusive", "g", "g_b") + user("a") + user("b", due="period_end") + end()
    play.deploy(diagram(body + flows("start>g g>a:period_end&lt;now+days(3) g>b a>end b>end")))
    found = []
    for instance in begun(play, [5, 1, 5, 1, 2, 6, 6]):
        play.instance = instance
        found.append((play.tasks()[0], play.row.status))
    a, b = ("a", "在a"), ("b", "在b")
    assert found == [b, a, b, a, a, b, b]
    assert len(runs) == 3  # b in 5 days, a, b in 6


def external(what: str) -> bytes:
    """A job outside, one of whose parameters differs from record to record."""
    parameters = f'<s:parameters><s:parameter id="text" type="str" value="{what}"/></s:parameters>'
    operator = f'<s:serviceTaskOperator id="test.out">{parameters}</s:serviceTaskOperator>'
    waits = f'<s:properties><s:property name="status" value="已发"/></s:properties>{operator}'
    body = start() + f'<serviceTask id="t" name="发"><extensionElements>{waits}</extensionElements></serviceTask>' + end()
    return diagram(body + flows("start>t t>end"))


def with_handler(play: Play, name: str, handler: Any) -> None:
    engine = play.world.runtime.engine
    play.world.runtime = replace(play.world.runtime, engine=replace(engine, handlers={**engine.handlers, name: handler}))


@pytest.fixture
def own_runtime(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play.world, "runtime", play.world.runtime)  # put back what a test puts in its place


@pytest.mark.usefixtures("own_runtime")
def test_each_job_has_parameters_of_its_own(play: Play, runs: list[int]) -> None:
    with_handler(play, "test.out", External(lambda session, subject, params: params, lambda *given: {}, needs=("text",)))
    play.deploy(external("'报：' + title"))
    instances = begun(play, [5, 5, 5])
    table, instance = tables.job, tables.instance
    with play.world.runtime.database.reading() as session:
        query = select(table.c.params, instance.c.title).join(instance, instance.c.id == table.c.instance_id)
        found = session.execute(query.where(instance.c.id.in_(instances))).all()
    assert [row.params["text"] for row in found] == [f"报：{row.title}" for row in found]
    assert (len({row.title for row in found}), len(runs)) == (3, 1)


@pytest.mark.usefixtures("own_runtime")
def test_a_parameter_that_is_a_condition_too_is_compared(play: Play, runs: list[int]) -> None:
    with_handler(play, "test.out", External(lambda session, subject, params: params, lambda *given: {}, needs=("text",)))
    soon = "period_end &lt; now + days(3)"
    xml = (
        external(soon).decode().replace('<endEvent id="end"', '<exclusiveGateway id="g" name="网关g" default="g_n"/><endEvent id="end"', 1)
    )
    xml = xml.replace('targetRef="t"></sequenceFlow>', 'targetRef="g"></sequenceFlow>', 1)
    xml = xml.replace("</process>", f"{user('n', lane='')}{flows('g>n n>end')}{_flow('g', 't', soon)}</process>")
    xml = xml.replace("</laneSet>", '<lane id="more" name="省级"><flowNodeRef>n</flowNodeRef></lane></laneSet>').replace(' lane=""', "")
    play.deploy(xml.encode())
    found = []
    for instance in begun(play, [1, 5, 1, 5]):
        play.instance = instance
        found.append(play.tasks())
    assert found == [[], ["n"], [], ["n"]]
    assert len(runs) == 2


def _flow(source: str, target: str, condition: str) -> str:
    inside = f"<conditionExpression>{condition}</conditionExpression>"
    return f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


@pytest.mark.usefixtures("own_runtime")
def test_what_cannot_be_evaluated_for_one_record_is_told_as_ever(play: Play) -> None:
    with_handler(play, "test.out", External(lambda session, subject, params: params, lambda *given: {}, needs=("text",)))
    play.deploy(external("days(1) / (period_end - now)"))
    count = select(func.count()).select_from(tables.instance)
    with play.world.runtime.database.reading() as session:
        before = session.scalar(count)
    with pytest.raises((EngineFault, ExpressionError), match="发"):
        begun(play, [5, 0.5, 5])  # the second period ends now
    with play.world.runtime.database.reading() as session:
        assert session.scalar(count) == before


def inline() -> bytes:
    operator = '<s:serviceTaskOperator id="test.in"></s:serviceTaskOperator>'
    task = f'<serviceTask id="t" name="做"><extensionElements>{operator}</extensionElements></serviceTask>'
    return diagram(start() + task + user("a") + end() + flows("start>t t>a a>end"))


def voted() -> bytes:
    return diagram(start() + user("a", inside=many(), quorum="any", outcomes="同意,不同意") + end() + flows("start>a a>end"))


def listening() -> bytes:
    head, inside = correlated("m_ask", read="number", expected="title")
    wait = f'<intermediateCatchEvent id="w" name="等" lane="系统">{properties(status="等")}{awaits()}</intermediateCatchEvent>'
    return diagram(inside + start() + wait + end() + flows("start>w w>end"), head=head)


def data() -> bytes:
    return diagram(start() + sets("last = period_end") + user("a") + end() + flows("start>set set>a a>end"))


def short() -> bytes:
    return diagram(start() + gateway("exclusive", "g", "g_end") + user("a") + end() + flows("start>g g>a:period_end&lt;now g>end a>end"))


@pytest.mark.usefixtures("own_runtime")
@pytest.mark.parametrize("drawn", [inline, voted, listening, data, short])
def test_what_is_not_written_from_another_starts_one_by_one(play: Play, runs: list[int], drawn: Callable[[], bytes]) -> None:
    with_handler(play, "test.in", Inline(lambda session, subject, params, actor: None))
    play.deploy(drawn())
    begun(play, [5, 5, 5])
    assert len(runs) == 3


def test_who_may_not_begin_one_begins_none_of_many(play: Play) -> None:
    play.deploy(one_start())
    with pytest.raises(NotAllowed):
        begun(play, [5, 5], account="province1")


def test_nothing_to_start_is_nothing(play: Play) -> None:
    play.deploy(one_start())
    assert begun(play, []) == []


def test_a_process_that_is_written_is_noticed_when_it_is_changed(play: Play) -> None:
    play.deploy(one_start())
    _, second = begun(play, [5, 5])
    with play.world.runtime.database.writing() as session:
        session.execute(tables.instance.update().where(tables.instance.c.id == second).values(title="别的"))
        row = session.execute(select(tables.instance).where(tables.instance.c.id == second)).one()
        assert list(faults(play.world.runtime.engine, session, row))
        session.rollback()
