"""文档模板 (issue 12, point 6): the documents with their versions, the editor with check and preview, comparison, and what is in use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from domain.platform.document_templates import (
    NOTE,
    OWN,
    SavedMeanwhile,
    TemplateUse,
    TemplateVersion,
    digest,
    in_use,
    keep,
    number_in_use,
    shown,
    text_of,
    use,
    uses_of,
    version_of,
    versions_of,
)
from jobs.document_templates.apart import Preview, preview_apart, problems_apart
from jobs.document_templates.kinds import TEMPLATES, TemplateKind
from jobs.documents.checking import LARGEST
from processes.errors import NotAllowed, NotFound, Refused
from webapp.context import actor, db, reads_only, runtime
from webapp.document_templates.differences import differences

blueprint = Blueprint("document_templates", __name__, url_prefix="/document-templates")
ROLE, READER = "流程设计", "系统管理"
SHOWN = 50  # faults
_WIDEST = 160  # characters of a line that are shown beside its fault
_AT = re.compile(r"第 (\d+) 行")
PDF = "application/pdf"
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
"""What browsers show a PDF with is a page of their own, which must be let in."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a text, with the line that it names."""

    sentence: str
    line: str


@blueprint.before_request
def _designers_and_readers() -> None:
    roles = actor().roles
    if ROLE not in roles and (READER not in roles or request.method == "POST"):
        raise NotAllowed


@blueprint.get("/")
def index() -> str:
    """The documents, each with what is in use since when, and by whom."""
    used = in_use(db(), list(TEMPLATES))
    newest = {key: (found[0].number if (found := versions_of(db(), key)) else OWN) for key in TEMPLATES}
    return render_template("document_templates/index.html", templates=TEMPLATES, used=used, newest=newest, shown=shown, changes=_changes())


@blueprint.get("/<key>/")
def show(key: str) -> str:
    """One document: what is in use, its versions, and what was in use before."""
    kind = _kind(key)
    uses = uses_of(db(), key)
    return render_template(
        "document_templates/show.html",
        key=key,
        kind=kind,
        rows=versions_of(db(), key),
        uses=uses,
        using=uses[0].number if uses else OWN,
        seen=uses[0].id if uses else 0,
        own=digest(kind.own()),
        shown=shown,
        changes=_changes(),
    )


@blueprint.get("/<key>/<int:number>/")
def version(key: str, number: int) -> str:
    """The text of one version; 0: the product's own."""
    kind, row = _kind(key), version_of(db(), key, number)
    text = _text(key, number)
    return render_template(
        "document_templates/version.html", key=key, kind=kind, number=number, row=row, text=text, shown=shown, changes=_changes()
    )


@blueprint.get("/<key>/<int:number>/preview")
def preview_of_version(key: str, number: int) -> ResponseReturnValue:
    """A PDF of made-up documents by one version."""
    text = _text(key, number)
    return _preview(key, _kind(key).label, text)


@blueprint.get("/<key>/compare")
def compare(key: str) -> str:
    """What two versions differ in."""
    kind, rows = _kind(key), versions_of(db(), key)
    new = request.args.get("new", rows[0].number if rows else OWN, type=int)
    old = request.args.get("old", max(new - 1, OWN), type=int)
    found = differences(_text(key, old), _text(key, new))
    return render_template("document_templates/compare.html", key=key, kind=kind, rows=rows, old=old, new=new, found=found, shown=shown)


@blueprint.get("/<key>/edit")
def edit(key: str) -> str:
    """The editor, with the version that is named, else the one in use."""
    if not _changes():
        raise NotAllowed
    _kind(key)
    number = request.args.get("number", number_in_use(db(), key), type=int)
    return _editor(key, _text(key, number), "", number, _newest(key))


@blueprint.post("/<key>/check")
@reads_only
def check(key: str) -> str:
    """检查: what is wrong with the text."""
    text, note, number, newest = _posted(key)
    db().rollback()  # to print it on trial must hold no lock
    problems = problems_apart(key, text)
    return _editor(key, text, note, number, newest, problems=problems, good=not problems, saving=False)


@blueprint.post("/<key>/preview")
@reads_only
def preview(key: str) -> ResponseReturnValue:
    """预览 of the text."""
    text, _, _, _ = _posted(key)
    return _preview(key, _kind(key).label, text)


@blueprint.post("/<key>/save")
def save(key: str) -> ResponseReturnValue:
    """保存为新版本; what is in use stays in use."""
    text, note, number, newest = _posted(key)
    who, now = actor(), runtime().engine.clock()
    if not 0 < len(note) <= NOTE:
        return _editor(key, text, note, number, newest, problems=[f"请填写改了什么、为什么，最多 {NOTE} 个字"]), 422
    if text == _text(key, number):
        return _editor(key, text, note, number, newest, problems=[f"内容与{shown(number)}相同，没有可保存的修改"]), 422
    db().rollback()
    if problems := problems_apart(key, text):
        return _editor(key, text, note, number, newest, problems=problems), 422
    draft = TemplateVersion(kind=key, text=text, note=note, based_on=number, created_at=now)
    try:
        saved = keep(db(), who, draft, newest)
    except SavedMeanwhile as error:
        return _editor(key, text, note, number, _newest(key), problems=[str(error)], differing=True), 409
    flash(f"已保存为{shown(saved.number)}。在下面点“使用这个版本”后，新生成的文档才会用它。", "success")
    return redirect(url_for(".show", key=key))


@blueprint.post("/<key>/use")
def put_in_use(key: str) -> ResponseReturnValue:
    """使用这个版本, 恢复系统自带: from now on; what is being printed goes on with the text with which it began."""
    number, seen = request.form.get("number", -1, type=int), request.form.get("seen", 0, type=int)
    text, who = _text(key, number), actor()
    db().rollback()
    if number != OWN and (problems := problems_apart(key, text)):  # saved by an older product, perhaps
        raise Refused(f"{shown(number)}有 {len(problems)} 处问题，不能使用，请修改后保存为新版本：{'；'.join(problems[:3])}")
    chosen = TemplateUse(kind=key, number=number, sha256=digest(text), at=runtime().engine.clock())
    if use(db(), who, chosen, seen):
        flash(f"从现在起，新生成的{_kind(key).label}使用{shown(number)}；已开始生成的不变。", "success")
    else:
        flash(f"{shown(number)}已在使用中。", "info")
    return redirect(url_for(".show", key=key))


def _changes() -> bool:
    """Whether the actor may change anything here."""
    return ROLE in actor().roles


def _kind(key: str) -> TemplateKind:
    if key not in TEMPLATES:
        raise NotFound
    return TEMPLATES[key]


def _text(key: str, number: int) -> str:
    """The text of a version; 0: the product's own."""
    if number == OWN:
        return _kind(key).own()
    if version_of(db(), key, number) is None:
        raise NotFound
    return text_of(db(), key, number)


def _newest(key: str) -> int:
    rows = versions_of(db(), key)
    return rows[0].number if rows else OWN


def _posted(key: str) -> tuple[str, str, int, int]:
    """Text, note, the number of the version from which it began, and that of the newest one which its author has seen."""
    _kind(key)
    text = request.form.get("text", "").replace("\r\n", "\n")
    note = " ".join(request.form.get("note", "").split())
    return text, note, request.form.get("number", OWN, type=int), request.form.get("newest", OWN, type=int)


def _editor(key: str, text: str, note: str, number: int, newest: int, **more: Any) -> str:
    """The editor. `more`: `problems`, and with `saving` False that nothing was to be saved; `good`, that a check found none; `differing`,
    that the text is compared with the newest version."""
    kind = _kind(key)
    if more.pop("differing", False):
        more["found"] = differences(_text(key, newest), text)
    return render_template(
        "document_templates/edit.html",
        key=key,
        kind=kind,
        text=text,
        note=note,
        number=number,
        newest=newest,
        shown=shown,
        longest=LARGEST,
        longest_note=NOTE,
        faults=_faults(more.pop("problems", []), text),
        saving=more.pop("saving", True),
        **more,
    )


def _faults(problems: list[str], text: str) -> list[Fault]:
    """The first problems, each with the line that it names."""
    lines = text.split("\n")
    found = []
    for problem in problems[:SHOWN]:
        at = _AT.match(problem)
        line = lines[int(at[1]) - 1] if at is not None and 0 < int(at[1]) <= len(lines) else ""
        found.append(Fault(problem, line.strip()[:_WIDEST]))
    if len(problems) > SHOWN:
        found.append(Fault(f"……共 {len(problems)} 处", ""))
    return found


def _preview(key: str, label: str, text: str) -> ResponseReturnValue:
    db().rollback()
    made: Preview = preview_apart(key, text)
    if made.problems:
        return render_template("document_templates/not_shown.html", key=key, label=label, faults=_faults(made.problems, text)), 422
    answer: Response = send_file(BytesIO(made.pdf), PDF, download_name=f"{label}-预览.pdf")
    answer.headers["Content-Security-Policy"] = PDF_POLICY
    return answer
