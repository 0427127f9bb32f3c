"""The public pages of 证书查验: by number and name, or by the QR code of a certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from domain.ground.database import one_at_a_time
from domain.ground.names import tidy_name
from domain.issuing.checking import LONGEST, by_number, by_token, of_file
from domain.issuing.issuances import Issuance
from domain.platform import throttle
from jobs.certificates import checking
from jobs.certificates.facts import ORGANIZATION, SITE
from jobs.certificates.judging import Known, judged
from jobs.confinement import Busy
from webapp.context import db, public, runtime

blueprint = Blueprint("checking", __name__, url_prefix="/check")
UNKNOWN = "没有查到与该证书编号和姓名都一致的证书，请核对后重试。"  # the same whether or not there is such a number
NO_CODE = "没有查到这个二维码对应的证书：请核对扫描的是证书上的二维码，或改用证书编号和姓名查验。"
TOO_MANY = "查验失败次数过多，请 15 分钟后再试。"


@blueprint.get("/")
@public
def index() -> str:
    """Asks for number and name."""
    return render_template("checking/index.html", number="", name="")


@blueprint.post("/")
@public
def check() -> ResponseReturnValue:
    """Tells about the certificate with this number and name. Whatever does not fit, the answer is the same."""
    number = "".join(request.form.get("number", "")[:60].split())
    typed = request.form.get("name", "")[: 2 * LONGEST]
    return _answered(f"check:{_digest(number)}", lambda: by_number(db(), number, tidy_name(typed)), UNKNOWN, 400, number, typed)


@blueprint.get("/<token>")
@public
def scan(token: str) -> ResponseReturnValue:
    """What the QR code of a certificate leads to."""
    return _answered(f"check:{_digest(token)}", lambda: by_token(db(), token[:60]), NO_CODE, 404)


@blueprint.post("/file")
@public
def check_file() -> ResponseReturnValue:
    """Tells what a PDF that somebody hands in is worth: sealed by whom, changed since, the one that was issued?"""
    if throttle.too_many(db(), "", _address(), runtime().engine.clock()):
        return render_template("checking/index.html", number="", name="", problem=TOO_MANY), 429
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return render_template("checking/index.html", number="", name="", problem="请先选择证书文件（PDF），再点击“查验文件”。"), 422
    content = sent.stream.read(checking.LARGEST + 1)
    db().rollback()  # looking at it must hold no lock
    try:
        checked = checking.check(content, {}) if len(content) > checking.LARGEST else None
        seen = checking.look(content) if checked is None else checked.seen
    except Busy:
        return render_template("checking/index.html", number="", name="", problem="查验的人较多，请稍后再试。"), 503
    found = of_file(db(), seen.number)
    if checked is None:
        checked = judged(seen, _known(found[0]) if found is not None else {}, found[1] if found is not None else None)
    good = checked.verdict.good
    page = render_template("checking/file.html", checked=checked, one=found[0] if found is not None and good else None)
    if not good:
        _failed(f"check:{_digest(seen.digest)}")
    return page


def _known(one: Issuance) -> dict[str, Known]:
    """The certificates with which this one was sealed."""
    names = {ORGANIZATION: one.party.name, SITE: one.site_party.name if one.site_party is not None else ""}
    return {key: Known(role, names[role]) for role, key in zip((ORGANIZATION, SITE), (one.seal_keys or "").split(), strict=False)}


def _answered(
    about: str, find: Callable[[], Issuance | None], problem: str, status: int, number: str = "", name: str = ""
) -> ResponseReturnValue:
    """The certificate's page, or the question again. Failures are counted by what was asked for, and by address."""
    found = None if throttle.too_many(db(), about, _address(), runtime().engine.clock()) else find()
    if found is None:
        if _failed(about):
            problem, status = TOO_MANY, 429
        return render_template("checking/index.html", number=number, name=name, problem=problem), status
    return render_template("checking/found.html", one=found)


def _failed(about: str) -> bool:
    """Counts a failure in a transaction of its own: who follows a QR code only reads. Returns whether there were too many before."""
    now = runtime().engine.clock()
    db().rollback()  # it must hold no lock of its own
    with runtime().database.writing_in_a_hurry() as session:
        one_at_a_time(session, "check")  # many at once learn no more than one after the other
        too_many = throttle.too_many(session, about, _address(), now)
        if not too_many:
            throttle.failed(session, about, _address(), now)
    return too_many


def _address() -> str:
    """Under what failures of an address are counted: apart from those of accounts."""
    return f"c:{throttle.counted_as(request.remote_addr or '')}"[:45]


def _digest(text: str) -> str:
    """What failures are counted by: what was typed is not kept."""
    return hashlib.sha256(f"{runtime().settings.secret_key} {text}".encode()).hexdigest()[:32]
