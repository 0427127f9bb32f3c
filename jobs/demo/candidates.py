"""Candidates in every state, of two schools: photos given, compared with one outcome or another, and confirmed by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.demo.candidates import made_up
from domain.demo.portraits import as_jpeg, draw
from domain.exams.candidates import Candidate, store_candidates
from domain.exams.photos import keep_photo
from domain.ground.base import SHANGHAI
from domain.ground.handling import BusinessError
from domain.ground.parties import Actor, actor_named
from domain.institutions.schools import School
from handlers.candidates import MISMATCH, NO_PERSON
from jobs.demo.photos import add_photo_import
from processes import tables
from processes.engine import Engine
from processes.outside import answers
from processes.states import JobState, TaskRowState
from processes.steps import acting, bulk_start, completing

SCHOOLS = (("school1", 90, 20), ("school2", 30, 10))  # account, pupils, others
REFUSALS = (
    BusinessError(MISMATCH, "照片与公安系统中的照片不一致（相似度 38%），请核对照片是否为本人"),
    BusinessError(NO_PERSON, "公安系统中没有与姓名、证件号一致的人，请核对姓名、证件类型和证件号"),
)


def add_candidates(engine: Engine, session: Session, home: Path, now: datetime) -> dict[str, int]:
    """Adds them with their processes. Of twenty, eight have no photo, five wait to be authenticated, six were found to be who they say,
    one needs a person, and some of these were confirmed."""
    random = Random(20523)  # noqa: S311  # the same data every time
    total = 0
    for account, pupils, others in SCHOOLS:
        actor = actor_named(session, account)
        if actor is None:
            continue
        level = session.get_one(School, actor.party_id).level
        year = now.astimezone(SHANGHAI).year
        ids = store_candidates(session, actor, list(made_up(pupils, others, level, year, random)), now)
        bulk_start.start_many(engine, session, actor, "candidate", Candidate.load_all(session, ids))
        table = tables.instance.c
        started = session.execute(select(table.subject_id, table.id).where(table.key == "candidate", table.subject_id.in_(ids)))
        instances = {subject: instance for subject, instance in started}
        for number, id in enumerate(ids):
            _play(engine, session, home, actor, instances[id], number)
        add_photo_import(engine, session, home, actor, now)
        total += len(ids)
    return {"考生": total}


def _play(engine: Engine, session: Session, home: Path, actor: Actor, instance: int, number: int) -> None:
    part = number % 20
    if part < 8:
        return
    acting.put(engine, session, actor, instance, "photo", keep_photo(home, as_jpeg(draw(actor.party_id * 1000 + number).picture)))
    if part < 13:
        return
    (job,) = acting.send(engine, session, actor, instance, "waiting")
    if number == 13:
        return  # the comparison is under way
    table = tables.job
    session.execute(update(table).where(table.c.id == job).values(state=JobState.RUNNING, attempt=1, tries=1))
    if part < 19:
        answers.answer(engine, session, job, 1, {})
        return
    answers.refuse(engine, session, job, 1, REFUSALS[number // 20 % len(REFUSALS)])
    if number % 80 == 79:
        open_tasks = select(tables.task.c.id).where(tables.task.c.instance_id == instance, tables.task.c.state == TaskRowState.OPEN)
        completing.complete(engine, session, actor, session.scalars(open_tasks).one(), "确认无误")
