"""A supervisor who watches reports, and what the database holds of them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from processes import tables
from processes.monitor import verify
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import hand_in


def row(world: World, instance_id: int = 1) -> Any:
    with world.runtime.database.reading() as session:
        return session.execute(select(tables.instance).where(tables.instance.c.id == instance_id)).one()


def faults(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        return verify.verify(world.runtime.engine, session)


def watched(world: World, *accounts: str) -> FlaskClient:
    """A supervisor's browser, over a report of each of these schools."""
    app = site(world)
    for account in accounts or ("school1",):
        hand_in(user(app, account))
    return user(app, "supervisor")
