"""考生: what is stored of them, who is refused, what two people do at the same moment, and how many start at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.demo.numbers import id_number
from domain.exams.candidates import (
    Candidate,
    CandidateExists,
    candidate_of,
    candidates_query,
    known_candidates,
    new_candidate,
    store_candidates,
)
from domain.exams.photos import keep_photo, photo_path, read_photo
from domain.ground.id_numbers import masked
from forms import read_forms
from forms.checking import check
from forms.lists.candidates import CANDIDATES
from processes import tables
from processes.history import instance_by_id
from processes.monitor import verify
from processes.steps import acting, bulk_start, starting
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.racing import race, transaction


def begin(world: World, session: Session, account: str = "school1", **changes: Any) -> tuple[Candidate, int]:
    actor = world.actor(account)
    candidate = new_candidate(session, actor, world.clock(), {**PUPIL, **changes})
    return candidate, starting.start(world.runtime.engine, session, actor, "candidate", candidate)[0]


@pytest.mark.row("5.2.3.1")
def test_a_school_has_a_person_once_of_each_kind(world: World) -> None:
    with world.runtime.database.writing() as session:
        begin(world, session)
        with pytest.raises(CandidateExists, match="本校已有使用该证件的考生"):
            begin(world, session)
        begin(world, session, kind="社会考生")
        begin(world, session, document="护照")
        begin(world, session, "school2")
        assert session.scalar(select(func.count()).select_from(Candidate)) == 4


@pytest.mark.row("5.2.3.1")
def test_everybody_sees_the_candidates_of_their_own_school(world: World) -> None:
    with world.runtime.database.writing() as session:
        mine, _ = begin(world, session)
        begin(world, session, "school2")
        assert [one.id for one in session.scalars(candidates_query(world.actor("school1")))] == [mine.id]
        assert candidate_of(session, world.actor("school2"), mine.id) is None
        for account in ("organization1", "province1", "operator"):
            assert session.scalars(candidates_query(world.actor(account))).all() == []


@pytest.mark.row("5.2.3.1")
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, {1, 2}),  # 院校考生 is the part that is shown at first
        ({"kind": ""}, {1, 2}),
        ({"kind": "社会考生"}, {3}),
        ({"name": "小三"}, {2}),
        ({"number": "19991231"}, {1}),
        ({"name": "王 小三"}, {2}),
        ({"name": "wang xiao"}, {1, 2}),
        ({"name": "·"}, set()),
        ({"major": "护理"}, {2}),
        ({"level": "本科"}, {2}),
        ({"year": "2024"}, {2}),
        ({"year": "二〇二四"}, set()),
        ({"photo": "有照片"}, {2}),
        ({"photo": "无照片"}, {1}),
        ({"photo": "?"}, set()),
    ],
)
def test_filters(lite: World, values: dict[str, str], found: set[int]) -> None:
    school = lite.actor("school1")
    rows = [
        pupil(1, id_number=id_number("32010119991231001")),
        pupil(2, major="护理", level="本科", entry_year=2024),
        pupil(3, kind="社会考生"),
    ]
    with lite.runtime.database.writing() as session:
        made = store_candidates(session, school, rows, lite.clock())
        session.get_one(Candidate, made[1]).photo = "0" * 64
        session.flush()
        assert {made.index(row.id) + 1 for row in session.scalars(CANDIDATES.narrowed(school, values))} == found


@pytest.mark.row("5.2.3.1")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"major": None}, "“就读专业”必须填写"),
        ({"kind": "社会考生", "major": None, "level": None, "entry_year": None}, None),
        ({"id_number": "110105194912310021"}, "“证件号”：身份证号校验位错误，请对照证件逐位核对"),
        ({"document": "护照"}, "“证件号”：护照号应为 5–17 位字母或数字，请对照证件填写"),
        ({"document": "护照", "id_number": "E1"}, "“证件号”：护照号应为 5–17 位字母或数字，请对照证件填写"),
        ({"pinyin": "Wang"}, "“姓名拼音”：应为大写字母，姓在前、名在后，中间空一格，例如：ZHANG SAN、OUYANG NANA"),
        ({"mobile": "1391111"}, "“手机号”：手机号应为 11 位数字，以 13–19 开头"),
        ({"level": "博士"}, "“专业层次”应为：中职、高职、本科"),
    ],
)
def test_what_must_be_filled_in(changes: dict[str, Any], problem: str | None) -> None:
    answers = {name: value for name, value in {**PUPIL, **changes}.items() if value is not None}
    assert [message for _, message in check(read_forms()["candidate.json"], answers)] == ([problem] if problem else [])


@pytest.mark.row("5.2.3.6")
def test_a_masked_number_tells_little() -> None:
    assert masked("11010519491231002X") == "110105***002X"
    assert masked("E12345678") == "E1***78"


@pytest.mark.row("5.2.3.2")
def test_rows_that_the_school_has_are_told(world: World) -> None:
    school, other = world.actor("school1"), world.actor("school2")
    rows = [pupil(1), pupil(2), pupil(2, kind="社会考生")]
    with world.runtime.database.writing() as session:
        assert known_candidates(session, school, []) == {}
        made = store_candidates(session, school, [rows[1]], world.clock())
        assert known_candidates(session, school, rows) == {1: ("id_number", "本校已有使用该证件的院校考生")}
        assert known_candidates(session, other, rows) == {}
        (stored,) = session.scalars(select(Candidate).where(Candidate.id.in_(made)))
        assert stored.answers() == rows[1]
        with pytest.raises(IntegrityError), session.begin_nested():
            store_candidates(session, school, rows, world.clock())


@pytest.mark.row("5.2.3.2")
def test_many_start_alike_and_are_sound(world: World) -> None:
    school, engine = world.actor("school1"), world.runtime.engine
    with world.runtime.database.writing() as session:
        ids = store_candidates(session, school, [pupil(number) for number in range(1, 31)], world.clock())
        runs = session.scalar(select(func.count()).select_from(tables.instance))
        jobs = bulk_start.start_many(engine, session, school, "candidate", Candidate.load_all(session, ids))
        assert jobs == []
        assert {(row.status, row.tone) for row in session.scalars(candidates_query(school))} == {("无照片", "draft")}
        made = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == "candidate")).all()
        assert len(made) == 30
        assert runs is not None
        last = instance_by_id(session, made[-1])
        assert last is not None
        assert list(verify.faults(engine, session, last)) == []
        acting.put(engine, session, school, made[-1], "photo", "0" * 64)
        assert Candidate.load(session, last.subject_id).status == "信息待认证"  # type: ignore[union-attr]


@pytest.mark.row("5.2.3.5")
def test_two_candidates_get_the_same_number(world: World) -> None:
    school, engine = world.actor("school1"), world.runtime.engine
    with world.runtime.database.writing() as session:
        made = [begin(world, session, **pupil(number))[1] for number in (1, 2)]
    same = id_number("32010119991231001")

    def edit(number: int) -> Callable[[Session], Any]:
        return lambda session: acting.save(engine, session, school, made[number], pupil(number + 1, id_number=same))

    assert (race(world, edit(0), transaction(world, edit(1))) or "").startswith("本校已有使用该证件的考生")


@pytest.mark.row("5.2.3.5")
def test_a_photo_is_no_answer_that_people_post(lite: World) -> None:
    school, engine = lite.actor("school1"), lite.runtime.engine
    with lite.runtime.database.writing() as session:
        candidate, instance = begin(lite, session)
        acting.put(engine, session, school, instance, "photo", "a" * 64)
        acting.save(engine, session, school, instance, {**PUPIL, "photo": "b" * 64, "mobile": "13911110001"})
        assert (candidate.photo, candidate.mobile) == ("a" * 64, "13911110001")


@pytest.mark.row("5.2.3.3")
def test_a_photo_is_kept_once_by_content(lite: World) -> None:
    home = lite.runtime.settings.home
    kept = keep_photo(home, b"photo")
    assert keep_photo(home, b"photo") == kept
    assert read_photo(home, kept) == b"photo"
    assert read_photo(home, "0" * 64) is None
    assert [path.name for path in (home / "photos").rglob("*.jpg")] == [f"{kept}.jpg"]
    assert photo_path(home, kept).stat().st_mode & 0o077 == 0
    with pytest.raises(ValueError, match="not a SHA-256"):
        photo_path(home, "../../etc/passwd")


@pytest.mark.row("5.2.3.2")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_two_imports_of_the_same_people_at_the_same_moment(world: World) -> None:
    """Their rows stand in another order: one stores them, the other hears that they are taken, and neither waits for ever."""
    school, rows = world.actor("school1"), [pupil(number) for number in (1, 2, 3)]

    def second() -> str:
        try:
            with world.runtime.database.writing() as session:
                store_candidates(session, school, rows[::-1], world.clock())
        except IntegrityError:
            return "taken"
        return "stored"

    assert race(world, lambda session: store_candidates(session, school, rows, world.clock()), second) == "taken"
    with world.runtime.database.reading() as session:
        assert known_candidates(session, school, rows).keys() == {0, 1, 2}
