"""The record page of every kind of record: fields, review log, diagram with tokens, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, render_template, url_for
from sqlalchemy import select

from forms import fields, read_forms
from forms.kinds import RecordKind
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.errors import NotFound
from processes.history import clock_text, events_of, instance_of
from processes.notices import around
from processes.rights import access
from processes.states import EventKind, TaskRowState
from processes.tasks.actions import actions_for
from processes.tasks.tallies import tallies_of
from webapp.context import actor, db, runtime


def record_page(kind: RecordKind[Any], record: Any) -> str:
    """Renders a record that the caller has already let the actor see."""
    instance = instance_of(db(), kind.key, record.id)
    if instance is None:
        raise NotFound
    definition = load(db(), instance.definition_id)
    table = tables.task
    is_open = (table.c.instance_id == instance.id, table.c.vote_id.is_(None), table.c.state == TaskRowState.OPEN)
    waiting = db().execute(select(table).where(*is_open).order_by(table.c.due_at)).all()
    votes = tallies_of(db(), instance.id) if definition.votes else []
    events = events_of(db(), instance.id)
    hidden = access.hidden_from(definition, record, actor())
    near = around.around(runtime().engine, db(), actor(), instance)
    schema = read_forms()[kind.form] if kind.form else definition.record_schema
    g.diagram = True
    return render_template(
        kind.template,
        record=record,
        kind=kind,
        popup=kind.popup,
        back=url_for(f"{kind.key}.index"),
        actions=actions_for(db(), actor(), kind.key, [record.id], runtime().engine.clock())[record.id],
        instance=instance,
        waiting=waiting,
        tallies=votes,
        urgent=[(task, task.name) for task in waiting] + [(one.open_task, one.vote.name) for one in votes if one.open_task],
        tabs=[*kind.facts(db(), actor(), record), *fields.describe(access.without(schema, hidden), record.answers())],
        events=events,
        elements=definition.elements,
        reviews=[e for e in events if e.kind == EventKind.TASK and not fills_in(definition, e.element)],
        reviewed=any(e.tag == "userTask" and not definition.record_form(e) for e in definition.elements.values()),
        told={event.seq: _told(definition, event, hidden) for event in events if event.data},
        steps=_steps(definition, instance, events),
        mine=actor().party_id == instance.party_id or actor().person_id == instance.started_by,
        people={one.id: one.name for one in near if one.concerned},
    )


def drawing(instance: Any) -> dict[str, Any]:
    """The diagram's XML, its tokens, the path taken, and who did what at which element."""
    definition = load(db(), instance.definition_id)
    notes: dict[str, list[str]] = {}
    for event in events_of(db(), instance.id):
        if event.element:
            notes.setdefault(event.element, []).append(f"{event.actor} {event.name} {clock_text(event.at)}")
    return {"xml": definition.xml, "tokens": tokens_of(instance), "path": instance.path, "notes": notes, "heat": {}}


def fills_in(definition: Definition, element_id: str | None) -> bool:
    """Whether a step fills in the record; one of an earlier version that the present one no longer has does not."""
    element = definition.elements.get(element_id or "")
    return element is not None and definition.record_form(element)


def tokens_of(instance: Any) -> list[str]:
    if instance.ended_at is not None:
        return [instance.position] if instance.position else []
    table = tables.task
    open_tasks = select(table.c.element).where(table.c.instance_id == instance.id, table.c.state == TaskRowState.OPEN)
    with_tasks = db().scalars(open_tasks.distinct()).all()
    return sorted({*with_tasks, *([instance.position] if instance.position else [])})


def _told(definition: Definition, event: Any, hidden: set[str]) -> list[tuple[str, str]]:
    """What an event's data say, as label and text, but for hidden fields: a reviewer's answers, or before → after of an edit."""
    known = {name: sub for schema in definition.forms.values() for name, sub in schema.get("properties", {}).items()}
    element = definition.elements.get(event.element or "")
    edited = event.kind == EventKind.EDIT or (element is not None and definition.record_form(element))
    found = []
    for name, value in event.data.items():
        if name in hidden:
            continue
        schema = known.get(name, {})
        text = " → ".join(plain(schema, side) for side in value) if edited else plain(schema, value)
        found.append((schema.get("title", name), text))
    return found


def plain(schema: Mapping[str, Any], value: Any) -> str:
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
    rows = ("，".join(f"{columns.get(k, {}).get('title', k)} {plain(columns.get(k, {}), v)}" for k, v in row.items()) for row in value)
    return "；".join(f"第 {number} 行：{row}" for number, row in enumerate(rows, 1))


def _steps(definition: Definition, instance: Any, events: Sequence[Any]) -> list[tuple[str, str, str]]:
    """The diagram as a list of steps with their state, for screen readers and phones."""
    tokens, reached = set(tokens_of(instance)), {target for flow, (_, target) in definition.flows.items() if flow in instance.path}
    found = []
    for element in definition.elements.values():
        if element.tag not in ("startEvent", "userTask", "serviceTask", "endEvent"):
            continue
        state = "进行中" if element.id in tokens else "已到达" if element.id in reached or element.tag == "startEvent" else "未到达"
        found.append((element.name, element.lane, state))
    return found
