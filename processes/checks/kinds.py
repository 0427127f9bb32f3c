"""Does an expression give what is needed where it stands: a moment, a length of time, true or false, a list, a number?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TypeAlias, TypeGuard

from processes.checks.texts import Found, Wants
from processes.diagrams.expressions import DividedByZero, ExpressionError, Value, WrongTypes, evaluate, names_in, no_truth
from processes.diagrams.quoting import quoted, short
from processes.spiff.timers import MAX_CYCLES

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLES: Mapping[type, Value] = {datetime: MOMENT, int: 1, float: 1.0, str: "x", bool: True, list: ["x"]}
"""An example of each type that a fact can have."""
Examples: TypeAlias = Mapping[str, Value]
"""Names with examples of their values; None: it may be of any type."""
_ANY: tuple[Value, ...] = (MOMENT, timedelta(days=1), 2, "x", True, ["x"])
_GUESSES = 6**2  # of values for the names of which nothing is known
_EXAMPLES = 100  # names of one diagram, and assignments of one name, that are looked at
_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "真假"),
    (datetime, "时刻"),
    (timedelta, "时长"),
    (int, "数"),
    (float, "数"),
    (str, "文本"),
    (list, "列表"),
)
_ISO = re.compile(r"(R\d*/.*|P(?=.*\d)[\dYMWDTHS]+|\d{4}-\d\d-\d\d.*|[\d*?/,-]+( [\d*?/,A-Z-]+){4,})", re.IGNORECASE)  # and cron


@dataclass(frozen=True)
class Kind:
    """What a value must be."""

    label: str
    example: str
    fits: Callable[[Value], bool]
    nearly: Callable[[Value], bool] | None = None
    """What a value over examples must be, where `fits` has bounds: other values of the names may lie within them."""


def _is_cycle(value: Value) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    count, length = value
    counts = isinstance(count, int) and not isinstance(count, bool) and 0 < count <= MAX_CYCLES
    return counts and isinstance(length, timedelta) and length > timedelta(0)


def _is_whole(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_like_a_cycle(value: Value) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_whole(value[0]) and isinstance(value[1], timedelta)


def _is_list_of_items(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str | int | float) for item in value)


KINDS: Mapping[Wants, Kind] = {
    "moment": Kind("时间", "now + days(3)", lambda value: isinstance(value, datetime)),
    "length": Kind("时长", "days(3)", lambda value: isinstance(value, timedelta)),
    "cycle": Kind(f"次数（1 到 {MAX_CYCLES}）和时长", "[3, days(1)]", _is_cycle, _is_like_a_cycle),
    "tries": Kind("整数", "3", _is_whole),
    "delay": Kind("秒数或时长", "minutes(5)", lambda value: _is_number(value) or isinstance(value, timedelta)),
    "items": Kind("由文字或数组成的列表", "['甲', '乙']", _is_list_of_items),
    "count": Kind("不小于 0 的整数", "3", lambda value: _is_whole(value) and value >= 0, _is_whole),
    "share": Kind("大于 0 的数", "2", lambda value: _is_number(value) and value > 0, _is_number),
}
TIMES: tuple[Wants, ...] = ("moment", "length", "cycle")


def foreign_time(found: Found) -> str | None:
    """What to write instead of a time in ISO 8601 or cron; None where it is none."""
    if found.wants not in TIMES or not _ISO.fullmatch(found.text.strip()):
        return None
    return f"{quoted(found.text)}请改写为时间表达式，例如 {KINDS[found.wants].example}"


def wrong_kind(found: Found, examples: Examples) -> str | None:
    """What shows that an expression does not give what it must, in Chinese: its form, or its value over examples of its names."""
    if found.wants == "truth":
        return _no_truth(found, examples)
    if found.wants is None:
        return _fails_always(found)
    kind = KINDS[found.wants]
    if found.wants in ("tries", "delay") and not examples:
        return None  # its value is known, and its bounds are looked at (`conventions`)
    fits = kind.nearly if examples and kind.nearly is not None else kind.fits
    shown: dict[str, None] = {}  # what kinds of values it gives
    last: ExpressionError | None = None
    for names in _guesses(examples):
        try:
            value = evaluate(found.text, names)
        except DividedByZero as error:
            if examples:
                return None  # other values may do; which come is known when it runs
            last = error
            continue
        except ExpressionError as error:
            last = error
            continue
        if fits(value):
            return None
        shown[_name(value)] = None
    if shown:
        return f"没有得出{kind.label}，请写成{kind.label}，例如 {kind.example}（现在得出的是{'、'.join(shown)}）"
    return f"不能使用：{short(str(last), 300)}" if last is not None else None


def add_examples(known: dict[str, Value], expressions: Sequence[Found]) -> None:
    """Adds examples for names that assignments give, where the value of such a name decides: the values of its assignments, where they are
    all of one type."""
    assigned: dict[str, list[str]] = {}
    for one in expressions:
        if one.name is not None and one.fault is None:
            assigned.setdefault(one.name, []).append(one.text)
    deciding = [name for one in expressions if one.wants is not None and one.fault is None for name in _names_in(one.text)]
    wanted = [name for name in dict.fromkeys(deciding) if name in assigned][:_EXAMPLES]
    for name in wanted:  # grows: an assignment may read what another one gives
        read = [other for text in assigned[name][:_EXAMPLES] for other in _names_in(text)]
        wanted += [other for other in read if other in assigned and other not in wanted][: _EXAMPLES - len(wanted)]
    for name in reversed(wanted):
        values = [_value(text, known) for text in assigned[name][:_EXAMPLES]]
        if known.get(name) is None and len({type(value) for value in values}) == 1:
            known[name] = values[0]


def _fails_always(found: Found) -> str | None:
    """Why an expression that reads nothing has no value."""
    if _names_in(found.text):
        return None
    try:
        evaluate(found.text, {})
    except ExpressionError as error:
        return f"不能使用：{short(str(error), 300)}"
    return None


def _no_truth(found: Found, examples: Examples) -> str | None:
    if (why := no_truth(found.text, examples)) is not None:
        return f"不能使用：{short(why, 300)}"
    if None in examples.values():
        return None
    try:
        evaluate(found.text, examples)
    except WrongTypes as error:
        return f"不能使用：{short(str(error), 300)}"
    except ExpressionError:
        return None  # over the examples alone, as by a division
    return None


def _guesses(examples: Examples) -> Iterator[dict[str, Value]]:
    unknown = [name for name, value in examples.items() if value is None]
    if len(_ANY) ** len(unknown) > _GUESSES:  # nothing can be told
        return
    for guess in product(_ANY, repeat=len(unknown)):
        yield {**examples, **dict(zip(unknown, guess, strict=True))}


def _names_in(text: str) -> frozenset[str]:
    try:
        return names_in(text)
    except ExpressionError:
        return frozenset()  # the check of expressions reports it


def _value(text: str, known: Examples) -> Value:
    try:
        return evaluate(text, {name: value for name, value in known.items() if value is not None})
    except ExpressionError:
        return None


def _name(value: Value) -> str:
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "空值")
