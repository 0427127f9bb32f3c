"""What was posted once the login had ended, kept in the page that asks to log in again: nothing typed is lost, and nothing is stored.

Only what came from a page of this site is kept – the browser says so (Fetch Metadata, or Origin) – so that nobody else's form can wait
here for a login; and it goes out again only when a person presses 继续提交.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from flask import render_template, request

from webapp.context import current_actor
from webapp.links import is_local

MOST = 300_000  # characters kept in a page; the largest form has some 2,000 lines
Fields = list[tuple[str, str]]


def may_keep() -> bool:
    """Whether what this request posts may be kept: a form of ours, without files and passwords."""
    if request.method != "POST" or request.blueprint == "account" or any(file.filename for file in request.files.values()):
        return False
    origin = request.headers.get("Origin")
    from_here = urlsplit(origin).netloc == request.host if origin else request.headers.get("Sec-Fetch-Site") == "same-origin"
    return from_here and bool(request.form) and "password" not in request.form and len(str(request.form)) <= MOST


def page_that_keeps(status: int) -> tuple[str, int]:
    """The page that keeps what this request posted."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return page(request.full_path.rstrip("?"), fields), status


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
