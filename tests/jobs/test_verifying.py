"""`pilot verify` beside people who work: it compares what was true at one moment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from jobs.verifying import verify
from processes import tables
from tests.conftest import World
from tests.jobs.submitted import submitted
from tests.processes.steps.test_weekly_report import act

pytestmark = pytest.mark.row("8.4")


def test_a_step_that_is_taken_meanwhile_is_no_fault(world: World) -> None:
    _, instance, _ = submitted(world)
    taken: list[str] = []

    def meanwhile(connection: object, cursor: object, statement: str, *_: Any) -> None:
        if not taken and f"FROM {tables.instance.name}" in statement and statement.count("state"):  # its row has been read
            taken.append(statement)
            act(world, "province1", instance, "审核退回", None, "请补充")

    event.listen(world.runtime.database.engine, "after_cursor_execute", meanwhile)
    assert verify(world.runtime) == []
    assert taken
    assert verify(world.runtime) == []


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_snapshot_is_not_written_to(world: World) -> None:
    with world.runtime.database.snapshot() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(tables.job.delete())
