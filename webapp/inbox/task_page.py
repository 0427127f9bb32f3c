"""The page of a task: the record, the task's form, the outcome buttons, and how it can be handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request, url_for

from domain.ground.parties import actors_in
from domain.ground.subjects import Subject
from forms import fields
from forms.kinds import RecordKind
from forms.lists import KINDS
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element
from processes.errors import NotFound
from processes.history import errors_behind, events_of, instance_of
from processes.notices.people import people_around
from processes.rights import access
from processes.states import OPINIONS, EventKind, TaskKind, TaskRowState
from processes.tasks import inbox
from processes.tasks.assigning import transfer_roles
from processes.tasks.opinions import ANSWER_NAMES, LABELS, opinions_on, request_of
from processes.tasks.tallies import tally_of
from webapp.context import actor, db, runtime
from webapp.looks import note_look
from webapp.posted_data import people_to_copy_to
from webapp.steps import Problem, code_of, problems_of


def record_address(row: inbox.InboxRow) -> str:
    """The page of the record that a row of the inbox is about."""
    return url_for(f"{row.key}.show", record_id=row.subject_id)


def task_page(
    task_id: str, answers: Mapping[str, Any], comment: str, problem: Problem | None = None, typed: Mapping[str, str] | None = None
) -> tuple[str, int]:
    """The page of a task and its HTTP status; with a `problem`, the page says what is wrong and keeps everything typed.

    `answers` fill the task's own form, `typed` the forms around it (转办, 加签 and so on).
    """
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
    definition = load(db(), row.definition_id)
    element = inbox.element_of(definition, row)
    subject = runtime().engine.subjects[definition.subject].load(db(), row.subject_id)
    about = instance_of(db(), row.key, row.subject_id)
    if subject is None or about is None or about.id != row.instance_id:  # SQLite gives a deleted record's id to the next one
        raise NotFound("这条记录已被删除。")
    own = definition.record_form(element)
    kind = KINDS.get(row.key)
    known = _facts(kind, subject) if kind is not None else ()
    colleagues = (
        [one for one in actors_in(db(), row.party_id) if one.person_id != actor().person_id] if row.state == TaskRowState.OPEN else []
    )
    page = render_template(
        "inbox/task.html",
        row=row,
        element=element,
        record=[*known, *fields.describe(access.form_at(definition.record_schema, element), subject.answers())],
        tabs=_form(definition, element, about.id, answers) if element.form and not own and row.kind == TaskKind.STEP else [],
        failures=errors_behind(db(), about.id, {row.created_at}) if row.state == TaskRowState.OPEN else (),
        comment=comment,
        problems=problems_of(problem) if problem else [],
        typed=typed or {},
        tally=tally_of(db(), row.vote_id) if row.vote_id else None,
        opinions=opinions_on(db(), row.id) if row.kind == TaskKind.STEP else [],
        asked=request_of(db(), row, actor().name) if row.kind != TaskKind.STEP else None,
        colleagues=colleagues,
        around=people_around(runtime().engine, db(), actor(), about)
        if row.state == TaskRowState.OPEN and row.kind == TaskKind.STEP
        else [],
        ticked=people_to_copy_to(),
        takers=[one for one in colleagues if row.role in one.roles and one.person_id != row.assignee_id],
        roles=[role for role in transfer_roles(element) if role != row.role],
        labels=LABELS,
        answer_names=ANSWER_NAMES,
        kinds=OPINIONS,
        me=actor(),
        address=record_address(row),
        editing=url_for(f"{row.key}.edit", record_id=row.subject_id) if own and "editForm" in element.properties else None,
        here=request.path,
    )
    return page, code_of(problem) if problem else 200


def _facts(kind: RecordKind[Any], subject: Subject) -> Sequence[fields.Tab]:
    """What else a task's page tells of its record; who sees it is written down."""
    note_look(kind, subject.id, "办理")
    return kind.facts(db(), actor(), subject, runtime().engine.clock())


def _form(definition: Definition, element: Element, instance_id: int, answers: Mapping[str, Any]) -> Sequence[fields.Tab]:
    """The task's own form. Fields that the step only reads show what earlier tasks with the same form answered last."""
    schema = access.form_at(definition.forms[element.form or ""], element)
    before: dict[str, Any] = {}
    if any(field.get("readOnly") for field in schema["properties"].values()):
        same = {one.id for one in definition.elements.values() if one.form == element.form}
        for event in events_of(db(), instance_id):
            before |= (event.data or {}) if event.kind == EventKind.TASK and event.element in same else {}
    return fields.describe(schema, access.on_page(schema, before, answers))
