"""The migration that renames columns and a state keeps what rows say, down and up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text, update

import domain
from domain.ground.base import Base
from jobs import heads
from processes import tables
from processes.steps import completing
from processes.tasks import drafts, opinions
from tests.conftest import World
from tests.processes.monitor.versions import line, versions
from tests.processes.tiny import Play


def _go_to(world: World, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(domain.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with world.runtime.database.rebuilding() as connection:
        config.attributes.update(connection=connection, metadata=Base.metadata)
        (command.upgrade if revision == "head" else command.downgrade)(config, revision)


def _read(world: World, query: str) -> Any:
    with world.runtime.database.reading() as session:
        return session.execute(text(query)).all()


def test_a_task_to_be_confirmed_a_draft_and_a_migration_survive(world: World) -> None:
    """What waits to be confirmed goes on afterwards, and a migration made before can be undone."""
    play = Play(world, line("fill", "review"))
    play.act("school1", "fill")
    (task,) = play.tasks()
    confirmer = world.actor("province1b").person_id
    play.call(opinions.ask, task.id, "after", confirmer, "", account="province1")
    play.call(completing.complete, task.id, "提交", account="province1")
    with world.runtime.database.writing() as session:
        drafts.save_draft(session, world.actor("school1"), "weekly_report/1", {"summary": "一半"}, world.clock())
    both = versions(play, line("fill", "review", "other"))
    both.migrate()
    before = play.row
    records = _read(world, "SELECT record, instance_id, seq FROM process_event")

    _go_to(world, "0024")
    assert _read(world, "SELECT state FROM process_task WHERE kind = 'step' AND element = 'review'") == [("held",)]
    assert _read(world, "SELECT place FROM process_instance") == _read(world, "SELECT place FROM process_migration") == [("review",)]
    assert _read(world, "SELECT place FROM process_draft") == [("weekly_report/1",)]
    ((kept_tasks,),) = _read(world, "SELECT tasks FROM process_migration")
    rows = json.loads(kept_tasks) if isinstance(kept_tasks, str) else kept_tasks
    assert rows[task.id]["state"] == "held"

    _go_to(world, "head")
    with world.runtime.database.writing() as session:  # the way down has dropped what the history says of the records, and the proofs
        for record, instance_id, seq in records:
            one = (tables.event.c.instance_id == instance_id, tables.event.c.seq == seq)
            session.execute(update(tables.event).where(*one).values(record=record))
    heads.begin(world.runtime.database, world.runtime.engine)  # as `pilot migrate` does
    assert play.row == before
    both.undo()
    (confirmation,) = play.tasks()
    play.call(opinions.give, confirmation.id, "同意", account="province1b")
    assert play.row.ended_at is not None
    with world.runtime.database.reading() as session:
        kept = drafts.draft_of(session, world.actor("school1"), "weekly_report/1")
        assert kept is not None
        assert kept.data == {"summary": "一半"}
