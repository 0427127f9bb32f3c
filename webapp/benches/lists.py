"""`lists`: first and last page of a school's lists of 3,000 records among very many of other schools, over the same among few.

Each list of records with a process that grows with the whole platform is a line of `LISTS`: 300,000 of others over none. Those of exam
affairs (`exam_rows`) are lines of `PLAIN`: 1,000,000 registrations in the database, with whatever goes with each, over 10,000. The ratio is
that of both pages of all of them, and each is told by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Table, insert, literal, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session
from werkzeug.test import create_environ, run_wsgi_app

from domain.demo.numbers import id_number
from domain.exams.candidates import Candidate, new_candidate
from domain.ground.base import utc_now
from domain.ground.id_numbers import CARD
from domain.ground.parties import Actor, Party
from domain.ground.subjects import Subject
from jobs.runtime import Runtime
from processes import tables
from processes.steps import starting
from webapp.app import create_app
from webapp.benches.exam_rows import add_plans
from webapp.benches.measuring import actor, product, timed
from webapp.benches.step import log_in

OTHERS, OWN = 300_000, 3_000
MANY, FEW = 1_000_000, 10_000  # registrations
SIZE = 20  # rows of a page
PARTIES = 3_000
ROUNDS = 40
WARM_UP = 5


@dataclass(frozen=True)
class Measured:
    """A list: its address, what makes its first record, and which columns differ from record to record, by the record's number."""

    address: str
    make: Callable[[Session, Actor], Subject]
    own: Callable[[ColumnElement[int]], Mapping[str, ColumnElement[Any]]]


def _candidate(session: Session, school: Actor) -> Candidate:
    answers = {
        "kind": "院校考生",
        "name": "王小明",
        "pinyin": "WANG XIAOMING",
        "document": CARD,
        "id_number": id_number("11010520060101001"),
        "mobile": "13900000000",
        "major": "软件技术",
        "level": "高职",
        "entry_year": 2025,
    }
    return new_candidate(session, school, utc_now(), answers)


LISTS = {"candidates": Measured("/candidates/", _candidate, lambda number: {"id_number": sql_cast(number, String)})}

PLAIN = {
    "rooms": "/rooms/",
    "allotments": "/allotments/",
    "registrations": "/registrations/",
    "planned_subjects": "/planned-subjects/",
    "used_rooms": "/room-sittings/",
    "placed": "/placed/",
    "payment_slips": "/payment-slips/",
    "scores": "/scores/",
    "outcomes": "/outcomes/",
    "exam_plans": "/exam-plans/",
}


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds of all pages together: among many records, among few; and the ratio of each page."""
    with product() as many, product() as few:
        sides = [_Side(many, OTHERS, MANY - OWN), _Side(few, 0, FEW - OWN)]
        times: dict[str, tuple[list[float], list[float]]] = {page: ([], []) for page in sides[0].pages}
        for number in range(ROUNDS + WARM_UP):
            for side in (0, 1) if number % 2 else (1, 0):  # in turns: neither always runs warm
                for page, took in times.items():
                    seconds = timed(sides[side].pages[page])
                    if number >= WARM_UP:
                        took[side].append(seconds)
    medians = {page: (median(ours), median(floor)) for page, (ours, floor) in times.items()}
    also = {page: round(ours / floor, 2) for page, (ours, floor) in medians.items()}
    return sum(ours for ours, _ in medians.values()), sum(floor for _, floor in medians.values()), also


class _Side:
    """A database with `OWN` records of one school in each list and a number of others', and that school's browser."""

    def __init__(self, runtime: Runtime, others: int, registrations: int) -> None:
        school = actor(runtime, "school1")
        with runtime.database.writing() as session:
            if others or registrations:
                schools = [{"id": 1_000 + n, "kind": "school", "name": f"学校{n}", "code": f"B{n}"} for n in range(PARTIES)]
                session.execute(insert(Party), schools)
            for name, one in LISTS.items():
                record = one.make(session, school)
                instance_id, _ = starting.start(runtime.engine, session, school, name.removesuffix("s"), record)
                _multiply(session, record, instance_id, one, 0, OWN - 1, literal(school.party_id))
                if others:
                    _multiply(session, record, instance_id, one, OWN, others, None)
            add_plans(session, school, OWN, registrations, PARTIES)
        self._app = create_app(runtime)
        self._cookie, _ = log_in(self._app)
        self.pages: dict[str, Callable[[], None]] = {}
        for name, address in {**{name: one.address for name, one in LISTS.items()}, **PLAIN}.items():
            self.pages[f"{name} first"] = lambda at=address: self._get(at)  # type: ignore[misc]
            self.pages[f"{name} last"] = lambda at=f"{address}?page={OWN // SIZE}": self._get(at)  # type: ignore[misc]

    def _get(self, address: str) -> None:
        path, _, query = address.partition("?")
        environ = create_environ(path, query_string=query)
        environ["HTTP_COOKIE"] = self._cookie
        body, status, _ = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        if not status.startswith("200") or f"共 {OWN} 条".encode() not in b"".join(body):
            raise ValueError(status)


def _multiply(
    session: Session,
    record: Subject,
    instance_id: int,
    measured: Measured,
    after: int,
    copies: int,
    party: ColumnElement[int] | None,
) -> None:
    """Copies a record and its instance; without a party each copy is one of `PARTIES` others'. The instances' states are not kept."""
    first = select(literal(after + 1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < after + copies))
    number = sql_cast(numbers.c.n, Integer)
    owner = 1_000 + number % PARTIES if party is None else party
    table: Table = type(record).__table__  # type: ignore[attr-defined]  # its subject is a record
    changed: dict[Table, dict[str, ColumnElement[Any]]] = {
        table: {"id": record.id + number, "party_id": owner, **measured.own(number)},
        tables.instance: {"id": instance_id + number, "subject_id": record.id + number, "party_id": owner, "state": literal(b"")},
    }
    for each, id in ((table, record.id), (tables.instance, instance_id)):
        columns = [changed[each].get(column.name, column) for column in each.c]
        source = select(*columns).select_from(each.join(numbers, true())).where(each.c.id == id)
        session.execute(insert(each).from_select([column.name for column in each.c], source))
