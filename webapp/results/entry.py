"""Who looks at results: let in by id number and the end of a mobile, for half an hour, apart from the sessions of accounts.

The cookie names a registration, by a number that nobody can guess a valid cookie from, and holds nothing of the person; it is sent to
these pages alone and never from another site.
"""

from __future__ import annotations

import hashlib

from flask import Response, current_app, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from domain.exams.own_results import Examinee, examinee_of, seal_of
from domain.platform.throttle import counted_as
from webapp.context import db, runtime

COOKIE, SECONDS = "pilot_results", 30 * 60


def let_in(response: Response, registration_id: int) -> Response:
    """Writes the cookie of whoever was found."""
    value = _signer().dumps([registration_id, seal_of(db(), registration_id, runtime().settings.secret_key)])
    secure, path = runtime().settings.secure_cookies, url_for("results.index")
    response.set_cookie(COOKIE, value, max_age=SECONDS, path=path, secure=secure, httponly=True, samesite="Strict")
    return response


def let_out(response: Response) -> Response:
    """Takes the cookie back."""
    response.delete_cookie(COOKIE, path=url_for("results.index"), httponly=True, samesite="Strict")
    return response


def examinee() -> Examinee | None:
    """Who is looking; None where nobody was let in, or half an hour is over."""
    try:
        registration_id, seal = _signer().loads(request.cookies.get(COOKIE, ""), max_age=SECONDS)
    except (BadData, TypeError, ValueError):
        return None
    return examinee_of(db(), int(registration_id), str(seal), runtime().settings.secret_key)


def throttled_as(id_number: str, address: str) -> tuple[str, str]:
    """The names under which failures of a person, and from an address, are counted: apart from those of accounts, so that candidates
    behind a school's address do not shut its staff out. The number itself is not kept."""
    digest = hashlib.sha256(f"{runtime().settings.secret_key} {id_number}".encode()).hexdigest()
    return f"results:{digest[:32]}", f"r:{counted_as(address)}"[:45]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="own results")
