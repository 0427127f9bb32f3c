"""Checks what was filled in for a task – outcome, comment, form – and stores what belongs to the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from processes.diagrams.elements import Element
from processes.errors import FormInvalid, Refused
from processes.rights import access
from processes.steps.step import Step

Answers = Mapping[str, Any] | Callable[[Mapping[str, Any]], dict[str, Any]]
"""What was filled in, or a function that reads it off what was posted once the form's schema is known."""


def checked(step: Step, element: Element, outcome: str, answers: Answers | None, comment: str | None) -> dict[str, Any] | None:
    """Checks outcome, comment and form; stores a record's form. Returns what history keeps of the answers."""
    chosen = next((o for o in element.outcomes if o.name == outcome), None)
    if chosen is None:
        raise Refused(f"“{element.name}”没有“{outcome}”这个选项，请刷新页面后重试")
    if chosen.comment_required and not (comment or "").strip():
        raise FormInvalid([("comment", f"选择“{outcome}”时须填写意见")])
    if element.form is None:
        return None
    record_form = step.definition.record_form(element)
    before = step.subject.answers() if record_form else {}
    given = filled(step, element.form, element, before if answers is None else answers, before)
    if not record_form:
        return given or None
    changes = changed_answers(before, given)
    if changes:
        step.subject.take(given)
    return changes or None


def filled(
    step: Step, form: str, element: Element, answers: Answers, before: dict[str, Any], role: str | None = None, checked: bool = True
) -> dict[str, Any]:
    """A form as it was filled in at an element: what may not be written there stays as it was `before`."""
    schema = step.definition.forms[form]
    fitted = access.form_at(schema, element, role)
    given = access.writable(schema, fitted, answers(fitted) if callable(answers) else answers)
    if checked and (problems := step.engine.check(fitted, given)):
        raise FormInvalid(problems)
    return {**access.unwritable(schema, fitted, before), **given}


def changed_answers(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {k: [before.get(k), after.get(k)] for k in sorted({*before, *after}) if before.get(k) != after.get(k)}
