"""Whatever stands in a column, `pilot verify` ends in sentences: garbage is told, but in the columns of `UNSEEN`."""

from __future__ import annotations

import pytest
from sqlalchemy import Boolean, Column, Table, inspect, text
from sqlalchemy.exc import IntegrityError

from domain.ground.parties import Party, Person, PersonRole
from domain.institutions.teachers import Teacher
from domain.platform.changes import Change
from domain.platform.files import StoredFile
from domain.platform.heads import Head, Leaf
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport
from processes import tables
from tests.processes.monitor.test_tampering import Scene, scene

__all__ = ["scene"]
pytestmark = pytest.mark.row("8.4")

ENGINE = (tables.definition, tables.instance, tables.task, tables.vote, tables.event, tables.message, tables.subscription, tables.job)
RECORDS = (Party, Person, PersonRole, Change, StoredFile, Head, Leaf, Teacher, WeeklyReport, ReportingPeriod)
ALL = (*ENGINE, tables.substitute, tables.copy, tables.migration, *(inspect(record).local_table for record in RECORDS))
UNSEEN = {
    # what nothing follows from, or changes between steps
    "process_task.urged_at",
    "process_message.error",
    "process_message.tries",
    "process_message.retried_at",
    "process_job.attempt",
    "process_job.tries",
    "person.stamp",
    "person.first_nonce",
}
"""Columns of which nothing is said."""


@pytest.mark.parametrize("product", ["sqlite"], indirect=True)  # the other one keeps garbage out of all columns but texts
@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_garbage_is_told(scene: Scene, table: Table) -> None:
    untold = {f"{table.name}.{column.name}" for column in table.columns if not _told(scene, column)}
    assert untold <= UNSEEN


def _told(scene: Scene, column: Column[object]) -> bool:
    """Whether garbage in all rows of a column is a fault, or cannot be written there."""
    with scene.world.runtime.database.writes() as session:
        try:
            garbage = f"NOT {column.name}" if isinstance(column.type, Boolean) else "'garbage'"
            session.execute(text(f"UPDATE {column.table.name} SET {column.name} = {garbage}"))
        except IntegrityError:
            return True
        finally:
            session.expire_all()
        try:
            return bool(scene.faults(session))
        finally:
            session.rollback()
