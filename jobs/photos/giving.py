"""Gives photos to candidates: each in a step of the candidate's process, which decides whether it may be given, and what follows."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.candidates import KINDS, Candidate, candidates_query
from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from domain.ground.id_numbers import DOCUMENTS
from domain.ground.parties import Actor
from domain.ground.values import among
from processes import tables
from processes.definitions.store import load
from processes.diagrams import expressions
from processes.engine import Engine
from processes.errors import FormInvalid, ProcessError
from processes.history import instance_of
from processes.rights import access
from processes.steps import acting
from processes.tasks.actions import ActionKind, actions_for

KEY = "candidate"
FIELD = "photo"
NOBODY = "照片无对应考生"
ONLY = "文件名应只有证件号"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owner:
    """A candidate, as far as a photo is concerned."""

    id: int
    kind: str
    document: str
    instance_id: int | None
    """None while its process has not been started yet."""
    photo: str | None


def owners_of(session: Session, actor: Actor, numbers: Sequence[str]) -> Mapping[str, Sequence[Owner]]:
    """The actor's candidates by the number of their identity document: two of a number where somebody is in both kinds. One query."""
    instance = tables.instance.c
    # of every kind and document: so that each number is looked up in the index, however many candidates the school has
    some = (Candidate.kind.in_(KINDS), Candidate.document.in_(DOCUMENTS), among(session, Candidate.id_number, set(numbers)))
    mine = candidates_query(actor).order_by(None).where(*some).subquery()
    latest = (
        select(instance.id)
        .where(instance.key == KEY, instance.subject_id == mine.c.id)
        .order_by(instance.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(mine.c.id_number, mine.c.id, mine.c.kind, mine.c.document, latest, mine.c.photo).order_by(mine.c.id)
    found: dict[str, list[Owner]] = {}
    for number, *about in session.execute(query):
        found.setdefault(number, []).append(Owner(*about))
    return found


def locked_owners_of(session: Session, actor: Actor, numbers: Sequence[str]) -> dict[str, Sequence[Owner]]:
    """`owners_of`, of whom nobody else changes one until the transaction ends: a photo that just came is not replaced unseen."""
    instance = tables.instance.c
    ids = [one.instance_id for some in owners_of(session, actor, numbers).values() for one in some]
    # in their order, as everybody who acts on many: two imports of the same people never wait for each other in a circle
    session.execute(select(instance.id).where(instance.id.in_([one for one in ids if one])).order_by(instance.id).with_for_update())
    return dict(owners_of(session, actor, numbers))


def owner_problem(owners: Sequence[Owner], number: str) -> str | None:
    """Why a photo cannot be given, whatever it shows; None where it can."""
    if not owners:
        return f"{NOBODY}：本校没有证件号为“{number}”的考生，文件名应为考生的证件号"
    if len({one.document for one in owners}) > 1:
        return f"证件号“{number}”对应证件类型不同的考生，不能确定是谁的照片，请在考生的页面上单独上传"
    return None


@dataclass(frozen=True)
class Whose:
    """Whose photo a file of a zip is, by its name."""

    number: str
    problem: str | None
    """Why it is nobody's, for people; of one that is somebody's what is wrong with its name, if anything is."""
    somebodys: bool


def whose(owners: Mapping[str, Sequence[Owner]], number: str, inside: Sequence[str]) -> Whose:
    """Whom a file name means: the number that it is, or else the only number of a candidate `inside` it."""
    its = owners.get(number, ())
    if its:
        problem = owner_problem(its, number)
        return Whose(number, problem, problem is None)
    known = [one for one in inside if owners.get(one)]
    if len(known) > 1:
        return Whose(number, f"{NOBODY}：{ONLY}，其中有 {len(known)} 位考生的证件号，不能确定是谁的照片", False)
    if not known:
        return Whose(number, f"{NOBODY}：{ONLY}，其中的“{inside[0]}”不是本校考生的证件号" if inside else owner_problem((), number), False)
    if problem := owner_problem(owners[known[0]], known[0]):
        return Whose(known[0], f"{ONLY}；{problem}", False)
    return Whose(known[0], f"{ONLY}：其中的“{known[0]}”是本校考生的证件号，请确认是不是这位考生的照片", True)


def other_photos(session: Session, actor: Actor, owners: Sequence[Owner], photo: str, now: datetime) -> Sequence[Owner]:
    """Those who have another photo, where the diagram lets it be replaced: that is asked first. Where it does not, the step says so."""
    others = [one for one in owners if one.photo not in (None, photo)]
    return [one for one in others if may_be_given(session, actor, one.id, now)]


def may_be_given(session: Session, actor: Actor, candidate_id: int, now: datetime) -> bool:
    """Whether this actor may give a candidate a photo now, by the diagram."""
    actions = actions_for(session, actor, KEY, [candidate_id], now)[candidate_id]
    edit = next((one for one in actions if one.kind == ActionKind.EDIT), None)
    instance = instance_of(session, KEY, candidate_id)
    if edit is None or instance is None:
        return False
    definition = load(session, instance.definition_id)
    element = definition.elements[edit.element]
    field = access.fields_of(definition.forms[element.edit_form or ""])[FIELD]
    return access.mode_at(field, element, element.edit_lane) == "write"


def give(engine: Engine, session: Session, actor: Actor, owners: Sequence[Owner], photo: str) -> tuple[int | None, str | None, list[str]]:
    """Gives a kept photo to each of these candidates, in a savepoint each.

    Returns: id of a candidate who has it now, or None; why not all have it, or None; the jobs to hand out.
    """
    jobs: list[str] = []
    problems: list[str] = []
    has: int | None = None
    for one in sorted(owners, key=lambda owner: owner.instance_id or 0):  # as everybody who acts on many: nobody waits in a circle
        problem = None if one.photo == photo else _put(engine, session, actor, one, photo, jobs)
        if problem is None:
            has = has or one.id
        else:
            problems.append(f"{one.kind}：{problem}" if len(owners) > 1 else problem)
    return has, "；".join(problems) or None, jobs


def _put(engine: Engine, session: Session, actor: Actor, owner: Owner, photo: str, jobs: list[str]) -> str | None:
    if owner.instance_id is None:
        return "考生刚刚导入，流程还没有开始，请稍后重新上传"
    try:
        with session.begin_nested():
            jobs += acting.put(engine, session, actor, owner.instance_id, FIELD, photo)
    except FormInvalid as error:
        return "；".join(text for _, text in error.problems)
    except (ProcessError, DomainError, expressions.ExpressionError) as error:
        return str(error)
    except FAULTS:
        _log.exception("photo of candidate %d", owner.id)
        return "处理时出错，请在考生的页面上单独上传；如仍不成功，请联系系统管理员"
    return None
