"""The login password beside a button that signs (the property `signs`): it is asked for where the login is older than ten minutes, and
counts for ten minutes as a login does. Guessing here is throttled together with guessing at the login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import g, request, session
from sqlalchemy import select

from domain.ground.parties import Person
from processes.diagrams.elements import Outcome
from processes.errors import NotProved
from webapp.account.trying import try_password
from webapp.context import actor, db, runtime

FIELD = "own_password"
"""Name of the form's field. It is kept nowhere: not in drafts, nor in pages that keep what was posted."""


class WrongOwnPassword(NotProved):
    """登录密码不正确，没有签名，请重新输入。"""


class TooManyTries(NotProved):
    """密码输入错误次数过多，没有签名，请 15 分钟后再试。"""


def must_prove(outcomes: Sequence[Outcome]) -> bool:
    """Whether a page with these buttons asks for the password: one of them signs, and the actor's login is too old for that."""
    return any(outcome.signs for outcome in outcomes) and not actor().has_proved(runtime().engine.clock())


def posted_proof() -> NotProved | None:
    """Checks the password that was posted beside a button, before anything is done. Returns None, or the problem to show.

    Where none was posted, nothing is wrong yet: whether the act needs one, the engine decides.
    """
    password = request.form.get(FIELD, "")
    if not password:
        return None
    who = actor()
    account = db().scalar(select(Person.account).where(Person.id == who.person_id)) or ""
    tried = try_password(account, password)
    if tried.too_many:
        return TooManyTries()
    if tried.person is None or (tried.person.id, tried.person.stamp) != (who.person_id, who.stamp):
        return WrongOwnPassword()
    now = runtime().engine.clock()
    session["proved"] = now.timestamp()
    g.actor = replace(who, proved_at=now)
    return None


def proof_for(outcome: Outcome | None) -> NotProved | None:
    """As `posted_proof`, for what is only begun now, such as a batch: a signature without a proof is a problem too."""
    problem = posted_proof()
    if problem is None and outcome is not None and must_prove([outcome]):
        return NotProved(f"“{outcome.name}”是签名，请先输入您的登录密码")
    return problem


def chosen_first(outcomes: Sequence[Outcome], problem: object) -> list[Outcome]:
    """The buttons of a page that asks for the password again, with the one that was pressed first: Enter in the field presses that one."""
    chosen = request.form.get("outcome") if problem else None
    return sorted(outcomes, key=lambda outcome: outcome.name != chosen) if chosen else list(outcomes)
