"""Opens the database: one engine, sessions for reading and sessions for steps."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from time import monotonic
from typing import Any, cast

from psycopg import Connection as PostgresConnection
from sqlalchemy import Connection, CursorResult, Engine, Select, Table, UpdateBase, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from domain.ground.proofs import OPTION, Proofs, passing_proofs
from domain.ground.waiting import Waiting
from domain.ground.write_lock import ANSWERING, HURRY, SINCE, WriteLock

IDLE = timedelta(seconds=60)
"""How long PostgreSQL lets a transaction stand idle before it ends it: a process that was stopped would keep its locks."""
PATIENCE = timedelta(seconds=15)
"""How long workers and commands wait for SQLite's write lock."""
EXPIRE_ON_COMMIT = False
"""No session forgets at a commit what it has loaded: pages and jobs go on reading it without another statement."""
_IMMEDIATE = "pilot_immediate"
_MS = timedelta(milliseconds=1)


class BrokenReferences(Exception):
    """Rows that name rows which are not there; the message lists them, in Chinese."""


@dataclass(frozen=True)
class Database:
    """An open database. `reads` sessions see a snapshot; `writes` sessions take SQLite's write lock at their first statement."""

    engine: Engine
    immediate: Engine
    """The same engine with the same pool, whose transactions take SQLite's write lock as they begin."""
    hurried: Engine
    """The engine `immediate` for somebody who waits for an answer."""
    reads: sessionmaker[Session]
    writes: sessionmaker[Session]
    waiting: Waiting | None
    """Who waits for SQLite's write lock."""

    def answering(self, since: float | None) -> Engine:
        """The engine `immediate` for somebody who waits for an answer since that moment, by `time.monotonic` (`write_lock`).

        The moment holds in this thread until the next call. None: each transaction may wait anew.
        """
        SINCE.set(since)
        return self.hurried

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that is rolled back at the end."""
        with self.reads() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session that reads what was true at its first statement, whatever is committed meanwhile. It writes nothing."""
        engine = self.engine
        if engine.dialect.name == "postgresql":  # SQLite's transactions read so anyway
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with Session(engine, expire_on_commit=EXPIRE_ON_COMMIT) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when the block raises. For entry points only."""
        with self.writes.begin() as session:
            yield session

    @contextmanager
    def writing_in_a_hurry(self) -> Iterator[Session]:
        """As `writing`, for somebody who waits for an answer; from now on, if the lock is taken."""
        with self.writes(bind=self.answering(None)) as session, session.begin():
            yield session

    def let_others_write(self) -> None:
        """Between two transactions of background work: whoever waits for an answer writes first. PostgreSQL sees to that itself."""
        if self.waiting is not None:
            self.waiting.let_go_first()

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Waits until nobody else is in a block of this name; the block may hold several transactions. Who dies in it lets go of it."""
        name = self.engine.url.database
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(select(func.pg_advisory_lock(zlib.crc32(what.encode()))))
                try:
                    yield
                finally:
                    connection.execute(select(func.pg_advisory_unlock(zlib.crc32(what.encode()))))
        elif not name or name == ":memory:":
            yield
        else:
            folder = os.open(Path(name).parent, os.O_RDONLY)  # a file beside the database would stay
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
            finally:
                os.close(folder)

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """One transaction in which tables may be rebuilt, for migrations.

        SQLite changes a column by making the table anew and dropping the old one, which its foreign keys would forbid: they are off
        meanwhile, and looked at before the commit.

        Raises:
            BrokenReferences: at the end of the block, a row names one that is not there. Nothing is kept.
        """
        with self.engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                with connection.begin():
                    yield connection
                return
            _switch_keys(connection, "OFF")
            try:
                immediate = connection.execution_options(**{_IMMEDIATE: True})
                with immediate.begin():
                    yield immediate
                    _no_broken_references(immediate)
            finally:
                _switch_keys(connection, "ON")


def open_database(url: str, proofs: Proofs | None = None, patience: timedelta | None = None) -> Database:
    """Opens `url` (`sqlite:///…` or `postgresql+psycopg://…`). Its errors show no parameters: people's data belong in no log.

    `proofs` are the installation's; without them rows are proved with a key that nobody keeps. Whoever waits longer than `patience` for a
    lock gets SQLAlchemy's OperationalError; by default SQLite's write lock is waited for a while, and PostgreSQL's locks of rows for good.
    """
    options = {OPTION: proofs or passing_proofs()}
    waiting: Waiting | None = None
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            hide_parameters=True,
            execution_options=options,
            connect_args={"timeout": (patience or PATIENCE).total_seconds(), "check_same_thread": False},
        )
        name = engine.url.database
        waiting = Waiting(Path(name)) if name and name != ":memory:" else None
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", partial(_begin_sqlite, WriteLock(patience or PATIENCE, waiting=waiting)))
    else:
        limits = f"-c idle_in_transaction_session_timeout={IDLE // _MS} -c lock_timeout={(patience or timedelta()) // _MS}"  # 0: none
        pool = {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}
        engine = create_engine(url, hide_parameters=True, execution_options=options, connect_args={"options": limits}, **pool)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "handle_error", _say_no_data)
        if patience is not None:
            event.listen(engine, "begin", partial(_begin_postgresql, patience))
    immediate = engine.execution_options(**{_IMMEDIATE: True})
    return Database(
        engine,
        immediate,
        engine.execution_options(**{_IMMEDIATE: True, ANSWERING: True}),
        sessionmaker(engine, expire_on_commit=EXPIRE_ON_COMMIT),
        sessionmaker(immediate, expire_on_commit=EXPIRE_ON_COMMIT),
        waiting,
    )


def _prepare_sqlite(connection: SqliteConnection, record: ConnectionPoolEntry) -> None:
    # sqlite3 would begin transactions by its own rules; SQLAlchemy's `begin` event does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: PostgresConnection[Any], record: ConnectionPoolEntry) -> None:
    # A server whose synchronous_commit is off answers before it has written, and a crash takes back what people and the outside were told:
    # our sessions do not want that. Other settings of it are as durable as one machine can be, or more, and stay.
    connection.execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
    connection.commit()


def _say_no_data(context: ExceptionContext) -> None:
    """Takes DETAIL and CONTEXT out of PostgreSQL's message: they quote the row that was refused, and the JSON that could not be read."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    first = getattr(getattr(error, "diag", None), "message_primary", None)
    if first is None:
        return
    if wrapped is not None:
        wrapped.args = (str(wrapped.args[0]).replace(str(error), first), *wrapped.args[1:])
    error.args = (first,)


def _begin_sqlite(lock: WriteLock, connection: Connection) -> None:
    if connection.get_execution_options().get(_IMMEDIATE):
        lock.begin(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_postgresql(patience: timedelta, connection: Connection) -> None:
    since = SINCE.get() if connection.get_execution_options().get(ANSWERING) else None
    if since is not None:
        left = max(patience - timedelta(seconds=monotonic() - since), HURRY)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {left // _MS}")


def _switch_keys(connection: Connection, how: str) -> None:
    cursor = connection.connection.cursor()  # past SQLAlchemy, which would begin a transaction: inside one this does nothing
    cursor.execute(f"PRAGMA foreign_keys={how}")
    cursor.close()


def _no_broken_references(connection: Connection) -> None:
    found: dict[tuple[str, str], list[int | None]] = {}
    for table, rowid, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        found.setdefault((table, parent), []).append(rowid)
    if found:
        lines = (f"{table} 有 {len(rows)} 行（rowid {_some(rows)}）指向 {parent} 中没有的行。" for (table, parent), rows in found.items())
        raise BrokenReferences("".join(lines))


def _some(rows: Sequence[int | None]) -> str:
    return "、".join(str(row) for row in rows[:5]) + (" 等" if len(rows) > 5 else "")


def unsafe_settings(database: Database) -> list[str]:
    """What of the database's server endangers the data, and no session can set otherwise; in Chinese."""
    if database.engine.dialect.name != "postgresql":
        return []
    with database.engine.connect() as connection:
        off = [name for name in ("fsync", "full_page_writes") if connection.scalar(select(func.current_setting(name))) == "off"]
    return [f"PostgreSQL 的 {name} 已关闭，断电后数据库可能损坏，请在 postgresql.conf 中打开" for name in off]


def put(session: Session, table: Table, values: Mapping[str, Any], unless: Sequence[str]) -> None:
    """Inserts a row, or overwrites the row with the same values in `unless`, the columns of a unique constraint.

    Right also where two transactions do so at once.
    """
    row = _insert(session, table).values(**values)
    session.execute(row.on_conflict_do_update(index_elements=unless, set_={k: row.excluded[k] for k in values if k not in unless}))


def overwrite(session: Session, table: Table, columns: Iterable[str], rows: Select[Any], changed: Iterable[str]) -> None:
    """Writes the columns `changed` of many rows, as a query with these columns gives them; rows that are not there are inserted.

    The query has a WHERE: else SQLite takes ON CONFLICT for the ON of a join.
    """
    filled = _insert(session, table).from_select(list(columns), rows, include_defaults=False)
    keys = list(table.primary_key.columns)
    session.execute(filled.on_conflict_do_update(index_elements=keys, set_={name: filled.excluded[name] for name in changed}))


def _insert(session: Session, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def rows_changed(session: Session, statement: UpdateBase) -> int:
    """Runs an INSERT, UPDATE or DELETE and returns the number of rows that it changed: 0 tells that somebody else was first."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def reserve_ids(session: Session, table: Table, count: int) -> Sequence[int]:
    """Ids of rows that this transaction, which has written already, is about to insert: their contents depend on them."""
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        return session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).all()
    last: int = session.scalar(select(func.max(table.c.id))) or 0  # nobody else writes
    return range(last + 1, last + 1 + count)


def one_at_a_time(session: Session, what: str) -> None:
    """Waits until no other transaction holds the lock of this name, and holds it until this transaction ends.

    SQLite lets one transaction write at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(what.encode()))))
