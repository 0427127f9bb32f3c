"""Handlers about 考试计划. `at` is the step's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.plans import ExamPlan, StillNeeded, people_of_schools
from domain.exams.score_objections import open_objections
from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.ground.uniqueness import flush_or_refuse
from domain.issuing.issuances import MOST, begin_issuances
from handlers import sms


def publish(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> None:
    """Schools see the plan from now on.

    Raises:
        BusinessError: what it names is not there, or its time for registering is over.
    """
    try:
        subject.publish(params["at"])
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error


def check_end(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> None:
    """Looks at an edit of a published plan: `before` is when 报考 was to end until now.

    Raises:
        BusinessError: it would end at once.
    """
    try:
        subject.check_end(params["before"], params["at"])
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error


def find_objections(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """`objections`: numbers of the 成绩异议 that wait for an answer, where 公示 ends at another time than `before`; `objection_count`."""
    found = open_objections(session, subject.id) if subject.publicity_to != params["before"] else []
    return {"objections": found, "objection_count": len(found)}


def withdraw(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> None:
    """Schools no longer see the plan."""
    subject.withdraw()


def delete(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> None:
    """Deletes a plan; its history stays with the process.

    Raises:
        BusinessError: rooms are set up or candidates registered under it.
    """
    session.delete(subject)
    try:
        flush_or_refuse(session, StillNeeded)
    except StillNeeded as error:
        raise BusinessError("refused", "已有院校据此设置考场或报考，或已分配考核站点，不能删除该计划") from error


def issue(session: Session, subject: ExamPlan, params: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Records for people who have passed, as many as begin in one step: `issuances`, their ids, and `issued`, how many; 0: no more."""
    found = begin_issuances(session, subject.id, params["at"], MOST)
    return {"issuances": found, "issued": len(found)}


def prepare_telling(session: Session, subject: ExamPlan, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: an SMS (`text`) to the people of the schools that the plan names."""
    return {"messages": [{"to": person.mobile, "text": str(params["text"])} for person in people_of_schools(session, subject)]}


def tell(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    """Sends the messages. Where no school has an account yet there is nobody to tell, and that is no failure.

    Raises:
        Transient, Permanent: as `sms.call`.
    """
    return sms.call(payload, key, settings) if payload["messages"] else {}
