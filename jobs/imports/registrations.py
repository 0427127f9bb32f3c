"""批量导入报考 (row 5.2.6.1): 按证书导入 into a plan, 按科目导入 into a plan and for a certificate. Which, the import's key says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from domain.exams.plans import exam_plan_of
from domain.exams.registering import NoPlan, Offer, Problem, Terms, Wish, answer_to, candidates_named, open_plan, register, terms_of
from domain.ground.parties import Actor
from domain.platform.imports import kinds_imported
from jobs.imports.description import Import
from jobs.imports.into_plans import plan_named

PREFIX = "registrations-"
_TOLD = 6  # certificates of a plan that a refusal lists
CLOSED = "考试计划不在报考期，或本校不在参考院校内"

Rows = Sequence[Mapping[str, Any]]
Choose = Callable[[Terms, Mapping[str, Any], int], "Wish | Problem"]
"""(terms, a row, id of its candidate) → what it asks for, or why it asks for nothing that there is."""


def import_of_plan(key: str) -> Import | None:
    """The import that a key names: `registrations-<plan>`, or `registrations-<plan>-<certificate>` for a plan that registers by subject."""
    numbers = key.removeprefix(PREFIX).split("-")
    if not key.startswith(PREFIX) or len(numbers) > 2 or not all(one.isdecimal() and len(one) < 10 for one in numbers):
        return None
    plan_id, *certificate = map(int, numbers)
    choose: Choose = partial(_of_subject, certificate[0]) if certificate else _of_certificate
    return Import(
        key=key,
        title="按科目批量导入报考" if certificate else "按证书批量导入报考",
        noun="报考",
        role="试点院校",
        back="/registrations/",
        unique=("id_number",),
        within={"id_number": ("subject",) if certificate else ("certificate", "grade")},
        closed=partial(_closed, plan_id),
        offered=lambda session, actor: exam_plan_of(session, actor, plan_id) is not None,
        into=lambda session, actor: plan_named(plan_id, "registration", session, actor, certificate[0] if certificate else None),
        known=partial(_known, plan_id, choose),
        store=partial(_store, plan_id, choose),
        form="registration_by_subject.json" if certificate else "registration_by_certificate.json",
    )


def past_imports(session: Session, actor: Actor, going: Sequence[Terms]) -> list[tuple[str, str]]:
    """(key, what it came into) of each import of the actor's school into a plan that is not `going`: 导入记录 stay in reach."""
    open_ids = {one.plan.id for one in going}
    kinds = [import_of_plan(kind) for kind in kinds_imported(session, actor, PREFIX)]
    labels = [(one.key, one.into(session, actor)) for one in kinds if one is not None and _plan_of(one.key) not in open_ids]
    return [(key, label) for key, label in labels if label]


def _plan_of(key: str) -> int:
    return int(key.removeprefix(PREFIX).split("-")[0])


def _closed(plan_id: int, session: Session, actor: Actor, now: datetime) -> str | None:
    try:
        open_plan(session, actor, plan_id, now)
    except NoPlan:
        return CLOSED
    return None


def _known(plan_id: int, choose: Choose, session: Session, actor: Actor, rows: Rows) -> dict[int, Problem]:
    """The rows that may not be registered."""
    plan = exam_plan_of(session, actor, plan_id)
    if plan is None:
        return {at: ("name", CLOSED) for at in range(len(rows))}
    terms = terms_of(session, plan)
    wishes, refused = _wishes(session, actor, terms, choose, rows)
    places = list(wishes)
    answer = answer_to(session, actor, terms, list(wishes.values()))
    return {**refused, **{places[at]: problem for at, problem in answer.refused.items()}}


def _store(plan_id: int, choose: Choose, session: Session, actor: Actor, rows: Rows, now: datetime) -> list[int]:
    if not rows:
        return []
    terms = terms_of(session, open_plan(session, actor, plan_id, now, hold=True))
    wishes, _ = _wishes(session, actor, terms, choose, rows)
    return register(session, actor, terms, list(wishes.values()), now)


def _wishes(session: Session, actor: Actor, terms: Terms, choose: Choose, rows: Rows) -> tuple[dict[int, Wish], dict[int, Problem]]:
    ids, refused = candidates_named(session, actor, rows)
    wishes: dict[int, Wish] = {}
    for at, candidate_id in ids.items():
        found = choose(terms, rows[at], candidate_id)
        if isinstance(found, Wish):
            wishes[at] = found
        else:
            refused[at] = found
    return wishes, refused


def _of_certificate(terms: Terms, row: Mapping[str, Any], candidate_id: int) -> Wish | Problem:
    name, grade = str(row.get("certificate", "")), str(row.get("grade", ""))
    offer = next((one for one in terms.offers.values() if one.certificate.is_called(name, grade)), None)
    if offer is None:
        if any(one.certificate.is_called(name) for one in terms.offers.values()):
            return "grade", f"与证书名称“{name}”中的等级不一致"
        there = "、".join(one.certificate.label for one in list(terms.offers.values())[:_TOLD])
        return "certificate", f"考试计划中没有证书“{name}（{grade}）”，有：{there}{'等' if len(terms.offers) > _TOLD else ''}"
    return Wish(candidate_id, offer.certificate.id, None, _said(offer, row))


def _of_subject(certificate_id: int, terms: Terms, row: Mapping[str, Any], candidate_id: int) -> Wish | Problem:
    offer = terms.offers.get(certificate_id)
    if offer is None:
        return "subject", "考试计划中没有这个证书"
    named = [one for one, _ in offer.subjects if one.is_called(str(row.get("subject", "")))]
    fits = next((one for one in named if one.audience in ("所有考生", row.get("audience"))), named[0] if named else None)
    if fits is None:
        return "subject", f"考试计划中没有科目“{row.get('subject', '')}”"
    return Wish(candidate_id, certificate_id, fits.id, row.get("audience"))


def _said(offer: Offer, row: Mapping[str, Any]) -> str | None:
    """The 参考对象 of a row; one where nobody asks for it is not kept."""
    return row.get("audience") if offer.audiences else None
