"""How often, and how far apart, an external service task is tried again: properties `retryMax` and `retryDelay` of the diagram."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from processes.diagrams.elements import Element
from processes.diagrams.expressions import ExpressionError, evaluate, names_in
from processes.errors import EngineFault

DEFAULT_MAX = 7  # tries after the first: about eight minutes in all
DEFAULT_DELAY = timedelta(seconds=2)
MOST = 50
LONGEST = timedelta(days=1)
PROPERTIES = {"retryMax": "最多重试次数", "retryDelay": "重试间隔"}


def limits(element: Element, value: Callable[[str], Any]) -> tuple[int, float]:
    """Tries after the first, and seconds before the second; `value` evaluates an expression.

    Raises:
        EngineFault: a property's value is out of bounds.
    """
    values = []
    for name, default in (("retryMax", DEFAULT_MAX), ("retryDelay", DEFAULT_DELAY)):
        found = value(element.properties[name]) if name in element.properties else default
        if (problem := _out_of_bounds(name, found)) is not None:
            raise EngineFault(f"“{element.name}”的{problem}")
        values.append(found.total_seconds() if isinstance(found, timedelta) else found)
    return int(values[0]), float(values[1])


def wait(tries: int, delay: float) -> timedelta:
    """How long to wait after `tries` failed ones: doubled each time, with jitter so that many do not come back at once."""
    seconds = min(delay * 2 ** (tries - 1), LONGEST.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, not a secret


def problems(element: Element) -> Iterator[str]:
    """What is wrong with the two properties as drawn, in Chinese, without the element's name.

    Whether they are expressions at all, and of known names, is the check of expressions.
    """
    for name in PROPERTIES:
        if name not in element.properties:
            continue
        if element.tag != "serviceTask":
            yield f"属性 {name} 只能用在服务任务上，请删除"
            continue
        text = element.properties[name]
        try:
            if names_in(text):
                continue  # its value is known only when it runs
        except ExpressionError:
            continue
        try:
            problem = _out_of_bounds(name, evaluate(text, {}))
        except ExpressionError as error:
            problem = f"{PROPERTIES[name]}（属性 {name}）不能使用：{error}"
        if problem is not None:
            yield problem


def _out_of_bounds(name: str, value: Any) -> str | None:
    label = f"{PROPERTIES[name]}（属性 {name}）"
    if name == "retryMax":
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
        return None if fits else f"{label}应为 0 到 {MOST} 的整数，现为 {value}"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    fits = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST.total_seconds()
    return None if fits else f"{label}应为秒数或时长（如 minutes(5)），大于 0 且不超过一天，现为 {value}"
