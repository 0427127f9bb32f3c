"""The page of a record with a process: fields, reviews, the diagram with its tokens, history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, render_template
from sqlalchemy import select

from domain.ground.rows import read_all
from domain.ground.subjects import Subject
from domain.platform.looks import looks_at
from forms import fields, read_forms
from forms.kinds import RecordKind
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.errors import NotStarted
from processes.history import SIGNED, clock_text, errors_behind, events_of, instance_of
from processes.notices.people import people_around
from processes.outside.answers import retried
from processes.rights import access
from processes.rows import EventRow, InstanceRow, TaskRow
from processes.states import EventKind, TaskRowState
from processes.tasks.actions import actions_for
from processes.tasks.tallies import tallies_of
from webapp.context import actor, db, runtime
from webapp.records.addresses import list_address
from webapp.records.histories import alike


def record_page(kind: RecordKind[Any], record: Subject) -> str:
    """The page of a record. The caller has checked that the actor may read it.

    Raises:
        NotStarted: its process has not begun.
    """
    instance = instance_of(db(), kind.key, record.id)
    if instance is None:  # an import is about to start it, or was stopped before
        raise NotStarted
    definition = load(db(), instance.definition_id)
    table = tables.task
    is_open = (table.c.instance_id == instance.id, table.c.vote_id.is_(None), table.c.state == TaskRowState.OPEN)
    waiting = read_all(db(), select(table).where(*is_open).order_by(table.c.due_at), TaskRow)
    votes = tallies_of(db(), instance.id) if definition.votes else []
    events = events_of(db(), instance.id)
    hidden = access.hidden_from(definition, record, actor())
    near = people_around(runtime().engine, db(), actor(), instance)
    schema = read_forms()[kind.form] if kind.form else definition.record_schema
    g.diagram = True
    return render_template(
        kind.template,
        record=record,
        now=runtime().engine.clock(),
        kind=kind,
        popup=kind.popup,
        back=list_address(kind, record),
        actions=actions_for(db(), actor(), kind.key, [record.id], runtime().engine.clock())[record.id],
        instance=instance,
        waiting=waiting,
        tallies=votes,
        retried=retried(db(), instance.id),
        failures=errors_behind(db(), instance.id, {task.created_at for task in waiting}),
        urgent=[(task, task.name) for task in waiting] + [(one.open_task, one.vote.name) for one in votes if one.open_task],
        tabs=[
            *kind.facts(db(), actor(), record, runtime().engine.clock()),
            *fields.describe(access.without(schema, hidden), record.answers()),
        ],
        events=events,
        alike=alike,
        elements=definition.elements,
        reviews=[e for e in events if e.kind == EventKind.TASK and not fills_in(definition, e.element)],
        reviewed=any(e.tag == "userTask" and not definition.record_form(e) for e in definition.elements.values()),
        changes={event.seq: _texts_of(definition, event, hidden) for event in events if event.data},
        steps=_steps(definition, instance),
        mine=actor().party_id == instance.party_id or actor().person_id == instance.started_by,
        looks=looks_at(db(), kind.key, record.id) if kind.listing.masked and actor().party_id == instance.party_id else None,
        people={one.id: one.name for one in near if one.concerned},
    )


def drawing(instance: InstanceRow) -> dict[str, Any]:
    """The diagram's XML, its tokens, the path taken, and who did what at which element."""
    definition = load(db(), instance.definition_id)
    notes: dict[str, list[str]] = {}
    for event in events_of(db(), instance.id):
        if event.element:
            notes.setdefault(event.element, []).append(f"{event.actor} {event.name} {clock_text(event.at)}")
    return {"xml": definition.xml, "tokens": tokens_of(instance), "path": instance.path, "notes": notes, "heat": {}}


def fills_in(definition: Definition, element_id: str | None) -> bool:
    """Whether the step of an element fills in the record. A step that only an earlier version had does not."""
    element = definition.elements.get(element_id or "")
    return element is not None and definition.record_form(element)


def tokens_of(instance: InstanceRow) -> list[str]:
    """Ids of the elements that an instance is at: those with open tasks and its position. Once it has ended, where it ended."""
    if instance.ended_at is not None:
        return [instance.position] if instance.position else []
    table = tables.task
    open_tasks = select(table.c.element).where(table.c.instance_id == instance.id, table.c.state == TaskRowState.OPEN)
    with_tasks = db().scalars(open_tasks.distinct()).all()
    return sorted({*with_tasks, *([instance.position] if instance.position else [])})


def _texts_of(definition: Definition, event: EventRow, hidden: set[str]) -> list[tuple[str, str]]:
    """The data of a line of history as (label, text), without hidden fields: a reviewer's answers, or before → after of an edit."""
    known = {name: sub for schema in definition.forms.values() for name, sub in schema.get("properties", {}).items()}
    element = definition.elements.get(event.element or "")
    edited = event.kind == EventKind.EDIT or (element is not None and definition.record_form(element))
    found = []
    for name, value in (event.data or {}).items():
        if name == SIGNED:
            found.append(("签名", f"{clock_text(datetime.fromisoformat(value))} 输入登录密码"))
        if name in hidden or name == SIGNED:
            continue
        schema = known.get(name, {})
        text = _changed(schema, *value) if edited else as_text(schema, value)
        found.append((schema.get("title", name), text))
    return found


def _changed(schema: Mapping[str, Any], before: object, after: object) -> str:
    if schema.get("x-widget") == "photo":
        return "已更换" if before is not None else "已上传"
    return f"{as_text(schema, before)} → {as_text(schema, after)}"


def as_text(schema: Mapping[str, Any], value: object) -> str:
    """An answer of a form as one line of text."""
    if value is None:
        return "（空）"
    if not isinstance(value, list):
        return str(value)
    if fields.is_file(schema):
        return f"{len(value)} 个文件"
    if fields.is_choices(schema):
        return "、".join(map(str, value))
    columns = schema.get("items", {}).get("properties", {})
    rows = ("，".join(f"{columns.get(k, {}).get('title', k)} {as_text(columns.get(k, {}), v)}" for k, v in row.items()) for row in value)
    return "；".join(f"第 {number} 行：{row}" for number, row in enumerate(rows, 1))


def _steps(definition: Definition, instance: InstanceRow) -> list[tuple[str, str, str]]:
    """The diagram as a list of (name, role, state), for screen readers and phones."""
    tokens, reached = set(tokens_of(instance)), {target for flow, (_, target) in definition.flows.items() if flow in instance.path}
    found = []
    for element in definition.elements.values():
        told = element.tag in ("startEvent", "userTask", "serviceTask", "endEvent") or element.id in tokens  # a timer may be waited for
        if not told or not element.name:  # where a subprocess begins and ends
            continue
        state = "进行中" if element.id in tokens else "已到达" if element.id in reached or element.tag == "startEvent" else "未到达"
        found.append((element.name, element.lane, state))
    return found
