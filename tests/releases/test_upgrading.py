"""`pilot migrate` on a home that an earlier release has made: what is kept, what is refused, and that a failure changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from domain.ground.database import open_database
from domain.ground.schema import EXIT_STATUS, KEPT, SchemaError, UpgradeFailed, check_schema
from domain.ground.settings import Settings
from jobs.runtime import Runtime, build, migrate
from tests.conftest import Clock, World, free_port
from tests.jobs.conftest import wait_for
from tests.releases.homes import homes
from webapp import cli

ROOT = Path(__file__).parents[2]
OLDER = next(home for home in homes() if home.schema == "0013")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database of an installation of an earlier release."""
    path = tmp_path / "pilot.sqlite3"
    OLDER.write_sqlite(path)
    return path


@pytest.fixture
def older(settings: Settings, file: Path) -> Iterator[Runtime]:
    """That installation, opened by today's code."""
    runtime = build(settings, Clock())
    yield runtime
    runtime.database.engine.dispose()


def contents(path: Path) -> list[str]:
    """All that a database holds, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def do(path: Path, statement: str) -> None:
    """Something done by hand: foreign keys are off there."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("pilot.sqlite3.schema-*"))


def test_the_database_as_it_was_lies_beside_it(older: Runtime, file: Path) -> None:
    file.chmod(0o640)
    before = contents(file)
    with closing(sqlite3.connect(file)) as somebody:  # as long as it is open, what it wrote lies in the log beside the file
        somebody.execute("PRAGMA journal_mode=WAL")
        somebody.execute("INSERT INTO login_attempt VALUES (1, 'x', '127.0.0.1', '2026-11-25 04:00:00.000000')")
        somebody.commit()
        done = migrate(older)
    assert done.copy == file.with_name("pilot.sqlite3.schema-0013")
    assert [line for line in contents(done.copy) if line not in before] == [
        """INSERT INTO "login_attempt" VALUES(1,'x','127.0.0.1','2026-11-25 04:00:00.000000');"""
    ]
    assert (done.before, stat.S_IMODE(done.copy.stat().st_mode)) == ("0013", 0o640)
    check_schema(older.database)
    assert migrate(older).copy is None  # a second time there is nothing to do
    assert copies(file.parent) == ["pilot.sqlite3.schema-0013"]


def test_an_empty_database_needs_no_copy(settings: Settings) -> None:
    runtime = build(settings, Clock())
    with pytest.raises(SchemaError, match="还是空的，请先运行：pilot migrate"):
        check_schema(runtime.database)
    done = migrate(runtime)
    assert (done.before, done.copy, copies(settings.home)) == (None, None, [])
    runtime.database.engine.dispose()


def test_the_copy_is_a_database_that_can_be_gone_back_to(older: Runtime, file: Path, settings: Settings) -> None:
    before = contents(file)
    copy = migrate(older).copy
    assert copy is not None
    older.database.engine.dispose()
    for path in file.parent.glob("pilot.sqlite3-*"):  # the log of the newer one
        path.unlink()
    shutil.copy(copy, file)
    assert contents(file) == before
    again = build(settings, Clock())
    assert migrate(again).before == "0013"
    again.database.engine.dispose()


def test_three_copies_are_kept_and_nothing_else_is_deleted(older: Runtime, file: Path) -> None:
    for number in range(5):
        path = file.with_name(f"pilot.sqlite3.schema-000{number}")
        path.write_text("older")
        os.utime(path, (number, number))
    own = file.with_name("pilot.sqlite3.backup")
    own.write_text("somebody's own")
    os.utime(own, (0, 0))
    migrate(older)
    assert copies(file.parent) == [f"pilot.sqlite3.schema-{name}" for name in ("0003", "0004", "0013")]
    assert (len(copies(file.parent)), own.exists()) == (KEPT, True)


def test_a_failed_upgrade_changes_nothing_and_can_be_repeated(older: Runtime, file: Path) -> None:
    do(file, "CREATE TABLE process_copy (id INTEGER)")  # in the way of the fifth of the migrations
    before = contents(file)
    for _ in range(2):
        with pytest.raises(UpgradeFailed, match=r"没有改动.*再试一次.*process_copy already exists"):
            migrate(older)
        assert contents(file) == before
    do(file, "DROP TABLE process_copy")
    assert migrate(older).before == "0013"


def test_references_to_nothing_are_named_and_nothing_is_changed(older: Runtime, file: Path) -> None:
    do(file, "UPDATE process_task SET instance_id = 99999 WHERE rowid IN (1, 2)")
    before = contents(file)
    with pytest.raises(UpgradeFailed, match=r"没有改动。process_task 有 2 行（rowid 1、2）指向 process_instance 中没有的行"):
        migrate(older)
    assert contents(file) == before


def test_foreign_keys_hold_again_afterwards(older: Runtime) -> None:
    migrate(older)
    with older.database.engine.connect() as connection:  # of the pool: the one that has migrated
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_where_no_copy_can_be_made_nothing_is_changed(older: Runtime, file: Path) -> None:
    before = contents(file)
    in_the_way = file.with_name("pilot.sqlite3.schema-0013")
    in_the_way.mkdir()
    (in_the_way / "something").touch()
    with pytest.raises(UpgradeFailed, match="不能把数据库另存为"):
        migrate(older)
    assert contents(file) == before
    assert copies(file.parent) == [in_the_way.name]  # and no half of one


def test_a_newer_database_is_not_touched(world: World) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for refused in (lambda: migrate(world.runtime), lambda: check_schema(world.runtime.database)):
        with pytest.raises(SchemaError, match=r"较新版本的（结构 9999.*较新的程序"):
            refused()


def test_a_failed_upgrade_of_postgresql_changes_nothing(world: World) -> None:
    """PostgreSQL needs no copy: what it did is undone as one transaction, DDL and all."""
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0023'")  # its last column is there already
    with pytest.raises(UpgradeFailed, match="没有改动"):
        migrate(world.runtime)
    with world.runtime.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0023"


SECRET = "x" * 32
REFUSAL = "请先升级：pilot migrate"


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PILOT_HOME": str(home), "SECRET_KEY": SECRET, **more}


@pytest.mark.parametrize("command", ["verify", "worker", "scheduler", "rotate-seal-keys"])
def test_commands_say_that_an_upgrade_comes_first(command: str, file: Path) -> None:
    result = CliRunner().invoke(cli.main, [command], env=environment(file.parent))
    assert (result.exit_code, REFUSAL in result.output, "Traceback" in result.output) == (EXIT_STATUS, True, False)


def test_the_web_says_that_an_upgrade_comes_first(file: Path) -> None:
    served = [sys.executable, "-m", "webapp", "web"]
    result = subprocess.run(served, env={**os.environ, **environment(file.parent)}, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.strip()[-len(REFUSAL) :]) == (EXIT_STATUS, REFUSAL)
    assert "Traceback" not in result.stderr


def test_migrate_says_what_it_did_and_verify_is_content(file: Path) -> None:
    runner, home = CliRunner(), environment(file.parent)
    done = runner.invoke(cli.main, ["migrate"], env=home)
    assert (done.exit_code, f"升级前的数据库已另存为 {file}.schema-0013" in done.output) == (0, True)
    assert "数据库已升级：结构 0013 → " in done.output
    assert runner.invoke(cli.main, ["verify"], env=home).output == "一致\n"
    do(file, "UPDATE alembic_version SET version_num = '9999'")
    refused = runner.invoke(cli.main, ["migrate"], env=home)
    assert (refused.exit_code, "Error: 数据库是较新版本的" in refused.output) == (1, True)


def test_a_database_that_is_away_is_no_traceback(tmp_path: Path) -> None:
    away = f"postgresql+psycopg://pilot@127.0.0.1:{free_port()}/pilot"
    result = CliRunner().invoke(cli.main, ["verify"], env=environment(tmp_path, DATABASE_URL=away))
    assert (result.exit_code, "Error: 数据库没有应答" in result.output) == (1, True)


def test_run_upgrades_an_older_home(file: Path, tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "run.log"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "webapp", "run"],
            env={**os.environ, **environment(file.parent, PORT=str(port), no_proxy="127.0.0.1")},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: running.poll() is not None or "演示账号" in log.read_text(encoding="utf-8"))
        assert running.poll() is None, log.read_text(encoding="utf-8")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait()
    assert f"升级前的数据库已另存为 {file}.schema-0013" in log.read_text(encoding="utf-8")
    check = open_database(f"sqlite:///{file}")
    check_schema(check)
    check.engine.dispose()
