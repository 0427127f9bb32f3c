"""自动编排 and 发布, as background tasks: all of what they find is stored in one transaction, or nothing (row 5.2.8.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from domain.exams.arrangings import Arrangement, NotArranging, arranged_plan, hold, note_report
from domain.exams.placing import ChangedMeanwhile, Changes, Post, Spot, store
from domain.exams.publishing import complete_photos, publish
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from jobs.arrangements.checking import unlawful
from jobs.arrangements.reading import Given, names_of, read
from jobs.arranging import Arranging, Moved, Names, Order, arrange, missing_why, remedy_told, summary
from jobs.runtime import Runtime
from jobs.work import Work

ARRANGE, PUBLISH = "arrange", "arrange.publish"
AUTOMATIC = "自动编排"
TRIES = 3  # how often it is begun anew because somebody changed something meanwhile
MOVES_TOLD = 50


class AlwaysChanged(DomainError):
    """编排期间有人不断修改报考、考场或座位，结果没有保存，现有安排不变。请稍后再试。"""


def run(runtime: Runtime, work: Work) -> None:
    """自动编排 of `plan`, in `order`, `making_room` or not. What somebody changes meanwhile is not overwritten: it is begun anew then.

    Raises:
        NotArranging: the plan's 排考 window is closed, or the plan is not the actor's.
        AlwaysChanged
    """
    plan_id, order, making_room = int(work.params["plan"]), Order(work.params["order"]), bool(work.params["making_room"])
    for _ in range(TRIES):
        with runtime.database.writing() as session:  # whoever got a photo after 报考 may be seated
            _must_be_open(session, work.actor, plan_id)
            hold(session, plan_id, runtime.engine.clock())
            complete_photos(session, plan_id)
        with runtime.database.reading() as session:
            given = read(session, plan_id, order, making_room)
            names = names_of(session, given)
        found = arrange(given.wanted, told=lambda done, total: work.progress(done, total=total or None))
        try:
            with runtime.database.writing() as session:
                _must_be_open(session, work.actor, plan_id)
                if _stored(session, work, given, found, names):
                    return
        except ChangedMeanwhile:  # somebody who was to be seated, or a room, was deleted while it was stored
            continue
    raise AlwaysChanged


def _must_be_open(session: Session, actor: Actor, plan_id: int) -> None:
    if arranged_plan(session, actor, plan_id) is None:
        raise NotArranging


def _stored(session: Session, work: Work, given: Given, found: Arranging, names: Names) -> bool:
    """Stores an arranging. False, and nothing is stored, where what it depends on is not what it was."""
    plan_id, wanted, now = int(work.params["plan"]), given.wanted, work.clock()
    state = hold(session, plan_id, now)
    if read(session, plan_id, wanted.order, wanted.making_room) != given:
        return False
    placed, missing, told = keep(session, work.actor, state, given, found, names, now)
    work.result = {**work.result, "told": told}
    work.keep(session, placed, missing, placed + missing)
    return True


def keep(
    session: Session, actor: Actor, state: Arrangement, given: Given, found: Arranging, names: Names, now: datetime
) -> tuple[int, int, str]:
    """Stores what was found for a held arranging, and what it has to tell.

    Returns: how many have a seat and how many have none, and that in a sentence.
    Raises:
        ChangedMeanwhile
    """
    placed = sum(one.sitting in given.sittings for one in found.placed)
    missing = [one for one in found.missing if (one.registration, one.subject) in given.entries]
    told = f"已排 {placed} 人次，未排 {len(missing)} 人次"
    store(session, actor.person_id, state, AUTOMATIC, f"{given.wanted.order}：{told}", changes_of(given, found), now)
    sentences = missing_why(missing, given.wanted, names)
    unplaced = {given.entries[one.registration, one.subject]: (str(one.reason), why) for one, why in zip(missing, sentences, strict=True)}
    note_report(session, state, report_of(found, names), unplaced, now)
    return placed, len(missing), told


def changes_of(given: Given, found: Arranging) -> Changes:
    """What is different after an arranging, of the plan's own."""
    seats: dict[int, Spot | None] = dict.fromkeys(given.entries.values())
    for one in found.placed:
        if one.sitting in given.sittings:
            seats[given.entries[one.registration, one.subject]] = Spot(one.sitting, one.room, one.seat)
    now = {Post(one.room, one.sitting, one.invigilator) for one in found.duties if one.sitting in given.sittings}
    before = {Post(one.room, one.sitting, one.invigilator) for one in given.wanted.duties if one.sitting in given.sittings}
    return Changes(seats, now - before, before - now)


def report_of(found: Arranging, names: Names) -> dict[str, list[str]]:
    """What an arranging has to tell, in sentences: `summary`, `remedies`, `moved`."""
    return {
        "summary": summary(found, names),
        "remedies": [remedy_told(one, names) for one in found.remedies],
        "moved": list(_moves_told(found.moved, names)),
    }


def _moves_told(moved: Sequence[Moved], names: Names) -> Iterable[str]:
    for number, one in enumerate(moved):
        if number == MOVES_TOLD:
            yield f"另有 {len(moved) - MOVES_TOLD} 个座位有变动。"
            return
        was, now = one.was, one.now
        why = f"（原座位：{'、'.join(one.rules)}）" if one.rules else ""
        to = f"移到 {names.rooms.get(now.room, '')} {now.seat} 号（{names.sittings.get(now.sitting, '')}）" if now else "没有座位了"
        place = f"{names.rooms.get(was.room, '')} {was.seat} 号（{names.sittings.get(was.sitting, '')}）"
        yield f"{names.people.get(was.registration, '')} 从 {place} {to}{why}。"


class Unlawful(DomainError):
    """有座位不再符合现在的报考、考场或场次，请先“自动编排”或手动调整，再发布。"""


def run_publish(runtime: Runtime, work: Work) -> None:
    """发布 of `plan`: schools and candidates see what is arranged, and 准考证号 are given.

    Raises:
        NotArranging, NothingToPublish
        Unlawful: a seat or a duty has become unlawful since it was given.
    """
    plan_id = int(work.params["plan"])
    with runtime.database.writing() as session:
        _must_be_open(session, work.actor, plan_id)
        state = hold(session, plan_id, runtime.engine.clock())
        if wrong := unlawful(session, plan_id):
            raise Unlawful(f"有 {len(wrong)} 项安排不再符合要求：{'；'.join(wrong[:5])}。请先“自动编排”或手动调整，再发布。")
        done = publish(session, work.actor.person_id, state, runtime.engine.clock())
        work.result = {**work.result, "told": f"已发布 {done.seats} 个座位，生成 {done.tickets} 个准考证号"}
        work.keep(session, done.seats, 0, done.seats)
