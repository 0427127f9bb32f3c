"""Checks what a person filled in – an outcome, a comment, a form – and stores what belongs to the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, TypeAlias

from processes.diagrams.elements import Element
from processes.errors import FormInvalid, NotProved, Refused
from processes.history import SIGNED
from processes.rights import access
from processes.steps.step import Step

Answers: TypeAlias = Mapping[str, Any]
"""What was filled into a form: field → value."""


def check_and_store(step: Step, element: Element, outcome: str, answers: Answers | None, comment: str | None) -> dict[str, Any] | None:
    """Checks the outcome of a user task, its comment and its form, and stores the form where it is the record's.

    `answers`: None takes what the record holds.

    Returns: what the history keeps: the answers to the task's own form, or what has changed in the record's; of a signature also
        when the signer gave their password (`SIGNED`).
    Raises:
        Refused: the task has no such outcome.
        FormInvalid: the comment is missing, or the form does not pass its checks.
        NotProved: the outcome is a signature, and the actor has not given their password shortly before.
    """
    chosen = next((o for o in element.outcomes if o.name == outcome), None)
    if chosen is None:
        raise Refused(f"“{element.name}”没有“{outcome}”这个选项，请刷新页面后重试")
    if chosen.comment_required and not (comment or "").strip():
        raise FormInvalid([("comment", f"选择“{outcome}”时须填写意见")])
    kept = _fill_in(step, element, answers)
    return {**kept, **_signed(step, outcome)} if chosen.signs else kept or None


def _signed(step: Step, outcome: str) -> dict[str, Any]:
    actor = step.actor
    if actor.proved_at is None or not actor.has_proved(step.now):
        raise NotProved(f"“{outcome}”是签名，请先输入您的登录密码")
    return {SIGNED: actor.proved_at.astimezone(UTC).isoformat()}


def _fill_in(step: Step, element: Element, answers: Answers | None) -> dict[str, Any]:
    """Stores the answers to an element's form where it is the record's; returns them, or what has changed in the record."""
    if element.form is None:
        return {}
    record_form = step.definition.record_form(element)
    before = step.subject.answers() if record_form else {}
    stored = answers_to_store(step, element.form, element, before if answers is None else answers, before)
    if not record_form:
        return stored
    changes = differences(before, stored)
    if changes:
        step.subject.take(stored)
    return changes


def answers_to_store(
    step: Step, form: str, element: Element, answers: Answers, before: Answers, role: str | None = None, must_pass: bool = True
) -> dict[str, Any]:
    """The answers to a form at an element: those that may be written there, and for the other fields those from `before`.

    Raises:
        FormInvalid: they must pass the form's checks, and do not.
    """
    schema = step.definition.forms[form]
    as_seen = access.form_at(schema, element, role)
    written = access.writable(schema, as_seen, answers)
    if must_pass and (problems := step.engine.check(as_seen, written)):
        raise FormInvalid(problems)
    return {**access.unwritable(schema, as_seen, before), **written}


def differences(before: Answers, after: Answers) -> dict[str, list[Any]]:
    """The fields whose answers differ → both answers."""
    return {k: [before.get(k), after.get(k)] for k in sorted({*before, *after}) if before.get(k) != after.get(k)}
