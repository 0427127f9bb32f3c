"""The homes kept of earlier releases, put into a database again."""

from __future__ import annotations

import json
import lzma
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Numeric,
    Table,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy.types import TypeEngine

import domain
from domain.ground.base import Base

FOLDER = Path(__file__).parent
STATES = ("process_instance", "process_migration")  # tables whose `state` may be kept as text: compressed it would not compress again


@dataclass(frozen=True)
class Home:
    """What a release left behind."""

    schema: str
    """The revision of its database."""
    situations: dict[str, int]
    """What stands where: a name of `replaying.GO_ON` → the id of its instance."""
    instances: int
    folder: Path = FOLDER

    def __str__(self) -> str:
        return self.schema

    def write_sqlite(self, path: Path) -> None:
        """Makes the release's database file."""
        text = lzma.decompress((self.folder / f"{self.schema}.sql.xz").read_bytes()).decode()
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(text)
            for table in STATES:
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is None:
                    continue
                for rowid, state in connection.execute(f"SELECT rowid, state FROM {table} WHERE typeof(state) = 'text'").fetchall():
                    connection.execute(f"UPDATE {table} SET state = ? WHERE rowid = ?", (zlib.compress(state.encode()), rowid))
            connection.commit()

    def write_postgres(self, url: str, folder: Path) -> None:
        """Fills an empty PostgreSQL database as the release would have: its schema, and the rows that it has on SQLite."""
        self.write_sqlite(folder / "release.sqlite3")
        engine = create_engine(url)
        with engine.begin() as connection:
            migrate_to(connection, self.schema)
        found = MetaData()
        found.reflect(engine)
        with closing(sqlite3.connect(folder / "release.sqlite3")) as source, engine.begin() as connection:
            source.row_factory = sqlite3.Row
            for table in found.sorted_tables:
                if table.name != "alembic_version":
                    _copy(source, connection, table)
        engine.dispose()


def homes(folder: Path = FOLDER) -> Iterator[Home]:
    """All that are kept, the oldest first."""
    for path in sorted(folder.glob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        yield Home(about["schema"], about["situations"], about["instances"], folder)


def migrate_to(connection: Connection, revision: str) -> None:
    """Brings an empty database to an earlier schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(domain.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, metadata=Base.metadata)
    command.upgrade(config, revision)


def schema_of(engine: Engine) -> dict[str, Any]:
    """Table → its columns, keys and indexes, in an order of their own."""
    found = MetaData()
    found.reflect(engine)
    return {
        table.name: (
            {column.name: (str(column.type), column.nullable) for column in table.columns},
            sorted(str(key.target_fullname) for key in table.foreign_keys),
            sorted((str(index.name), tuple(column.name for column in index.columns), index.unique) for index in table.indexes),
        )
        for table in found.sorted_tables
    }


def _copy(source: sqlite3.Connection, connection: Connection, table: Table) -> None:
    rows = source.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid').fetchall()
    if not rows:
        return
    for row in rows:
        given = {column.name: _value(row[column.name], column.type) for column in table.columns if row[column.name] is not None}
        connection.execute(insert(table).values(given))
    key = table.primary_key.columns.values()
    if len(key) == 1 and key[0].autoincrement is True:
        numbers = func.pg_get_serial_sequence(table.name, key[0].name)
        connection.execute(select(func.setval(numbers, max(row[key[0].name] for row in rows))))


def _value(value: Any, kind: TypeEngine[Any]) -> Any:
    """What SQLite holds, as PostgreSQL takes it."""
    if isinstance(kind, JSON):
        found = json.loads(value) if isinstance(value, str) else value  # a number stands there as a number
        return JSON.NULL if found is None else found
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if isinstance(kind, Boolean):
        return bool(value)
    return Decimal(str(value)) if isinstance(kind, Numeric) else value
