"""流程设计 (row 8.3): processes with their versions, the editor, check, trial run, deployment, comparison, import and export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from domain.ground.errors import DomainError
from domain.ground.handling import External
from domain.ground.parties import ROLES
from domain.ground.tones import Tone
from domain.subjects import SUBJECTS
from forms import read_forms
from handlers import HANDLERS
from jobs import trials
from jobs.outline import outline
from jobs.runtime import BPMN_FOLDER
from jobs.scenarios.files import ScenarioFailed
from processes.checks.structure import is_key
from processes.deployment import versions
from processes.deployment.deploying import deploy, take_turn
from processes.deployment.differences import differences
from processes.diagrams.decisions import read_folder
from processes.diagrams.xmlsafe import MAX_BYTES
from processes.errors import DiagramInvalid, NotAllowed, NotFound, Refused
from processes.history import clock_text, who
from webapp.context import actor, db, reads_only, runtime
from webapp.designer import drafts
from webapp.designer.running import migrate_all, running

blueprint = Blueprint("designer", __name__, url_prefix="/designer")
ROLE = "流程设计"
_NAMED = re.compile(r"[^“(]*(?:“.*?”)?\(([^()]*)\)：")  # how a problem names its element


blueprint.add_url_rule("/<key>/running", "running", running)
blueprint.add_url_rule("/<key>/<int:number>/migrate", "migrate_all", migrate_all, methods=["POST"])


@blueprint.before_request
def _designers_only() -> None:
    if ROLE not in actor().roles:
        raise NotAllowed


@blueprint.get("/")
def index() -> str:
    """The processes, and the actor's drafts of processes that are not deployed yet."""
    rows = versions.latest_versions(db())
    kept = drafts.drafts_of(db(), actor())
    new = {key: at for key, at in kept.items() if key not in {row.key for row in rows}}
    return render_template("designer/index.html", rows=rows, drafts=kept, new=new, subjects=_subjects(rows), roles=ROLES)


def _subjects(rows: Sequence[Any]) -> dict[str, str]:
    """What a new process may be about, by key; a record is called after the process of the same key."""
    names = {row.key: f"{row.name}（{row.key}）" for row in rows}
    return {key: names.get(key, key) for key in sorted(SUBJECTS)}


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    """Begins a new process: a draft with a first task."""
    key, name = request.form.get("key", "").strip(), request.form.get("name", "").strip()
    subject, role = request.form.get("subject", ""), request.form.get("role", "")
    if not is_key(key) or not name or subject not in SUBJECTS or role not in ROLES:
        raise Refused("请填写流程的名称和 id（字母、数字、下划线，以字母开头），并选择业务记录和发起角色")
    _begin(key, drafts.blank(key, name[:100], subject, role), 0)
    return redirect(url_for("designer.edit", key=key))


@blueprint.post("/import")
def import_file() -> ResponseReturnValue:
    """Takes a .bpmn file as the actor's draft of the process that its id names."""
    try:
        key, xml = trials.imported(_uploaded("file"))
    except DiagramInvalid as error:
        raise Refused("；".join(error.problems)) from error
    rows = versions.versions_of(db(), key)
    _begin(key, xml, rows[0].version if rows else 0)
    faults = len(_problems(drafts.Model(key, xml, "", 0)))
    if faults:
        flash(f"已导入为草稿，有 {faults} 处问题，请点“检查”逐一改正后再部署。", "warning")
    else:
        flash("已导入为草稿，没有发现问题，试运行后可以部署。", "success")
    return redirect(url_for("designer.edit", key=key))


@blueprint.get("/<key>/")
def show(key: str) -> str:
    """All versions of a process."""
    rows = versions.versions_of(db(), key)
    if not rows:
        raise NotFound
    return render_template("designer/versions.html", key=key, rows=rows, draft=drafts.drafts_of(db(), actor()).get(key))


@blueprint.get("/<key>/<int:number>/")
def version(key: str, number: int) -> str:
    """One version: the diagram, and the same as a list of its elements."""
    definition = versions.version(db(), key, number)
    row = next(row for row in versions.versions_of(db(), key) if row.version == number)
    g.diagram = True
    return render_template("designer/version.html", row=row, definition=definition, steps=outline(definition.xml))


@blueprint.get("/<key>/<int:number>/diagram.json")
def diagram(key: str, number: int) -> ResponseReturnValue:
    """A version's XML for the viewer."""
    definition = versions.version(db(), key, number)
    notes = {e.id: [f"{k}：{v}" for k, v in e.properties.items()] or ["没有设置属性"] for e in definition.elements.values()}
    return {"xml": definition.xml, "tokens": [], "path": [], "notes": notes, "heat": {}}


@blueprint.get("/<key>/<int:number>/export")
def export(key: str, number: int) -> Response:
    """A version as a .bpmn file."""
    definition = versions.version(db(), key, number)
    return send_file(BytesIO(definition.xml.encode()), "application/xml", as_attachment=True, download_name=f"{key}.bpmn")


@blueprint.get("/<key>/compare")
def compare(key: str) -> str:
    """What two versions differ in."""
    rows = versions.versions_of(db(), key)
    if not rows:
        raise NotFound
    old = request.args.get("old", type=int) or max(rows[0].version - 1, 1)
    new = request.args.get("new", type=int) or rows[0].version
    found = differences(versions.version(db(), key, old).xml, versions.version(db(), key, new).xml)
    return render_template("designer/compare.html", key=key, rows=rows, old=old, new=new, found=found)


@blueprint.get("/<key>/edit")
def edit(key: str) -> str:
    """The editor."""
    model = drafts.model_of(db(), actor(), key)
    g.diagram = True
    return render_template("designer/edit.html", model=model, said=trials.description_of(model.xml))


@blueprint.get("/<key>/model.json")
def model(key: str) -> ResponseReturnValue:
    """What the editor begins with, and what its drop-downs offer."""
    found = drafts.model_of(db(), actor(), key)
    forms = [{"value": name, "label": f"{schema.get('title', name)}（{name}）"} for name, schema in read_forms().items()]
    handlers = [{"value": n, "needs": h.needs, "outside": isinstance(h, External)} for n, h in sorted(HANDLERS.items())]
    choices = {
        "forms": forms,
        "handlers": handlers,
        "roles": ROLES,
        "tones": list(Tone),
        "subjects": sorted(SUBJECTS),
        "facts": sorted(getattr(SUBJECTS.get(trials.description_of(found.xml).subject), "FACTS", ())),
    }
    return {"xml": found.xml, "scenarios": found.scenarios, "base": found.base, "choices": choices}


@blueprint.post("/<key>/draft")
def save(key: str) -> ResponseReturnValue:
    """Keeps the draft."""
    drafts.keep(db(), actor(), _posted(key), runtime().engine.clock())
    return {"message": "草稿已保存"}


@blueprint.post("/<key>/discard")
def discard(key: str) -> ResponseReturnValue:
    """Throws the draft away; the deployed versions stay."""
    drafts.drop(db(), actor(), key)
    flash("草稿已丢弃。", "success")
    return redirect(url_for("designer.index"))


@blueprint.post("/<key>/check")
@reads_only
def check(key: str) -> ResponseReturnValue:
    """The problems, each with the element it names."""
    return {"problems": _problems(_posted(key))}


@blueprint.post("/<key>/try")
@reads_only
def try_out(key: str) -> ResponseReturnValue:
    """Runs the scenarios on the diagram: on a database of its own that is thrown away, with nothing called outside."""
    model = _posted(key)
    problems = _problems(model)
    if problems:
        return {"problems": problems}
    try:
        trial = trials.trial_of(model.xml, model.scenarios)
    except (ScenarioFailed, DomainError) as error:
        return {"message": str(error)}, 409
    return {"problems": [], "shown": trial.shown, "taken": trial.taken, "missed": trial.missed}


@blueprint.post("/<key>/deploy")
def deploy_version(key: str) -> ResponseReturnValue:
    """Deploys the diagram as a new version; what runs stays on its own."""
    model, note = _posted(key), request.form.get("note", "").strip()
    problems = _problems(model)
    if problems:
        return {"message": "流程图有问题，不能部署", "problems": problems}, 409
    if not note:
        raise Refused("请填写版本说明：改了什么，为什么")
    take_turn(db())  # of two who deploy at the same moment, the second sees what the first deployed
    rows = versions.versions_of(db(), key)
    if rows and rows[0].version != model.base:
        raise Refused(f"{rows[0].deployed_by} 已部署了第 {rows[0].version} 版，您的草稿基于第 {model.base} 版；请先比较，再决定是否部署")
    by = who(actor())[:50]
    # this very text has just passed all checks in a process of its own, within its bounds (`jobs.trials`)
    definition = deploy(
        db(), runtime().engine, model.xml.encode(), read_forms(), by, read_folder(BPMN_FOLDER), note=note, scenarios=model.scenarios
    )
    drafts.drop(db(), actor(), key)
    flash(f"已部署为第 {definition.version} 版；正在运行的流程仍按原来的版本继续。", "success")
    left = any(row.running for row in rows if row.version != definition.version)
    return {"address": url_for("designer.running" if left else "designer.show", key=key)}


def _begin(key: str, xml: str, base: int) -> None:
    if base == 0 and key in {row.key for row in versions.latest_versions(db())}:
        raise Refused(f"已有 id 为“{key}”的流程，请换一个 id，或直接编辑它")
    kept = drafts.drafts_of(db(), actor()).get(key)
    if kept is not None:
        raise Refused(f"您有 id 为“{key}”的流程的草稿，保存于 {clock_text(kept)}；请先打开它，部署或丢弃后再试")
    try:
        scenario = drafts.model_of(db(), actor(), key).scenarios if base else ""
    except NotFound:
        scenario = ""
    drafts.keep(db(), actor(), drafts.Model(key, xml, scenario, base), runtime().engine.clock())


def _uploaded(name: str) -> bytes:
    """What was uploaded, read no further than one byte past the limit."""
    file = request.files.get(name)
    if file is None:
        return b""
    with file.stream as stream:
        return bytes(stream.read(MAX_BYTES + 1))


def _posted(key: str) -> drafts.Model:
    if not is_key(key):
        raise NotFound
    try:
        xml = _uploaded("xml").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("流程图不是 UTF-8 编码的文本") from error
    return drafts.Model(key, xml, request.form.get("scenarios", ""), request.form.get("base", 0, type=int))


def _problems(model: drafts.Model) -> list[dict[str, str | None]]:
    try:
        found = trials.problems_of(model.xml, model.key)
    except DomainError as error:  # it could not be looked through: that is the problem
        found = [str(error)]
    return [{"text": text, "element": named.group(1) if (named := _NAMED.match(text)) else None} for text in found]
