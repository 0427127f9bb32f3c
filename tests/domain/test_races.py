"""Records that two people change at the same moment: one wins, and the other reads what is wrong (SQLite and PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import DeclarationPlan
from domain.certificates.declarations import new_declaration
from domain.certificates.pilots import begin_pilots
from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from domain.institutions.teachers import new_teacher, store_teachers, teacher_of
from domain.platform import background
from handlers.declarations import delete_plan
from processes.steps import acting, starting
from tests.conftest import FOREVER, World
from tests.domain.certificates.test_declarations import LINES, plan
from tests.racing import race, until_waiting


def told(world: World, act: Callable[[Session], Any]) -> Callable[[], str | None]:
    """The act in a transaction of its own; gives what the person reads where it is refused."""

    def run() -> str | None:
        try:
            with world.runtime.database.writing() as session:
                act(session)
        except (DomainError, BusinessError) as error:
            return str(error)
        return None

    return run


@pytest.mark.row("4.3.7")
@pytest.mark.parametrize(
    ("first", "refusal"),
    [("apply", "已有院校按该计划申报，不能删除"), ("delete", "该申报计划尚未开放，暂不能申报；请在申报开始后再试。")],
)
def test_a_plan_is_deleted_while_a_school_applies(world_books: World, first: str, refusal: str) -> None:
    world, school = world_books, world_books.actor("school1")
    with world.runtime.database.writing() as session:
        plan_id = plan(world, session).id

    def delete(session: Session) -> None:
        delete_plan(session, session.get_one(DeclarationPlan, plan_id), {}, world.actor("province1"))

    def apply(session: Session) -> None:
        new_declaration(session, school, world.clock(), {"lines": LINES}, plan_id)

    one, other = (apply, delete) if first == "apply" else (delete, apply)
    assert race(world, one, told(world, other)) == refusal


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

    assert (race(world, edit(0), told(world, edit(1))) or "").startswith(refusal)
    with world.runtime.database.reading() as session:
        second = teacher_of(session, school, ids[1])
        assert second is not None
        assert second.answers() == {"name": "王小明", "mobile": "13911110002"}


@pytest.mark.row("4.3.3")
@pytest.mark.parametrize("world_books", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_what_belongs_to_a_school_does_not_hold_up_what_it_pilots(world_books: World) -> None:
    """A batch of the school has written its task, and comes to its records; an approval has locked one, and comes to the school."""
    world, school = world_books, world_books.actor("school1")
    with world.runtime.database.reading() as session:
        certificate = session.query(Certificate.id).order_by(Certificate.id.desc()).limit(1).scalar()

    def approve(session: Session) -> None:
        begin_pilots(session, school.party_id, [certificate or 0], world.clock())

    with world.runtime.database.writing() as session:
        background.begin(session, school, "batch", "批量删除", {}, world.clock())
        assert told(world, lambda other: (other.connection().exec_driver_sql("SET lock_timeout = '2s'"), approve(other)))() is None


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
