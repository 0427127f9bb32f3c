"""The record page of every kind of record: fields, review log, diagram with tokens, history; and the drafts of forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, render_template, request
from sqlalchemy import select

from domain.reports import report_of
from forms import fields
from processes import inbox, tables
from processes.actions import Action
from processes.definitions import Definition, latest, load
from processes.errors import NotFound
from processes.history import clock_text, events_of, instance_of
from webapp import acting
from webapp.context import actor, db, runtime

blueprint = Blueprint("records", __name__, url_prefix="/records")
# key of the diagram → how an actor reaches a record of it; the next kind of record is a line here
READERS = {"weekly_report": report_of}


def record_page(record: Any, key: str, section: str, back: str, actions: Sequence[tuple[Action, str]], form: str) -> str:
    """Renders a record that the caller has already let the actor see."""
    instance = instance_of(db(), key, record.id)
    if instance is None:
        raise NotFound
    definition = load(db(), instance.definition_id)
    waiting = (
        db()
        .execute(
            select(tables.task)
            .where(tables.task.c.instance_id == instance.id, tables.task.c.state == "open")
            .order_by(tables.task.c.due_at)
        )
        .all()
    )
    events = events_of(db(), instance.id)
    g.diagram = True
    return render_template(
        "records/show.html",
        record=record,
        key=key,
        section=section,
        back=back,
        actions=actions,
        instance=instance,
        waiting=waiting,
        tabs=fields.describe(definition.forms[form], record.answers()),
        events=events,
        reviews=[e for e in events if e.kind == "task" and not definition.record_form(definition.elements[e.element])],
        told={event.seq: _told(definition, event) for event in events if event.data},
        steps=_steps(definition, instance, events),
    )


@blueprint.get("/<key>/<int:record_id>/diagram.json")
def diagram(key: str, record_id: int) -> Any:
    """The diagram with its tokens, the path taken, and who did what at which element."""
    reader = READERS.get(key)
    if reader is None or reader(db(), actor(), record_id) is None:
        raise NotFound
    instance = instance_of(db(), key, record_id)
    if instance is None:
        raise NotFound
    definition = load(db(), instance.definition_id)
    notes: dict[str, list[str]] = {}
    for event in events_of(db(), instance.id):
        if event.element:
            notes.setdefault(event.element, []).append(f"{event.actor} {event.name} {clock_text(event.at)}")
    return {"xml": definition.xml, "tokens": _tokens(instance), "path": instance.path, "notes": notes}


@blueprint.post("/drafts")
def save_draft() -> Any:
    """Keeps what is being typed, until it is handed in; survives closing the browser."""
    place = request.args.get("place", "")
    data = {k: v for k, v in acting.posted().items() if k not in ("csrf_token", "place", "act", "back")}
    if not place.startswith(("weekly/", "task/")) or len(place) > 80:
        raise NotFound
    if len(str(data)) > 200_000:
        return {"message": "草稿过大，未能保存"}, 413
    schema = _schema_at(place)
    answers = fields.parse(schema, data) if schema is not None else data
    inbox.save_draft(db(), actor(), place, answers, runtime().engine.clock())
    return {"saved": True}


def _schema_at(place: str) -> dict[str, Any] | None:
    return latest(db(), "weekly_report").forms["weekly_report.json"] if place.startswith("weekly/") else None


def _tokens(instance: Any) -> list[str]:
    if instance.ended_at is not None:
        return [instance.place] if instance.place else []
    table = tables.task
    standing = db().scalars(select(table.c.element).where(table.c.instance_id == instance.id, table.c.state == "open")).all()
    return sorted({*standing, *([instance.place] if instance.place else [])})


def _told(definition: Definition, event: Any) -> list[tuple[str, str]]:
    """What an event's data say, as label and text: a reviewer's answers, or before → after of an edit."""
    known = {name: sub for schema in definition.forms.values() for name, sub in schema.get("properties", {}).items()}
    element = definition.elements.get(event.element or "")
    edited = event.kind == "edit" or (element is not None and definition.record_form(element))
    found = []
    for name, value in event.data.items():
        schema = known.get(name, {})
        text = " → ".join(_plain(schema, side) for side in value) if edited else _plain(schema, value)
        found.append((schema.get("title", name), text))
    return found


def _plain(schema: dict[str, Any], value: Any) -> str:
    if value is None:
        return "（空）"
    if not isinstance(value, list):
        return str(value)
    columns = schema.get("items", {}).get("properties", {})
    rows = ("，".join(f"{columns.get(k, {}).get('title', k)} {v}" for k, v in row.items()) for row in value)
    return "；".join(f"第 {number} 行：{row}" for number, row in enumerate(rows, 1))


def _steps(definition: Definition, instance: Any, events: Sequence[Any]) -> list[tuple[str, str, str]]:
    """The diagram as a list of steps with their state, for screen readers and phones."""
    tokens, reached = set(_tokens(instance)), {target for flow, (_, target) in definition.flows.items() if flow in instance.path}
    found = []
    for element in definition.elements.values():
        if element.tag not in ("startEvent", "userTask", "serviceTask", "endEvent"):
            continue
        state = "进行中" if element.id in tokens else "已到达" if element.id in reached or element.tag == "startEvent" else "未到达"
        found.append((element.name, element.lane, state))
    return found
