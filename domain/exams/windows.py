"""The five windows of an exam plan, in their order, and where a moment is among them (manual 5.2.2; domain.md, Records)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from domain.ground.base import read_minutes
from domain.ground.errors import DomainError

Window = Literal["registration", "arranging", "exam", "scoring", "publicity"]
WINDOWS: Mapping[Window, str] = {"registration": "报考", "arranging": "排考", "exam": "考试", "scoring": "成绩登记", "publicity": "公示"}
"""Name of a window in columns and forms → what people call it."""
MOMENTS = tuple(f"{name}_{side}" for name in WINDOWS for side in ("from", "to"))
"""The columns, and the fields of the form: a window holds `from`, and no longer `to`."""


class BadWindows(DomainError):
    """考试计划的时间安排不正确，请核对。"""


class SpanState(Enum):
    """Where a moment is beside a window."""

    PAST = "past"
    CURRENT = "current"
    AHEAD = "ahead"

    @property
    def label(self) -> str:
        """As people read it."""
        return {SpanState.PAST: "已结束", SpanState.CURRENT: "进行中", SpanState.AHEAD: "未开始"}[self]


class Span(NamedTuple):
    """One window as it is filled in; a draft's may lack either end."""

    name: str
    begins: datetime | None
    ends: datetime | None

    def state(self, now: datetime) -> SpanState:
        """Whether the window is over, holds this moment, or is still to come."""
        if self.ends is not None and self.ends <= now:
            return SpanState.PAST
        return SpanState.CURRENT if self.begins is not None and self.begins <= now else SpanState.AHEAD


def read_windows(answers: Mapping[str, Any]) -> dict[str, datetime | None]:
    """The moments that a form holds, by column.

    Raises:
        BadWindows: one is no moment, a window ends before it begins, or begins before the one before it has ended; all that do are told.
    """
    found = {name: _moment(name, answers.get(name)) for name in MOMENTS}
    spans = list(_spans(found))
    wrong = [
        f"“{span.name}”的结束时间应晚于开始时间"
        for span in spans
        if span.begins is not None and span.ends is not None and span.ends <= span.begins
    ]
    wrong += [
        f"“{after.name}”应在“{before.name}”结束之后开始"
        for before, after in pairwise(spans)
        if before.ends is not None and after.begins is not None and after.begins < before.ends
    ]
    if wrong:
        raise BadWindows(f"{'；'.join(wrong)}，请核对")
    return found


def spans_of(moments: object) -> list[Span]:
    """The windows of a plan, in their order."""
    return list(_spans({name: getattr(moments, name) for name in MOMENTS}))


def _spans(moments: Mapping[str, datetime | None]) -> Iterator[Span]:
    for name, label in WINDOWS.items():
        yield Span(label, moments[f"{name}_from"], moments[f"{name}_to"])


def _moment(name: str, text: object) -> datetime | None:
    if not text:
        return None
    moment = read_minutes(str(text))
    if moment is None:
        window, _, side = name.rpartition("_")
        label = next(label for key, label in WINDOWS.items() if key == window)
        raise BadWindows(f"“{label}{'开始' if side == 'from' else '结束'}时间”应为日期和时间，例如 2026-11-23 09:00")
    return moment
