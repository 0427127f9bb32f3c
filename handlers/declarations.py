"""Handlers about 证书试点申报 and 申报计划. `at` is the step's clock: the window of a plan holds to the second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates import declarations
from domain.certificates.declaration_plans import DeclarationPlan
from domain.certificates.declarations import Declaration
from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from domain.ground.parties import Actor


def hand_in(session: Session, subject: Declaration, params: dict[str, Any], actor: Actor) -> None:
    """Writes down that a declaration was handed in within its plan's window.

    Raises:
        BusinessError: `late`, with the parameter of that name as its message, or the plan is not open.
    """
    with _refusals():
        declarations.hand_in(subject, params["at"], str(params["late"]))


def in_window(session: Session, subject: Declaration, params: dict[str, Any], actor: Actor) -> None:
    """Refuses outside the window in which a declaration may be handed in; raises as `hand_in`."""
    with _refusals():
        declarations.in_window(subject.plan, params["at"], str(params["late"]))


def begin_pilots(session: Session, subject: Declaration, params: dict[str, Any], actor: Actor) -> None:
    """From now on the school pilots the certificates that were approved."""
    declarations.begin_pilots_of(session, subject, params["at"])


def publish(session: Session, subject: DeclarationPlan, params: dict[str, Any], actor: Actor) -> None:
    """Schools see the plan from now on.

    Raises:
        BusinessError: its window is over.
    """
    with _refusals():
        subject.publish(params["at"])


def withdraw(session: Session, subject: DeclarationPlan, params: dict[str, Any], actor: Actor) -> None:
    """Schools no longer see the plan."""
    subject.published = False


def open_now(session: Session, subject: DeclarationPlan, params: dict[str, Any], actor: Actor) -> None:
    """The window begins now."""
    subject.starts_at = params["at"]


def close_now(session: Session, subject: DeclarationPlan, params: dict[str, Any], actor: Actor) -> None:
    """The window ends now."""
    subject.ends_at = params["at"]


def delete_plan(session: Session, subject: DeclarationPlan, params: dict[str, Any], actor: Actor) -> None:
    """Deletes a plan under which nobody has applied; its history stays with the process.

    Raises:
        BusinessError: a school has applied.
    """
    session.get_one(DeclarationPlan, subject.id, with_for_update=True)  # of this and a school that applies at the same moment, one waits
    if session.scalar(select(Declaration.id).where(Declaration.plan_id == subject.id).limit(1)) is not None:
        raise BusinessError("refused", "已有院校按该计划申报，不能删除")
    session.delete(subject)
    session.flush()


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns a rule's refusal into a BPMN error, which the diagram catches, or whoever acts reads."""
    try:
        yield
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error
