"""`pilot verify` beside people who work: it compares what was true at one moment."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from domain.platform import files
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


def _uploaded(world: World, content: bytes, name: str = "证明.pdf") -> tuple[int, Path]:
    """A file of the school's: its id, and where its bytes lie."""
    home = world.runtime.settings.home
    with world.runtime.database.writing() as session, files.received(home, BytesIO(content)) as part:
        row = files.keep(session, home, world.actor("school1"), name, "application/pdf", part)
        return row.id, files.path_of(home, part.sha256)


def test_the_bytes_of_a_file_are_what_was_uploaded(world: World) -> None:
    first, path = _uploaded(world, b"%PDF one")
    again, _ = _uploaded(world, b"%PDF one", "同一.pdf")
    other, gone = _uploaded(world, b"%PDF two", "另一.pdf")
    assert verify(world.runtime) == []
    path.write_bytes(b"%PDF 1ne")
    assert verify(world.runtime) == [f"文件 {first}“证明.pdf”：内容被改动过", f"文件 {again}“同一.pdf”：内容被改动过"]
    path.write_bytes(b"%PDF one")
    gone.unlink()
    assert verify(world.runtime) == [f"文件 {other}“另一.pdf”：内容不存在"]
    gone.mkdir()
    assert verify(world.runtime) == [f"文件 {other}“另一.pdf”：内容不能读取"]


def test_a_file_that_is_deleted_meanwhile_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id, path = _uploaded(world, b"%PDF one")
    looked = files.changed_files

    def swept(session: Any, home: Path) -> Any:
        with world.runtime.database.writing() as other:
            other.delete(other.get_one(files.StoredFile, id))
        path.unlink()
        return looked(session, home)

    monkeypatch.setattr(files, "changed_files", swept)
    assert verify(world.runtime) == []
