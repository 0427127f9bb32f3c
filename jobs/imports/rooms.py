"""批量导入考场信息 into an exam plan, which the import's key names (row 5.2.5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from domain.exams.plans import exam_plan_of
from domain.exams.setting_rooms import NoRoomPlan, Problem, known_rooms, room_plan, store_rooms, venues
from domain.ground.parties import Actor
from jobs.imports.description import Import
from jobs.imports.into_plans import plan_named

PREFIX = "rooms-"
CLOSED = "该考试计划的排考已结束，或本校不能为它设置考场"

Rows = Sequence[Mapping[str, Any]]


def import_of_rooms(key: str) -> Import | None:
    """The import that a key names: `rooms-<plan>`."""
    number = key.removeprefix(PREFIX)
    if not key.startswith(PREFIX) or not number.isdecimal() or len(number) > 9:
        return None
    plan_id = int(number)
    return Import(
        key=key,
        title="批量导入考场信息",
        noun="考场",
        role="试点院校",
        back="/rooms/",
        unique=("name",),
        within={"name": ("site", "certificate")},
        closed=partial(_closed, plan_id),
        offered=lambda session, actor: exam_plan_of(session, actor, plan_id) is not None,
        into=partial(plan_named, plan_id, "arranging"),
        known=partial(_known, plan_id),
        store=lambda session, actor, rows, now: store_rooms(session, actor, plan_id, rows, now),
        choices=partial(_choices, plan_id),
        form="exam_room_import.json",
    )


def _closed(plan_id: int, session: Session, actor: Actor, now: datetime) -> str | None:
    try:
        room_plan(session, actor, plan_id, now)
    except NoRoomPlan:
        return CLOSED
    return None


def _known(plan_id: int, session: Session, actor: Actor, rows: Rows) -> dict[int, Problem]:
    return known_rooms(session, actor, plan_id, rows)


def _choices(plan_id: int, session: Session, actor: Actor) -> dict[str, list[str]]:
    """What the template offers: the school's sites in the plan, their certificates, and each subject alone."""
    found = venues(session, actor, plan_id)
    return {
        "site": [one.site.title() for one in found],
        "certificate": list(dict.fromkeys(one.site.certificate.label for one in found)),
        "subjects": list(dict.fromkeys(label for one in found for label in one.labels)),
    }
