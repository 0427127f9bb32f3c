"""教师 that two people change or import at the same moment, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.institutions.teachers import new_teacher, store_teachers, teacher_of
from processes.steps import acting, starting
from tests.conftest import FOREVER, World
from tests.racing import race, transaction, until_waiting


@pytest.mark.row("7.1")
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"mobile": "13911110009"}, "该手机号已有账号"), ({"id_number": "11010519491231002X"}, "本校已有使用该证件号的教师")],
    ids=["mobile", "id number"],
)
def test_two_teachers_get_the_same_number(world: World, changed: dict[str, str], refusal: str) -> None:
    school, engine = world.actor("school1"), world.runtime.engine
    instances, ids = [], []
    with world.runtime.database.writing() as session:
        for number in (1, 2):
            teacher = new_teacher(session, school, world.clock(), {"name": "王小明", "mobile": f"1391111000{number}"})
            instances.append(starting.start(engine, session, school, "teacher", teacher)[0])
            ids.append(teacher.id)

    def edit(number: int) -> Callable[[Session], Any]:
        before = {"name": "王小明", "mobile": f"1391111000{number + 1}"}
        return lambda session: acting.save(engine, session, school, instances[number], {**before, **changed})

    assert (race(world, edit(0), transaction(world, edit(1))) or "").startswith(refusal)
    with world.runtime.database.reading() as session:
        second = teacher_of(session, school, ids[1])
        assert second is not None
        assert second.answers() == {"name": "王小明", "mobile": "13911110002"}


@pytest.mark.row("7.1")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_two_imports_of_the_same_people_in_another_order_do_not_wait_for_each_other(world: World) -> None:
    """A third one holds up the first in the middle, so that both are at it: one stores its people, the other hears that they are taken."""
    first, second, third = ({"name": "王小明", "mobile": f"1391111000{number}"} for number in (1, 2, 3))

    def store(account: str, rows: list[dict[str, str]]) -> str:
        try:
            with world.runtime.database.writing() as session:
                store_teachers(session, world.actor(account), rows, world.clock())
        except IntegrityError:
            return "taken"
        return "stored"

    with ThreadPoolExecutor(2) as pool:
        with world.runtime.database.writes() as session:
            store_teachers(session, world.actor("school3"), [second], world.clock())
            futures = [pool.submit(store, "school1", [first, second, third])]
            until_waiting(world, *futures)
            futures.append(pool.submit(store, "school2", [third, first]))
            until_waiting(world, *futures, count=2)
            session.rollback()
        assert sorted(future.result(timeout=FOREVER) for future in futures) == ["stored", "taken"]
