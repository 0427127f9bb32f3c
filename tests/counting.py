"""What a step or a page costs, and what it left in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select

from tests.conftest import World


def count(world: World, table: Any) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def counted(world: World) -> Iterator[tuple[list[str], list[Any]]]:
    """Every statement on a cursor, and every commit."""
    statements: list[str] = []
    commits: list[Any] = []

    def on_statement(*args: Any) -> None:
        statements.append(args[2])

    def on_commit(connection: Any) -> None:
        commits.append(connection)

    engine = world.runtime.database.engine
    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield statements, commits
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
        event.remove(engine, "commit", on_commit)
