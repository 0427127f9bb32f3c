"""What migrating all that run on a version would come to (row 8.3): counted exactly, in as many statements for many as for few."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from processes import tables
from processes.errors import Refused
from processes.monitor import migrating, migration_forecast
from processes.steps import acting
from tests.conftest import World
from tests.processes.monitor.versions import inside, line, parallel, versions
from tests.processes.tiny import Play

pytestmark = pytest.mark.row("8.3")


def copies(play: Play, number: int) -> None:
    """As many more instances that stand as this one does; only the engine's rows of them."""
    values = {name: value for name, value in play.row._mapping.items() if name != "id"}
    with play.runtime.database.writing() as session:
        session.execute(insert(tables.instance), [{**values, "subject_id": 10_000 + at} for at in range(number)])


def looked(play: Play, new_id: int) -> migration_forecast.Forecast:
    with play.runtime.database.reading() as session:
        return migration_forecast.forecast(session, play.definition.id, new_id)


def test_all_are_counted_each_as_a_look_at_it_alone_says(world: World) -> None:
    play = Play(world, parallel("left"))
    copies(play, 300)  # at the draft
    play.act("school1", "fill")
    copies(play, 20)  # in both branches
    play.act("province1", "right")
    copies(play, 7)  # one waits at the join
    both = versions(play, line("fill", "left"))
    found = looked(play, both.second.id)
    assert (found.total, found.seen, found.possible) == (328, 328, 300)
    one_by_one: dict[str, int] = {}
    with world.runtime.database.reading() as session:
        for row in session.execute(select(tables.instance)):
            problems = "；".join(migrating.preview(session, row, both.second.id).problems)
            one_by_one[problems] = one_by_one.get(problems, 0) + 1
    assert one_by_one.pop("") == 300
    assert found.problems == one_by_one
    assert sorted(one_by_one.values()) == [8, 20]


def test_statements_do_not_grow_with_the_rows(world: World) -> None:
    play = Play(world, inside("left"))
    both = versions(play, inside("left", "right"))
    statements: list[Any] = []
    event.listen(world.runtime.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    numbers = []
    for more in (0, 60):
        copies(play, more) if more else None
        looked(play, both.second.id)
        statements.clear()
        looked(play, both.second.id)
        numbers.append(len([one for one in statements if one != "BEGIN"]))
    assert numbers == [2, 2]


def test_of_very_many_every_so_manieth_is_looked_at_and_that_is_said(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_forecast, "LOOKED_AT", 10)
    play = Play(lite, line("fill"))
    copies(play, 39)
    both = versions(play, line("fill", "review"))
    found = looked(play, both.second.id)
    assert (found.total, found.seen, found.possible) == (40, 10, 10)


def test_where_it_stands_is_its_shape_and_what_it_went_through_to_get_there_is_not(lite: World) -> None:
    play, shapes = Play(lite, parallel("left")), []
    for account, element in (("school1", "fill"), ("province1", "right"), ("province1", "left")):
        shapes.append(migration_forecast.shape(play.row.state))
        play.call(acting.tick, play.instance)  # saved anew
        assert migration_forecast.shape(play.row.state) == shapes[-1]
        play.act(account, element)
    assert len(set(shapes)) == 3


def test_a_version_that_nobody_can_go_to_is_told(lite: World) -> None:
    play = Play(lite, line("fill"))
    with lite.runtime.database.writing() as session:
        session.execute(update(tables.instance).values(key="other"))
    both = versions(play, line("fill", "review"))
    with pytest.raises(Refused):
        both.plan()
    assert looked(play, both.second.id).problems == {"只能迁移到同一流程的其他版本": 1}
