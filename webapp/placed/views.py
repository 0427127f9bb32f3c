"""排考管理 (manual 5.2.8): 考核站点编排 with 考点编排明细, 考场编排 with its seats and documents, 排考明细."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from domain.exams.placed import UsedRoom, guards_in, seats_in, used_room_of
from domain.exams.planned_subjects import OVER, planned_subject_of, sites_of, unplaced_plans
from domain.exams.registrations import UNPLACED
from domain.exams.rooms import subject_label
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor
from forms.kinds import OPERATOR, ORGANIZATION, SCHOOL
from forms.lists.placed import PLACED, PLANNED_SUBJECTS, SUBJECTS_OF_SCHOOLS, USED_ROOMS, place_of, span
from processes.errors import NotFound
from webapp.context import actor, db, runtime
from webapp.links import posted_back
from webapp.listing import Button, ListScreen, Pick, render_list
from webapp.printing.beginning import begin_printing
from webapp.printing.views import DOCUMENTS

subjects = Blueprint("planned_subjects", __name__, url_prefix="/planned-subjects")
rooms = Blueprint("used_rooms", __name__, url_prefix="/room-sittings")
people = Blueprint("placed", __name__, url_prefix="/placed")
EVERYBODY = frozenset({SCHOOL, ORGANIZATION, OPERATOR})
SHEETS = {"下载考场门贴": "doors", "下载考场桌贴": "desks", "下载考场签到表": "attendance", "导出准考证": "tickets"}
"""Button → the word of the document in its address."""
TICKETS = "导出准考证"


def tickets_of(source: str) -> Pick:
    """导出准考证 over the ticked rows of a list, or over all under its filters."""
    return Pick(TICKETS, "printing.choose", EVERYBODY, all=True, values={"source": source, "document": "tickets"})


SUBJECTS = ListScreen(
    PLANNED_SUBJECTS,
    help="考试计划下的所有考试科目和排考进度：排考时间内按科目下的考生是否已有座位分为未排考、排考中、已排完。院校的人数只计本校考生。",
    show=lambda row: url_for("planned_subjects.show", planned_id=row.id),
    empty="还没有考试科目。培训评价组织发布考试计划后，计划下的科目会列在这里。",
    export="批量导出考核站点编排",
    more_exports=(("批量导出考场编排明细", SUBJECTS_OF_SCHOOLS.name),),
)


def _documents(who: Actor, row: UsedRoom) -> list[Button]:
    return [Button(label, url_for("used_rooms.print", used_id=row.id, document=one), post=True) for label, one in SHEETS.items()]


ROOMS = ListScreen(
    USED_ROOMS,
    help="已发布的考场编排：本校的考场，以及本校考生所在的考场。院校在非本校考场只看到本校考生。",
    show=lambda row: url_for("used_rooms.show", used_id=row.id),
    row_buttons=_documents,
    empty="还没有考场编排。培训评价组织完成排考并发布后，考场会列在这里。",
    export="批量导出考场编排记录",
    picks=tuple(
        Pick(label, "printing.choose", EVERYBODY, all=True, values={"source": USED_ROOMS.name, "document": one})
        for label, one in SHEETS.items()
    ),
)
PEOPLE = ListScreen(
    PLACED,
    help="已发布的排考安排：每名考生每个科目的考场、座位号和考试时间。",
    show=lambda row: url_for("registrations.show", registration_id=row.registration_id),
    empty="还没有排考明细。培训评价组织完成排考并发布后，考生的安排会列在这里。",
    export="导出排考明细",
    picks=(tickets_of(PLACED.name),),
)


@subjects.get("/")
def index() -> str:
    """考核站点编排, with those who have no seat although 排考 is over."""
    left = unplaced_plans(db(), actor(), runtime().engine.clock())
    return render_list(SUBJECTS, db(), actor(), "placed/subjects.html", left=left, unplaced=UNPLACED)


@subjects.get("/<int:planned_id>")
def show(planned_id: int) -> str:
    """考点编排明细: the sites of a subject."""
    row = planned_subject_of(db(), actor(), planned_id, runtime().engine.clock())
    if row is None:
        raise NotFound
    return render_template(
        "placed/subject.html",
        row=row,
        sites=sites_of(db(), actor(), row),
        over=row.status == OVER,
        unplaced=UNPLACED,
        is_school=SCHOOL in actor().roles,
    )


@rooms.get("/", endpoint="index")
def rooms_index() -> str:
    """考场编排."""
    return render_list(ROOMS, db(), actor())


@rooms.get("/<int:used_id>", endpoint="show")
def show_room(used_id: int) -> str:
    """考点编排详情: a room in a sitting, its seats, and who guards it."""
    row = _room(used_id)
    here = UsedRoom.id == row.id
    seats = db().execute(seats_in(actor(), here)).all()
    guards = guards_in(db(), actor(), here).get(row.id, ())
    all_of_it = SCHOOL not in actor().roles or row.room.party_id == actor().party_id
    return render_template(
        "placed/room.html",
        row=row,
        when=span(row.sitting.starts_at, row.sitting.ends_at),
        subject=subject_label(row.sitting.subject),
        place=place_of(row.room),
        seats=seats,
        guards=guards,
        all_of_it=all_of_it,
        masked=masked,
        buttons=_documents(actor(), row),
    )


@rooms.post("/<int:used_id>/documents/<document>", endpoint="print")
def print_one(used_id: int, document: str) -> ResponseReturnValue:
    """A document of one room in a sitting."""
    row = _room(used_id)
    if document not in DOCUMENTS:
        raise NotFound
    label = DOCUMENTS[document]
    params = {"source": USED_ROOMS.name, "document": label, "ids": [row.id], "back": posted_back("used_rooms.index")}
    return begin_printing(f"{label}：{row.title()}", params)


def _room(used_id: int) -> UsedRoom:
    row = used_room_of(db(), actor(), used_id, runtime().engine.clock())
    if row is None:
        raise NotFound
    return row


@people.get("/", endpoint="index")
def people_index() -> str:
    """排考明细."""
    return render_list(PEOPLE, db(), actor())
