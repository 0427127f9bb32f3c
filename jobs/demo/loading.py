"""Loads the whole demonstration: people, books, and the processes of what has one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.demo import load_demo
from domain.demo.books import SIZES, load_books
from domain.demo.exam_subjects import new_exam_subjects
from domain.demo.seals import new_demo_seal
from domain.demo.standards import new_site_standards, new_skill_standards
from domain.ground.parties import Actor, Party, PersonRole, actor_of
from domain.ground.vault import open_vault
from domain.weekly.periods import ReportingPeriod
from forms.lists.seals import SEAL_KINDS
from jobs.demo.arranging import play_arranging
from jobs.demo.candidates import add_candidates
from jobs.demo.declarations import PLAYED, add_declarations
from jobs.demo.exam_plans import play_exam_plans
from jobs.demo.invigilators import play_invigilators
from jobs.demo.issuing import play_issuing
from jobs.demo.results import play_results
from jobs.demo.rooms import play_rooms
from jobs.demo.scores import play_scores
from jobs.demo.work import Stage, play
from jobs.runtime import Runtime
from processes.engine import Engine
from processes.steps import acting, starting


def load(runtime: Runtime, size: str = "small") -> dict[str, int] | None:
    """Fills an empty database, with its diagrams deployed, in one transaction; `size` is a key of `SIZES`.

    Returns: how many of each kind of record there are now; None where the database was not empty, and is left as it is.
    """
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        if not load_demo(session, now):
            return None
        _start_periods(runtime.engine, session)
        made = load_books(session, now, SIZES[size])
        made |= add_standards(runtime.engine, session, now) | add_declarations(runtime.engine, session, now)
        made |= add_exam_subjects(runtime.engine, session, now)
        made |= add_candidates(runtime.engine, session, runtime.settings.home, now)
        made["电子签章"] = _add_seals(runtime, session, now)
        stage = Stage(runtime.engine, session, runtime.settings.home, Random(20261))  # noqa: S311  # the same data every time
        return (
            made
            | play(stage)
            | play_invigilators(stage)
            | play_exam_plans(stage)
            | play_rooms(stage)
            | play_arranging(stage)
            | play_scores(stage)
            | play_results(stage)
            | play_issuing(stage)
        )


def add_standards(engine: Engine, session: Session, now: datetime) -> dict[str, int]:
    """Adds the certificates' standards, each with its process; every tenth standard of a site has been switched off."""
    skill = _start(engine, session, "skill_standard", new_skill_standards(session, now))
    site = _start(engine, session, "site_standard", new_site_standards(session, now))
    for instance_id, actor in site[9::10]:
        acting.send(engine, session, actor, instance_id, "disable")
    return {"职业技能等级标准": len(skill), "考核站点建设标准": len(site)}


def add_exam_subjects(engine: Engine, session: Session, now: datetime) -> dict[str, int]:
    """Adds the certificates' exam subjects, each with its process; every twentieth has been switched off."""
    begun = _start(engine, session, "exam_subject", new_exam_subjects(session, now))
    for instance_id, actor in begun[19::20]:
        acting.send(engine, session, actor, instance_id, "disable")
    return {"考试科目": len(begun)}


def _add_seals(runtime: Runtime, session: Session, now: datetime) -> int:
    """A seal of each school and each organization that has accounts, of the first `PLAYED` of either at most."""
    vault, made = open_vault(runtime.settings), 0
    for kind in SEAL_KINDS:
        theirs = select(PersonRole.person_id).where(PersonRole.role == kind.ROLE).order_by(PersonRole.person_id).limit(PLAYED)
        keepers = [actor for person_id in session.scalars(theirs).all() if (actor := actor_of(session, person_id)) is not None]
        for actor in keepers:
            starting.start(runtime.engine, session, actor, SEAL_KINDS[kind].key, new_demo_seal(session, kind, actor, now, vault))
        made += len(keepers)
    return made


def _start_periods(engine: Engine, session: Session) -> None:
    for period, province in session.execute(select(ReportingPeriod, Party).join(Party, Party.id == ReportingPeriod.province_id)).all():
        actor = Actor(0, "系统", province.id, province.name, "province", None, frozenset({"省级"}))
        starting.start(engine, session, actor, "reporting_period", period)


def _start(engine: Engine, session: Session, key: str, standards: Iterable[Any]) -> list[tuple[int, Actor]]:
    """(instance id, the organization that began it) of each."""
    organizations = {party.id: party for party in session.scalars(select(Party).where(Party.kind == "organization"))}
    begun = []
    for standard in standards:
        party = organizations[standard.party_id]
        actor = Actor(0, "系统", party.id, party.name, party.kind, None, frozenset({"培训评价组织"}))
        begun.append((starting.start(engine, session, actor, key, standard)[0], actor))
    return begun
