"""The database's own plan for the inbox: indexes all the way, however many tasks of other parties there are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import literal, select, text
from sqlalchemy.orm import Session

from processes import tables
from processes.states import LIVE
from processes.tasks import inbox
from tests.conftest import World
from tests.processes.steps.test_weekly_report import begin
from webapp.benches.inbox import multiply

pytestmark = pytest.mark.row("8.1")
OWN, OTHERS = 50, 20_000


def plan(session: Session, query: Any) -> str:
    """The plan as text: PostgreSQL's node types with their tables, or SQLite's lines."""
    bind = session.get_bind()
    said = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    if bind.dialect.name == "sqlite":
        return "\n".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {said}")))
    found = session.execute(text(f"EXPLAIN (FORMAT JSON) {said}")).scalar_one()
    return "\n".join(_nodes((found if isinstance(found, list) else json.loads(found))[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> list[str]:
    here = f"{node['Node Type']} {node.get('Relation Name', '')} {node.get('Index Name', '')}"
    return [here, *(line for inner in node.get("Plans", ()) for line in _nodes(inner))]


def test_the_first_page_and_its_numbers_use_the_index(world: World) -> None:
    _, instance = begin(world)
    actor = world.actor("school1")
    with world.runtime.database.writing() as session:
        multiply(session, instance, 0, OWN - 1, literal(actor.party_id))
        multiply(session, instance, OWN, OTHERS)
    with world.runtime.database.writing() as session:
        session.execute(text("ANALYZE"))
    with world.runtime.database.reading() as session:
        for query in (inbox.open_tasks(actor, world.clock()).limit(20), select(inbox.waiting_number(actor, world.clock()))):
            found = plan(session, query)
            assert "ix_process_task_inbox" in found, found
            for scan in ("Seq Scan process_task", "Seq Scan process_instance", "SCAN process_task", "SCAN process_instance"):
                assert scan not in found, found
        assert len(session.execute(inbox.open_tasks(actor, world.clock())).all()) == OWN


def test_the_opinions_on_a_task_are_found_by_an_index(world: World) -> None:
    """Each page of a task, and each 释放, asks for them."""
    _, instance = begin(world)
    with world.runtime.database.writing() as session:
        multiply(session, instance, 0, OTHERS)
    with world.runtime.database.writing() as session:
        session.execute(text("ANALYZE"))
    with world.runtime.database.reading() as session:
        found = plan(session, select(tables.task.c.id).where(tables.task.c.parent_id == "x", tables.task.c.state.in_(LIVE)))
    assert "ix_process_task_parent" in found, found
