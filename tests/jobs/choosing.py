"""What people want to hear of, and the notices that the page then shows them."""

from __future__ import annotations

from processes.notices import notices, preferences
from processes.notices.reminders import due_notices, remind
from processes.steps import telling
from tests.conftest import World

ALL = tuple(telling.KINDS)


def choose(world: World, account: str, shown: tuple[str, ...] = ALL, sms: tuple[str, ...] = ALL) -> None:
    with world.runtime.database.writing() as session:
        preferences.choose(session, world.actor(account), shown, sms, world.clock())


def notices_shown(world: World, account: str) -> list[tuple[str, str]]:
    with world.runtime.database.writing() as session:
        remind(session, world.clock(), due_notices(session, world.clock()))
        rows = session.execute(notices.notices_of(world.actor(account))).all()
    return [(row.kind, row.text) for row in rows]
