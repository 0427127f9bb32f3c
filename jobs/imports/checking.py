"""Checks rows of text against a form, and against the other rows of their file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from forms import read_forms
from forms.checking import checker
from forms.filling import filling
from forms.requirements import settled
from jobs.imports.cells import Reader, extra_problem, reader
from jobs.imports.columns import Column, amending_columns, columns_of
from jobs.imports.description import Import
from processes.definitions.store import latest
from processes.rights.access import at_start

Problems = list[tuple[str, str]]
"""(field name, reason in Chinese), at most one a field."""


@dataclass(frozen=True)
class RowCheck:
    """A form that is ready to check many rows."""

    columns: tuple[Column, ...]
    readers: tuple[tuple[str, Reader], ...]
    """Name of each column, and the function that reads its cells."""
    fill: Callable[[dict[str, Any]], None]
    """Fills what is empty and comes from another column."""
    check: Callable[[Mapping[str, Any]], Problems]
    given: Mapping[str, Any]
    """Answers that all rows have in common."""
    instead: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """A column, another one, and the choices of that other one that people write into the first (`x-or`): 缺考 in place of a mark."""

    def read(self, places: Mapping[str, int], cells: Sequence[str]) -> tuple[dict[str, Any], Problems]:
        """A row's answers, and the problems that the form finds in them. `places`: field name → number of the row's cell."""
        answers, found = self._answers(places, cells)
        for name, message in self.check(answers):
            found.setdefault(name, self._reason(name, message))
        return {**self.given, **answers}, list(found.items())

    def answers(self, places: Mapping[str, int], cells: Sequence[str]) -> dict[str, Any]:
        """The answers of a row that has been checked before."""
        return {**self.given, **self._answers(places, cells)[0]}

    def _answers(self, places: Mapping[str, int], cells: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
        answers: dict[str, Any] = {}
        found: dict[str, str] = {}
        for name, read in self.readers:
            at = places.get(name)
            if at is None or at >= len(cells):
                continue
            value, problem = read(cells[at])
            if value is not None:
                answers[name] = value
            if problem is not None:
                found[name] = problem
        if (problem := extra_problem(places, cells)) is not None:
            found[min(places, key=places.__getitem__)] = problem
        for name, other, choices in self.instead:
            if (said := answers.get(name)) in choices and answers.get(other, said) == said:  # else two columns disagree
                answers[other] = answers.pop(name)
        self.fill(answers)
        return answers, found

    def title(self, name: str) -> str:
        """A field's title; a dash where the form has no such column any more."""
        return next((column.title for column in self.columns if column.name == name), "—")

    def _reason(self, name: str, message: str) -> str:
        """The form's message without the title, which another column shows."""
        return message.removeprefix(f"“{self.title(name)}”").removeprefix("：")


def row_check(session: Session, description: Import) -> RowCheck:
    """The check of the rows of an import, by the form that the records' diagram names now for whoever begins a record.

    What is hidden there, or only read (`x-access`), is no column of the import.

    Raises:
        NotFound: the diagram is not deployed.
    """
    if description.amends is not None:  # what may be changed, and what must be filled in, depends on the record (`amending`)
        columns = amending_columns(latest(session, description.process or "").record_schema, description.amends.identity)
        return RowCheck(columns, _readers(columns), lambda answers: None, lambda answers: [], {})
    form = read_forms()[description.form] if description.form else at_start(latest(session, description.process or ""))
    schema = settled(form, description.given)
    columns = columns_of(schema)
    return RowCheck(columns, _readers(columns), filling(schema), checker(schema), description.given, tuple(_instead(schema)))


def _readers(columns: Sequence[Column]) -> tuple[tuple[str, Reader], ...]:
    return tuple((column.name, reader(column.schema)) for column in columns)


def _instead(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    fields = schema["properties"]
    for name, sub in fields.items():
        if (other := sub.get("x-or")) in fields:
            yield name, other, tuple(fields[other].get("enum", ()))


@dataclass
class Doubles:
    """Remembers the rows of one file, to find the earlier row that a row repeats."""

    description: Import
    seen: dict[tuple[Any, ...], tuple[int, str]] = field(default_factory=dict)
    """What no two rows may have → the first row that has it, and what that row says (`Import.says`)."""
    contradicted: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Earlier rows that a row has contradicted: the caller refuses them, and takes them out of here."""

    def problems(self, number: int, answers: Mapping[str, Any]) -> Problems:
        """The fields in which a row repeats an earlier one, or contradicts it. `number` is the row's in the file."""
        found = []
        says = self.description.says
        said = says[1](answers) if says is not None else ""
        for name in self.description.unique:
            if name in answers:
                first, before = self.seen.setdefault(self.description.same(name, answers), (number, said))
                if first != number and says is not None and said != before:
                    found.append((says[0], contradicts(first, before, said)))
                    self.contradicted.setdefault(first, (says[0], contradicts(number, said, before)))
                elif first != number:
                    found.append((name, repeats(first)))
        return found


def contradicts(other: int, there: str, here: str) -> str:
    """The reason of a row that says something else than row `other` of the file does about the same."""
    return f"与第 {other} 行矛盾：该行为“{there}”，本行为“{here}”，请核对后只保留正确的一行"


def repeats(first: int) -> str:
    """The reason of a value that row `first` of the file has too."""
    return f"与第 {first} 行重复"


def renumbered(reason: str, name_of: Callable[[int], str]) -> str:
    """A reason in which the row of the file that it names, if any, is called as `name_of` calls it."""
    found = re.fullmatch(r"与第 (\d+) 行(重复|矛盾：.*)", reason, re.DOTALL)
    return f"与{name_of(int(found[1]))}{found[2]}" if found is not None else reason
