"""What an import into an exam plan says of that plan on its pages."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.plans import exam_plan_of
from domain.ground.base import clock_minutes
from domain.ground.parties import Actor

LABELS = {"registration": "报考", "arranging": "排考", "scoring": "成绩登记"}


def plan_named(plan_id: int, window: str, session: Session, actor: Actor, certificate_id: int | None = None) -> str:
    """The plan with its number, the certificate where there is one, and one of its windows (a key of `LABELS`); empty where the actor
    may not see the plan."""
    plan = exam_plan_of(session, actor, plan_id)
    if plan is None:
        return ""
    certificate = session.get(Certificate, certificate_id) if certificate_id is not None else None
    parts = [f"{plan.title()}（{plan.number}）", *([certificate.label] if certificate is not None else [])]
    since, until = (clock_minutes(getattr(plan, f"{window}_{end}")) for end in ("from", "to"))
    return f"{'，'.join(parts)}；{LABELS[window]}时间 {since} 至 {until}"
