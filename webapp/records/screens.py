"""The screens of every kind of record with a process: list, new, show, edit. The diagram decides who may begin and edit one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.ground.base import clock_minutes
from domain.ground.errors import DomainError, TooLate
from domain.ground.parties import Actor
from domain.ground.subjects import Subject
from forms import fields
from forms.kinds import Link, Opening, RecordKind
from processes.definitions.definition import Definition
from processes.definitions.store import latest, load
from processes.diagrams.elements import Outcome
from processes.errors import FormInvalid, NotAllowed, NotFound, NotProved, Refused
from processes.history import instance_of, last_decision
from processes.rights import access
from processes.rows import EventRow, InstanceRow
from processes.steps import starting
from processes.tasks import drafts
from processes.tasks.actions import Action, ActionKind, actions_for
from webapp import steps
from webapp.account.proving import posted_proof
from webapp.context import actor, db, later, runtime
from webapp.listing import Button, ListScreen, Pick, render_list
from webapp.looks import note_look
from webapp.posted_data import posted_answers
from webapp.records.addresses import list_address
from webapp.records.page import fills_in, record_page
from webapp.records.schemas import new_schema, record_schema
from webapp.records.visibility import at_hand, readable

SAVE = "保存"


def record_blueprint(kind: RecordKind[Any]) -> Blueprint:
    """The routes of one kind of record, named `<key>.index`, `.new`, `.create`, `.show`, `.edit`, `.store`."""
    blueprint = Blueprint(kind.key, __name__, url_prefix=kind.address)

    @blueprint.get("/")
    def index() -> ResponseReturnValue:
        return render_list(screen_of(kind), db(), actor())

    @blueprint.get("/<int:record_id>")
    def show(record_id: int) -> str:
        record = _readable(kind, record_id)
        if note_look(kind, record_id, "查看"):
            db().rollback()  # what the page reads begins anew, with this look
            record = _readable(kind, record_id)
        return record_page(kind, record)

    @blueprint.get("/<int:record_id>/edit")
    def edit(record_id: int) -> ResponseReturnValue:
        return _edit(kind, record_id)

    @blueprint.post("/<int:record_id>/edit")
    def store(record_id: int) -> ResponseReturnValue:
        return _store(kind, record_id)

    if kind.create is not None:

        @blueprint.get("/new")
        def new() -> ResponseReturnValue:
            return _new(kind)

        @blueprint.post("/new")
        def create() -> ResponseReturnValue:
            return _create(kind)

    return blueprint


def screen_of(kind: RecordKind[Any]) -> ListScreen:
    """The list screen of a kind."""
    return ListScreen(
        listing=kind.listing,
        help=kind.help,
        show=lambda row: url_for(f"{kind.key}.show", record_id=row.id),
        new=None if kind.create is None or kind.ways else lambda part: url_for(kind.chosen_at or f"{kind.key}.new", **_opened_for(part)),
        buttons=lambda who, part: [_button(one) for one in (*kind.ways, *kind.links) if one.roles & who.roles and one.part in ("", part)],
        empty=kind.empty,
        export=kind.export,
        more_exports=kind.more_exports,
        popup=kind.popup,
        amend=kind.amend,
        picks=tuple(Pick(label, endpoint, kind.picked_by, all=True) for label, endpoint in kind.picks),
    )


def _opened_for(part: str) -> dict[str, Any]:
    """What an address says of the part of the list for which an empty form is opened."""
    return {"for": part} if part else {}


def _button(link: Link) -> Button:
    return Button(link.label, url_for(link.endpoint, _anchor=link.anchor or None, **dict[str, Any](link.values)), primary=link.primary)


def _new(kind: RecordKind[Any]) -> ResponseReturnValue:
    """An empty form. Where no record may be begun now, it leads to the list, which says why."""
    definition = latest(db(), kind.key)
    who = _may_begin(definition)
    if kind.begin is None:
        raise NotFound
    try:
        opening = kind.begin(db(), who, runtime().engine.clock(), request.args.get("for", ""))
    except DomainError as error:
        flash(str(error), "warning")
        return redirect(_beginning(kind))
    draft = drafts.draft_of(db(), who, _new_form_key(kind, opening))
    return _new_page(kind, definition, opening, draft.data if draft else dict(opening.answers), [], draft is not None)


def _create(kind: RecordKind[Any]) -> ResponseReturnValue:
    """保存, or 保存 and hand in: makes the record, starts its process and completes the first task, in one transaction."""
    act = request.form.get("act", SAVE)
    unproved = None if act == SAVE else posted_proof()
    definition = latest(db(), kind.key)
    who, token = _may_begin(definition), request.form.get("for", "")
    schema = dict(new_schema(definition))
    answers = posted_answers(schema)
    if kind.create is None:
        raise NotFound
    if unproved is not None:
        return _not_made(kind, definition, token, answers, steps.problems_of(unproved)), steps.code_of(unproved)
    try:
        if definition.first_task is None:  # a record without a first task is never a draft, so no later step checks its form
            _check(kind.adapt(db(), who, schema, token), answers)
        record = kind.create(db(), who, runtime().engine.clock(), token, answers)
        _, jobs = starting.start(runtime().engine, db(), who, kind.key, record, None if act == SAVE else act, definition)
    except (DomainError, FormInvalid, NotProved, Refused) as error:
        db().rollback()
        shown = Refused(definition.late_message) if isinstance(error, TooLate) and definition.late_message else error
        found = _problems(shown, act, kind.adapt(db(), who, schema, token), answers)
        return _not_made(kind, definition, token, answers, found), steps.code_of(shown)
    later(jobs)
    drafts.drop_draft(db(), who, f"{kind.key}/new/{token}")
    flash(kind.made(record) if kind.made is not None else f"{kind.noun}已{kind.sends if act == SAVE else act}。", "success")
    return redirect(list_address(kind, record))


def _not_made(kind: RecordKind[Any], definition: Definition, token: str, answers: dict[str, Any], found: list[tuple[str, str]]) -> str:
    """The form again, with all that was typed."""
    opening = kind.reopen(db(), actor(), token) if kind.reopen is not None else Opening(definition.start.name)
    return _new_page(kind, definition, opening, answers, found)


def _problems(problem: steps.Problem, act: str, schema: dict[str, Any], answers: dict[str, Any]) -> list[tuple[str, str]]:
    """What is told of a refusal: where a form is handed in that a rule of its record refuses, all that the form itself finds, too."""
    found = steps.problems_of(problem)
    if act != SAVE and isinstance(problem, DomainError) and not isinstance(problem, TooLate):
        found += runtime().engine.check(schema, answers)
    return found


def _check(schema: dict[str, Any], answers: dict[str, Any]) -> None:
    problems = runtime().engine.check(schema, answers)
    if problems:
        raise FormInvalid(problems)


def _edit(kind: RecordKind[Any], record_id: int) -> ResponseReturnValue:
    """The form of a record that the diagram lets this actor edit now."""
    record = _own_record(kind, record_id)
    if _editing(kind, record) is None:
        g.onward = url_for(f"{kind.key}.show", record_id=record_id)  # for somebody who came with the browser's back button, say
        raise Refused(_why_not(kind, record))
    note_look(kind, record_id, "编辑")
    draft = drafts.draft_of(db(), actor(), f"{kind.key}/{record_id}")
    return _edit_page(kind, record, draft.data if draft else record.answers(), [], draft is not None)


def _why_not(kind: RecordKind[Any], record: Subject) -> str:
    """Why a record cannot be edited now."""
    instance = instance_of(db(), kind.key, record.id)
    if instance is not None and instance.suspended_at is not None:
        return f"此流程已于 {clock_minutes(instance.suspended_at)} 挂起，恢复前不能修改。"
    return f"该{kind.noun}目前的状态是“{record.status}”，不能修改。" if record.status else f"该{kind.noun}目前的状态不能修改。"


def _store(kind: RecordKind[Any], record_id: int) -> ResponseReturnValue:
    """保存 stores the answers and keeps the status; any other button is an outcome of the author's task. The step checks who may."""
    act = request.form.get("act", SAVE)
    problem = _save(kind, record_id) if act == SAVE else posted_proof() or _hand_in(kind, record_id, act)
    if problem is not None:
        record, schema = _own_record(kind, record_id), record_schema(kind, record_id)
        if any(column.shown and schema.get("properties", {}).get(column.field, {}).get("readOnly") for column in kind.listing.columns):
            note_look(kind, record_id, "编辑")  # what the form only reads stands on the page, also for who has not opened it before
        answers = posted_answers(schema)
        found = _problems(problem, act, kind.adapt(db(), actor(), dict(schema), record), answers)
        return _edit_page(kind, record, answers, found), steps.code_of(problem)
    drafts.drop_draft(db(), actor(), f"{kind.key}/{record_id}")
    flash(f"{kind.noun}已{act}。", "success")
    return redirect(list_address(kind, _own_record(kind, record_id) if kind.listing.parts else ""))


def _save(kind: RecordKind[Any], record_id: int) -> steps.Problem | None:
    instance = instance_of(db(), kind.key, _own_record(kind, record_id).id)
    if instance is None:
        raise NotFound
    return steps.save(actor(), instance.id, _seen())


def _hand_in(kind: RecordKind[Any], record_id: int, outcome: str) -> steps.Problem | None:
    # the page posts its task's id, which spares a look-up; without one the task is looked for among the record's actions
    task_id = request.form.get("task", "")
    if not task_id:
        actions = actions_for(db(), actor(), kind.key, [_own_record(kind, record_id).id], runtime().engine.clock())[record_id]
        refused = next((a.refuse for a in actions if a.refuse and a.name == outcome), None)
        if refused is not None:
            return Refused(refused)
        task_id = next((a.task_id or "" for a in actions if any(o.name == outcome for o in a.outcomes)), "")
    if not task_id:
        return Refused(f"该{kind.noun}的状态已变化，请刷新后再操作")
    return steps.hand_in(actor(), task_id, outcome, _seen())


def _seen() -> int | None:
    """The number of lines of history that the form was opened with."""
    return request.form.get("seen", type=int)


def _may_begin(definition: Definition) -> Actor:
    if definition.start.lane not in actor().roles:
        raise NotAllowed
    return actor()


def _own_record(kind: RecordKind[Any], record_id: int) -> Subject:
    record = at_hand(kind, record_id)
    if record is None:
        raise NotFound
    return record


def _readable(kind: RecordKind[Any], record_id: int) -> Subject:
    record = readable(kind, record_id)
    if record is None:
        raise NotFound
    return record


def _editing(kind: RecordKind[Any], record: Subject) -> Action | None:
    actions = actions_for(db(), actor(), kind.key, [record.id], runtime().engine.clock())[record.id]
    return next((a for a in actions if a.kind == ActionKind.EDIT), None)


def _new_form_key(kind: RecordKind[Any], opening: Opening) -> str:
    return f"{kind.key}/new/{opening.token}"


def _new_page(
    kind: RecordKind[Any],
    definition: Definition,
    opening: Opening,
    answers: dict[str, Any],
    problems: list[tuple[str, str]],
    restored: bool = False,
) -> str:
    return render_template(
        "records/form.html",
        kind=kind,
        title=opening.title,
        note=opening.note,
        hidden={"for": opening.token},
        form_key=_new_form_key(kind, opening),
        about=None,
        tabs=fields.describe(kind.adapt(db(), actor(), dict(new_schema(definition)), opening.token), answers),
        problems=problems,
        outcomes=definition.first_task.outcomes if definition.first_task is not None else (),
        save=kind.sends,
        restored=restored,
        back=_beginning(kind, opening.token),
    )


def _beginning(kind: RecordKind[Any], token: str = "") -> str:
    return url_for(kind.chosen_at) if kind.chosen_at else list_address(kind, token)


def _edit_page(
    kind: RecordKind[Any], record: Subject, answers: dict[str, Any], problems: list[tuple[str, str]], restored: bool = False
) -> str:
    actions = actions_for(db(), actor(), kind.key, [record.id], runtime().engine.clock())[record.id]
    task_id = next((a.task_id for a in actions if a.kind == ActionKind.TASK and a.record_form), None)
    schema = record_schema(kind, record.id)
    outcomes = [o for a in actions if a.kind == ActionKind.TASK and a.task_id == task_id for o in a.outcomes]
    instance = instance_of(db(), kind.key, record.id)
    return render_template(
        "records/form.html",
        kind=kind,
        title=f"编辑：{record.title()}",
        note=_note(kind, record, actions),
        opinion=None if task_id is None or instance is None else _opinion(instance),
        hidden={"task": task_id or "", "seen": "" if instance is None else instance.seq},
        form_key=f"{kind.key}/{record.id}",
        about=(kind.key, record.id),
        tabs=fields.describe(kind.adapt(db(), actor(), dict(schema), record), access.on_page(schema, record.answers(), answers)),
        problems=problems,
        outcomes=outcomes or [Outcome(a.name, False) for a in actions if a.refuse],  # a blocked button says why when pressed
        restored=restored,
        back=list_address(kind, record),
    )


def _opinion(instance: InstanceRow) -> EventRow | None:
    """The line of history with the opinion for which the record came back to its author; None where it did not, or without an opinion."""
    decision = last_decision(db(), instance.id)
    if decision is None or not decision.comment or fills_in(load(db(), instance.definition_id), decision.element):
        return None
    return decision


def _note(kind: RecordKind[Any], record: Subject, actions: Sequence[Action]) -> str:
    """The line above the form: the deadline of the task (after a return a later one), else the note of the kind."""
    due_at = next((a.due_at for a in actions if a.kind == ActionKind.EDIT and a.due_at is not None), None)
    return f"截止：{clock_minutes(due_at)}，请在截止前提交。保存后可以继续修改。" if due_at is not None else kind.note(record)
