"""What a process that was stopped in the middle of a transaction keeps locked, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from domain import database
from domain.parties import Party
from tests.conftest import World


@pytest.mark.row("6.5")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite knows no such limit
def test_a_stopped_process_does_not_keep_its_locks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "IDLE", timedelta(milliseconds=200))
    stopped = database.open_database(world.runtime.settings.database_url)
    late = stopped.writes()
    late.execute(update(Party).where(Party.id == 1).values(name="来晚了"))
    with world.runtime.database.writing() as session:  # waits until the other's session is ended
        session.execute(update(Party).where(Party.id == 1).values(name="及时"))
    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        late.execute(select(Party.id))
    late.close()
    stopped.engine.dispose()
    with world.runtime.database.reading() as session:
        assert session.scalars(select(Party.name).where(Party.id == 1)).one() == "及时"
