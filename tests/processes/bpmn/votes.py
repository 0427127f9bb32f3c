"""A 会签 of the province on a tiny diagram, and what those do whom it asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from processes import tables
from processes.definitions import store
from processes.history import events_of
from processes.monitor import migrating
from processes.spiff import tokens
from processes.spiff.state import load_state
from processes.states import LIVE, TaskRowState
from processes.steps import completing
from processes.tasks.tallies import tallies_of
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, user


def many(collection: str = "people", *, sequential: bool = False, condition: str = "", item: str = "") -> str:
    """The loop of a multi-instance; a number is a cardinality."""
    what = (
        f"<loopCardinality>{collection}</loopCardinality>"
        if collection.isdecimal()
        else f"<loopDataInputRef>{collection}</loopDataInputRef>"
    )
    what += f'<inputDataItem id="{item}" name="{item}"/>' if item else ""
    what += f"<completionCondition>{condition}</completionCondition>" if condition else ""
    return f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{what}</multiInstanceLoopCharacteristics>'


def voting(loop: str = "", extra: str = "", more: str = "", **properties: str) -> bytes:
    """a (school), the 会签 b (province), then yes or no by its outcome."""
    given = {"outcomes": "同意,不同意", **properties}
    body = start() + user("a", lane="试点院校") + user("b", inside=loop or many(), **given) + gateway("exclusive", "g", "g_no")
    body += user("yes") + user("no") + end() + extra
    return diagram(body + flows(f"start>a a>b b>g g>yes:b_outcome=='同意' g>no yes>end no>end {more}"))


def begun(play: Play, xml: bytes) -> Play:
    play.deploy(xml)
    play.begin()
    play.complete("a", account="school1")
    return play


VOTERS = ("province1", "province1b", "v1", "v2", "v3")


def part(play: Play, account: str) -> Any:
    """The open row that asks this person."""
    person = play.world.actor(account).person_id
    return next(t for t in play.open() if t.element == "b" and t.assignee_id == person)


def answer(play: Play, account: str, outcome: str = "同意") -> None:
    """The person answers their own part."""
    call(play, completing.complete, account, part(play, account).id, outcome, None, "好")


def call(play: Play, act: Any, account: str, *arguments: Any) -> Any:
    with play.step() as session:
        return act(play.world.runtime.engine, session, play.world.actor(account), *arguments)


def vote(play: Play) -> Any:
    """The newest 会签 of the instance."""
    with play.world.runtime.database.reading() as session:
        return tallies_of(session, play.instance)[0].vote


def rows(play: Play, state: str) -> list[Any]:
    table = tables.task
    with play.world.runtime.database.reading() as session:
        query = select(table).where(table.c.instance_id == play.instance, table.c.vote_id.is_not(None), table.c.state == state)
        return list(session.execute(query.order_by(table.c.number)).all())


def definition(play: Play) -> Any:
    with play.world.runtime.database.reading() as session:
        return store.load(session, play.row.definition_id)


def data(play: Play, element: str) -> dict[str, Any]:
    """What a ready task's expressions may read of the process, without who answered."""
    workflow = load_state(play.row.state, *definition(play).specs)
    task = next(t for t in tokens.waiting(workflow) if t.task_spec.bpmn_id == element)
    return {name: value for name, value in task.data.items() if not name.endswith("_by")}


def told(play: Play) -> list[tuple[str, str | None]]:
    """What history says of the 会签 itself."""
    with play.world.runtime.database.reading() as session:
        return [(e.name, e.comment) for e in events_of(session, play.instance) if e.kind == "vote"]


def migrated(play: Play, xml: bytes, mapping: dict[str, str] | None = None) -> None:
    """Onto another version, as somebody in charge does it."""
    play.deploy(xml)
    with play.world.runtime.database.reading() as session:
        newest = store.latest(session, "tiny").id
    call(play, migrating.migrate, "supervisor", play.instance, newest, "改流程", mapping or {})


def with_loop(element: str, loop: str) -> str:
    """The element with a loop as its last child."""
    at = element.rindex("</")
    return element[:at] + loop + element[at:]


def stands(play: Play) -> Any:
    """All that a withdrawal must bring back: open rows, those whose turn has not come, the count, the data, status, and the deadline."""
    shown = ("element", "kind", "assignee_id", "item", "state", "due_at", "closed_by", "outcome", "closed_as", "number")
    table = tables.task
    with play.world.runtime.database.reading() as session:
        live = table.c.state.in_((*LIVE, TaskRowState.QUEUED))
        query = select(*(table.c[name] for name in shown)).where(table.c.instance_id == play.instance, live)
        tasks = sorted(str(row) for row in session.execute(query).all())
        tally = tables.vote
        counts = session.execute(
            select(tally.c.id, tally.c.answered, tally.c.agreed, tally.c.state, tally.c.outcome, tally.c.closed_at)
            .where(tally.c.instance_id == play.instance, tally.c.state == "open")
            .order_by(tally.c.id)
        ).all()
    inside = load_state(play.row.state, *definition(play).specs)
    waiting = sorted(
        (t.task_spec.name, str(sorted(t.data.items())), str(t.internal_data)) for t in tokens.waiting(inside) if t.task_spec.name != "join"
    )
    return tasks, counts, waiting, play.status, play.row.due_at, play.row.waits
