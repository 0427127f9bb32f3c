"""Brings a database to the newest schema, and says where it is not there yet.

On SQLite a copy of the file is kept beside it first, `<file>.schema-<revision>`; on both databases an upgrade that fails changes nothing.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError

from domain.ground.database import BrokenReferences, Database

EXIT_STATUS = 3
"""Of a process that ends because the database has another schema than it needs."""
KEPT = 3  # copies of earlier schemas, each as large as the database was


class SchemaError(Exception):
    """The schema is not the one that this product needs; the message says, in Chinese, what to do."""


class UpgradeFailed(SchemaError):
    """An upgrade that changed nothing, and may be tried again."""


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did."""

    before: str | None
    """The revision that the database had; None: it was empty."""
    after: str
    copy: Path | None = None
    """The database as it was; None: it was empty or newest already, or is no file."""


def upgrade(database: Database, metadata: MetaData) -> Upgrade:
    """Runs all migrations that the database has not seen, in one transaction.

    Raises:
        SchemaError: the database is newer than this product.
        UpgradeFailed: nothing has changed; the message says why.
    """
    config = _config()
    newest = _newest(config)
    try:
        with database.rebuilding() as connection:
            before = _revision(connection, config)
            if before == newest:
                return Upgrade(before, newest)
            copy = None if before is None else _keep(connection, before)
            config.attributes.update(connection=connection, metadata=metadata)
            command.upgrade(config, "head")
    except BrokenReferences as error:
        raise UpgradeFailed(f"升级没有成功，数据库没有改动。{error}请联系技术支持") from error
    except DBAPIError as error:
        raise UpgradeFailed(f"升级没有成功，数据库没有改动。请先停止各服务，再试一次。原因：{error.orig}") from error
    if copy is not None:
        _forget_old(copy)
    return Upgrade(before, newest, copy)


def check_schema(database: Database) -> None:
    """Is the schema the one that this product needs?

    Raises:
        SchemaError: it is not.
    """
    config = _config()
    newest = _newest(config)
    with database.engine.connect() as connection:
        found = _revision(connection, config)
    if found is None:
        raise SchemaError("数据库还是空的，请先运行：pilot migrate")
    if found != newest:
        raise SchemaError(f"数据库是较早版本的（结构 {found}，本程序需要 {newest}），请先升级：pilot migrate")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise LookupError("there are no migrations")
    return head


def _revision(connection: Connection, config: Config) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(
            f"数据库是较新版本的（结构 {found}，本程序只到 {max(known)}），请使用较新的程序，或改用升级前保存的数据库（docs/operations.md）"
        )
    return found


def _keep(connection: Connection, revision: str) -> Path | None:
    """Copies SQLite's file, with what still lies in its log, while `connection` keeps everybody from writing."""
    name = connection.engine.url.database
    if connection.dialect.name != "sqlite" or not name or name == ":memory:":
        return None
    path = Path(name)
    copy = path.with_name(f"{path.name}.schema-{revision}")
    half = copy.with_name(f"{copy.name}.part")
    try:
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)  # people's data: never readable by more than the database is, not even for a moment
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(half)) as target:
            source.backup(target)
        shutil.copymode(path, half)
        half.replace(copy)
        _write_through(copy.parent)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise UpgradeFailed(f"升级前不能把数据库另存为 {copy}，没有升级，数据库没有改动。原因：{error}") from error
    return copy


def _write_through(folder: Path) -> None:
    """A name given just now survives a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _forget_old(newest: Path) -> None:
    """Deletes all copies but the last `KEPT`."""
    stem, _, _ = newest.name.rpartition("-")
    copies = sorted(newest.parent.glob(f"{stem}-*"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in copies[:-KEPT]:
        path.unlink(missing_ok=True)
