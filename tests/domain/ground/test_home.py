"""The installation's folder: nobody else on the machine reads what lies in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.ground.home import make_private
from domain.ground.settings import read_settings
from jobs.runtime import build, migrate

pytestmark = pytest.mark.row("9.1")


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(home: Path) -> list[str]:
    return [str(path) for path in (home, *home.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def test_a_new_home_and_its_database_are_the_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    runtime = build(read_settings({"PILOT_HOME": str(home), "SECRET_KEY": "k" * 32}))
    migrate(runtime)
    with runtime.database.writing():
        assert (home / "pilot.sqlite3-wal").exists()
        (home / "files").mkdir()
        (home / "files" / "one").write_text("x")
        assert open_to_others(home) == []
    runtime.database.engine.dispose()


def test_what_an_earlier_release_left_open_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "files").mkdir(parents=True)
    (home / "files" / "one").write_text("x")
    (home / "pilot.sqlite3").write_text("x")
    (tmp_path / "elsewhere").write_text("x")
    (home / "link").symlink_to(tmp_path / "elsewhere")
    make_private(home)
    assert [path for path in open_to_others(home) if not path.endswith("link")] == []
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o644  # not ours
