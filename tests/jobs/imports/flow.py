"""Takes a file through the steps of an import, as views and workers do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from domain.ground.parties import Person
from domain.institutions.teachers import Teacher
from domain.platform.imports import ImportRecord, ImportRow
from jobs import background
from jobs.imports import IMPORTS
from jobs.imports.deciding import begin_taking
from jobs.imports.receiving import receive, uploaded
from processes import tables
from tests.conftest import World
from tests.jobs.imports.files import HEADER, workbook

TEACHERS = IMPORTS["teachers"]


def upload(world: World, path: Path, account: str = "school1", name: str = "教师.xlsx", kind: str = "teachers") -> int:
    """Id of the import."""
    runtime = world.runtime
    with path.open("rb") as stream, uploaded(runtime.settings, name, stream) as found, runtime.database.writing() as session:
        return receive(session, runtime.settings, world.actor(account), IMPORTS[kind], found, world.clock()).id


def upload_rows(world: World, path: Path, rows: Sequence[Sequence[Any]], account: str = "school1", kind: str = "teachers") -> int:
    """Uploads rows under the usual headings and lets them be checked."""
    import_id = upload(world, workbook(path, [HEADER, *rows]), account, kind=kind)
    work(world, import_id)
    return import_id


def work(world: World, import_id: int) -> None:
    """Does what waits in the background."""
    assert background.run_task(world.runtime, record(world, import_id).task_id or 0)


def take(world: World, import_id: int, account: str = "school1") -> None:
    """Takes the good rows in."""
    begin(world, import_id, account)
    work(world, import_id)


def begin(world: World, import_id: int, account: str = "school1") -> None:
    """A person presses 导入."""
    with world.runtime.database.writing() as session:
        one = session.get_one(ImportRecord, import_id)
        begin_taking(session, world.actor(account), IMPORTS[one.kind], one, world.clock())


def record(world: World, import_id: int) -> ImportRecord:
    with world.runtime.database.reading() as session:
        found = session.get_one(ImportRecord, import_id)
        _ = found.person
        return found


def problems(world: World, import_id: int) -> dict[int, list[tuple[str, str]]]:
    """Row number → [(field, reason)] of the bad rows."""
    with world.runtime.database.reading() as session:
        query = select(ImportRow.number, ImportRow.problems).where(ImportRow.import_id == import_id, ImportRow.state == "bad")
        return {number: [(name, reason) for name, reason in found] for number, found in session.execute(query)}


def counts(world: World) -> tuple[int, int, int]:
    """Teachers, their accounts, their processes."""
    with world.runtime.database.reading() as session:
        teachers = session.scalar(select(func.count()).select_from(Teacher)) or 0
        people = session.scalar(select(func.count()).select_from(Person).where(Person.account.startswith("139"))) or 0
        started = session.scalar(select(func.count()).where(tables.instance.c.key == "teacher")) or 0
    return teachers, people, started
