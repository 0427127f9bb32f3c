"""`pilot verify` beside people who work: it compares what was true at one moment."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from domain.platform import evidence, files
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


def _uploaded(world: World) -> tuple[int, Path]:
    """A file of the school's: its id, and where its bytes lie."""
    home = world.runtime.settings.home
    with world.runtime.database.writing() as session, files.received(home, BytesIO(b"%PDF one")) as part:
        row = files.keep(session, home, world.actor("school1"), "证明.pdf", "application/pdf", part)
        return row.id, files.path_of(home, part.sha256)


def test_a_file_that_is_deleted_meanwhile_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id, path = _uploaded(world)
    looked = evidence.sha256_of

    def swept(at: Path) -> str:
        with world.runtime.database.writing() as session:
            session.delete(session.get_one(files.StoredFile, id))
        path.unlink()
        return looked(at)

    monkeypatch.setattr(evidence, "sha256_of", swept)
    assert verify(world.runtime) == []
    assert not path.exists()


def test_bytes_that_cannot_be_read_are_a_line(world: World) -> None:
    id, path = _uploaded(world)
    path.unlink()
    assert verify(world.runtime) == [f"文件 {id}（证明.pdf）：内容已不在服务器上"]
    path.mkdir()
    assert verify(world.runtime) == [f"文件 {id}（证明.pdf）：内容不能读取"]
