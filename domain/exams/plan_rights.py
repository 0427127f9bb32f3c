"""Who sees the rows of an exam plan: one rule for all of its lists."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ColumnElement, Select, false

from domain.exams.plans import ExamPlan
from domain.ground.parties import Actor

Query = TypeVar("Query", bound=Select)  # type: ignore[type-arg]  # whatever it selects


def seen_by(query: Query, actor: Actor, own: ColumnElement[bool]) -> Query:
    """The rows of a query that joins plans which an actor may see: a school its `own`, an organization those of its plans, operators all,
    others none."""
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(own)
    return query.where(ExamPlan.party_id == actor.party_id if "培训评价组织" in actor.roles else false())
