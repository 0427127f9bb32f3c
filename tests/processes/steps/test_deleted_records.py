"""What deletes a record ends its process in the same transaction, whatever else the diagram still waits for."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import hand_in


@pytest.mark.row("6.4", "8.4")
def test_a_job_beside_a_deleted_report_keeps_no_process_running(world: World) -> None:
    school = user(site(world), "school1")
    hand_in(school)  # an SMS to the reviewers waits to be sent
    school.post("/records/1/messages/withdraw", data={"name": "撤回"})
    school.post("/records/1/messages/delete_draft", data={"name": "删除"})
    with world.runtime.database.reading() as session:
        row = session.execute(select(tables.instance).where(tables.instance.c.key == "weekly_report")).one()
        assert (row.state, row.due_at, row.waits, row.incident) == (None, None, [], None)
        assert row.ended_at is not None
        assert sorted(session.scalars(select(tables.task.c.state))) == ["cancelled", "cancelled", "done"]
        assert session.scalars(select(tables.job.c.state)).all() == ["cancelled"]
        assert verify(world.runtime.engine, session) == []
