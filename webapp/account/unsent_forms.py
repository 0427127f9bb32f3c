"""What was posted and could not be taken, kept in the page that says so: nothing typed is lost, and nothing is stored.

Where the login had ended, the page asks to log in again. Only what came from a page of this site is kept – the browser says so (Fetch
Metadata, or Origin) – so that nobody else's form can wait here for a login; and it goes out again only when a person presses 继续提交.

Where the database was busy, or the disk is full, the page says so, and 再次提交 posts the same once more. Files wait meanwhile
(`unsent_files`); passwords are typed again.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from flask import render_template, request

from webapp.account.proving import FIELD
from webapp.account.unsent_files import NAME, keep_files
from webapp.context import current_actor
from webapp.links import is_local

MOST = 300_000  # characters kept in a page; the largest form has some 2,000 lines
Fields = list[tuple[str, str]]
KEPT_NOWHERE = ("account", "results")  # what lets people in; candidates have no account to log in to
PASSWORDS = ("password", FIELD)  # of forms outside the blueprint `account`, whose pages ask for theirs themselves


def may_keep() -> bool:
    """Whether what this request posts may be kept: a form of ours, without files and passwords."""
    if request.method != "POST" or request.blueprint in KEPT_NOWHERE or any(file.filename for file in request.files.values()):
        return False
    origin = request.headers.get("Origin")
    from_here = urlsplit(origin).netloc == request.host if origin else request.headers.get("Sec-Fetch-Site") == "same-origin"
    return from_here and bool(request.form) and "password" not in request.form and len(str(request.form)) <= MOST


def page_that_keeps(status: int) -> tuple[str, int]:
    """The page that keeps what this request posted."""
    return page(_address(), _posted("csrf_token", FIELD)), status  # whoever logs in again may sign


def may_send_again() -> bool:
    """Whether what this request posted may be posted once more: it has passed the check against forgery, so it is a form of ours."""
    return request.method == "POST" and request.blueprint not in KEPT_NOWHERE and bool(request.form or request.files)


def page_to_send_again(status: int, title: str, message: str) -> tuple[str, int]:
    """The page that says why a form of ours was not taken for the moment, with all that it held."""
    files = keep_files()
    page = render_template(
        "account/not_kept.html",
        title=title,
        message=message,
        address=_address(),
        fields=_posted("csrf_token", NAME, *PASSWORDS),
        passwords=[name for name in PASSWORDS if name in request.form],
        kept=[file for file in files if file.token is not None],
        again=[file for file in files if file.token is None],
    )
    return page, status


def _address() -> str:
    return request.full_path.rstrip("?")


def _posted(*without: str) -> Fields:
    return [(name, value) for name, value in request.form.items(multi=True) if name not in without]


def read_unsent() -> tuple[str, Fields] | None:
    """Address and fields that such a page posted along with account and password; None where it is not what it made."""
    address, text = request.form.get("address", ""), request.form.get("kept", "")
    try:
        fields = json.loads(text) if len(text) <= 2 * MOST else None
    except ValueError:
        return None
    if not is_local(address) or not isinstance(fields, list):
        return None
    pairs = [(str(one[0]), str(one[1])) for one in fields if isinstance(one, list) and len(one) == 2]
    return address, pairs


def page(address: str, fields: Fields, account: str = "", problem: str = "") -> str:
    """The page: with account and password to fill in, or – logged in – the button that sends the fields off again."""
    kept = json.dumps(fields, ensure_ascii=False)
    return render_template(
        "account/unsent_form.html", address=address, fields=fields, kept=kept, who=current_actor(), account=account, problem=problem
    )
