"""How often, and how far apart, an external service task is tried again: properties `retryMax` and `retryDelay` of the diagram."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Literal, TypeAlias

from processes.diagrams.elements import Element
from processes.diagrams.expressions import Value
from processes.errors import EngineFault

Property: TypeAlias = Literal["retryMax", "retryDelay"]
DEFAULT_MAX = 7  # tries after the first: about eight minutes in all
DEFAULT_DELAY = timedelta(seconds=2)
MOST = 50
LONGEST = timedelta(days=1)
PROPERTIES: dict[Property, str] = {"retryMax": "最多重试次数", "retryDelay": "重试间隔"}


def limits(element: Element, evaluate: Callable[[str], Value]) -> tuple[int, float]:
    """Tries after the first, and seconds before the second; `evaluate` gives the value of an expression.

    Raises:
        EngineFault: a property's value is out of bounds.
    """
    # a float, as the column keeps it: the row's proof is made of what is kept
    return int(_value(element, "retryMax", DEFAULT_MAX, evaluate)), float(_value(element, "retryDelay", DEFAULT_DELAY, evaluate))


def wait(tries: int, delay: float) -> timedelta:
    """How long to wait after `tries` failed ones: doubled each time, with jitter so that many do not come back at once."""
    seconds = min(delay * 2 ** (tries - 1), LONGEST.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, not a secret


def out_of_bounds(name: Property, value: Value) -> str | None:
    """What is wrong with the value of a property, in Chinese; None where it can be used."""
    label = f"{PROPERTIES[name]}（属性 {name}）"
    if name == "retryMax":
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
        return None if fits else f"{label}应为 0 到 {MOST} 的整数，现为 {value}"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    fits = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST.total_seconds()
    return None if fits else f"{label}应为秒数或时长（如 minutes(5)），大于 0 且不超过一天，现为 {value}"


def _value(element: Element, name: Property, default: int | timedelta, evaluate: Callable[[str], Value]) -> float:
    value = evaluate(element.properties[name]) if name in element.properties else default
    problem = out_of_bounds(name, value)
    if problem is not None or not isinstance(value, int | float | timedelta):
        raise EngineFault(f"“{element.name or element.id}”的{problem}")
    return value.total_seconds() if isinstance(value, timedelta) else value
