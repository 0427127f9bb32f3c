"""Stored states that differ in nothing but their ids, moments and variables; and how one is written from another."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

import orjson

Scalar: TypeAlias = str | int | float | bool | None
"""A variable's value, of those that JSON keeps as they are."""
_NAME = re.compile(r"\w+")
_SCALAR = (str, int, float, bool, type(None))
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # the two bits that say which kind of UUID it is
# What stands in a shape where a state has something of its own: an id, a variable's value, the moment at which a task last moved.
# U+0001 is in no state otherwise: XML, from which all names come, forbids it.
_OWN = re.compile(r'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|"\\u0001v([^"]*)"|"\\u0001m(\d+)"')
_VARIABLE, _MOMENT = "\x01v", "\x01m"
Place: TypeAlias = tuple[str, int | str]
"""`id` and its number, `variable` and its name, or `moment` and its number."""


@dataclass(frozen=True)
class Apart:
    """A state, taken apart into what it has in common with others and what is its own."""

    between: tuple[str, ...]
    """What lies before, between and after the places."""
    places: tuple[Place, ...]
    order: tuple[int, ...]
    """The tasks as they moved, the earliest first: which of two moved later may decide what becomes of them."""
    ids: tuple[str, ...]
    """In the order in which they first come."""
    tasks: tuple[str, ...]
    """Ids of the tasks, in the order of the moments."""
    moments: tuple[float, ...]
    """When each task last moved."""
    variables: Mapping[str, Scalar]

    @property
    def shape(self) -> Hashable:
        """What is the same in all states that are alike: the engine would do the same to them."""
        return self.between, self.places, self.order


NOTHING = Apart((), (), (), (), (), (), {})
"""What a process is before it starts."""


def take_apart(state: bytes) -> Apart | None:
    """A state as it is stored, taken apart; None where a variable has two values in it, or one that is more than a scalar."""
    whole = orjson.loads(zlib.decompress(state))
    variables: dict[str, Scalar] = {}
    moments: dict[str, float] = {}
    for part in (whole, *whole["subprocesses"].values()):
        held = [part["data"]]
        for id, task in part["tasks"].items():
            held += [task["data"], task["delta"].get("updates")]
            task["last_state_change"], moments[id] = f"{_MOMENT}{len(moments)}", task["last_state_change"]
        if not all(_taken_out(names, variables) for names in held if names):
            return None
    pieces = _OWN.split(orjson.dumps(whole).decode())
    numbers: dict[str, int] = {}
    places: list[Place] = []
    for id, name, at in zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True):
        if id is not None:
            places.append(("id", numbers.setdefault(id, len(numbers))))
        else:
            places.append(("variable", name) if name is not None else ("moment", int(at)))
    when = tuple(moments.values())
    order = tuple(sorted(range(len(when)), key=when.__getitem__))
    return Apart(tuple(pieces[::4]), tuple(places), order, tuple(numbers), tuple(moments), when, variables)


def _taken_out(names: dict[str, Any], variables: dict[str, Scalar]) -> bool:
    """Puts places where the values of variables stand. False where one cannot be taken out."""
    for name, value in names.items():
        if not isinstance(value, _SCALAR) or not _NAME.fullmatch(name):
            return False
        known = variables.setdefault(name, value)
        if type(known) is not type(value) or known != value:
            return False
        names[name] = f"{_VARIABLE}{name}"
    return True


class StateTemplate:
    """What a step made of a state, to be written again for others that are alike."""

    def __init__(self, before: Apart, after: Apart) -> None:
        self.ids = after.ids
        known = {id: number for number, id in enumerate(before.ids)}
        self._kept = [known.get(id) for id in after.ids]  # the number that an id had before; None: it is new
        self._new = self._kept.count(None)
        self._variables = list(after.variables)
        # a task that has not moved in this step has a moment of its own, by its number before; else all have the same
        moved = {id: (number, before.moments[number]) for number, id in enumerate(before.tasks)}
        stayed = [moved[id][0] if moved.get(id, (0, None))[1] == at else None for id, at in zip(after.tasks, after.moments, strict=True)]
        self._stayed = sorted({number for number in stayed if number is not None})
        values: dict[Place, int] = {}  # where the value of a place stands in the list that `written` makes
        for place in [("id", number) for number in range(len(after.ids))] + [("variable", name) for name in self._variables]:
            values[place] = len(values)
        values |= {("moment", number): len(values) + at for at, number in enumerate(self._stayed)}
        self._text, order = [after.between[0]], []
        for (kind, which), piece in zip(after.places, after.between[1:], strict=True):
            own = stayed[which] if kind == "moment" and isinstance(which, int) else which
            if own is None and isinstance(which, int):
                self._text[-1] += orjson.dumps(after.moments[which]).decode() + piece
            elif own is not None:
                order.append(values[kind, own])
                self._text += ["", piece]
        self._in_order = itemgetter(*order)

    def ids_of(self, own: Apart) -> list[str]:
        """The ids that another state has where the template has `ids`: its own, and new ones for what is new."""
        new = iter(new_ids(self._new))
        return [next(new) if number is None else own.ids[number] for number in self._kept]

    def written(self, own: Apart, ids: Sequence[str], variables: Mapping[str, Scalar]) -> bytes:
        """What the step makes of another state. `variables` are its own after the step, and may be more than there are places for."""
        values = [*ids, *(orjson.dumps(variables[name]).decode() for name in self._variables)]
        values += [orjson.dumps(own.moments[number]).decode() for number in self._stayed]
        text = self._text.copy()
        text[1::2] = self._in_order(values)
        return zlib.compress("".join(text).encode(), 1)


def new_ids(count: int) -> list[str]:
    """Random ids (RFC 9562, version 4), as `uuid4` gives them, which reads and writes each by itself and takes five times as long."""
    digits = os.urandom(16 * count).hex()
    each = (digits[at : at + 32] for at in range(0, 32 * count, 32))
    return [f"{one[:8]}-{one[8:12]}-4{one[13:16]}-{_VARIANT[one[16]]}{one[17:20]}-{one[20:]}" for one in each]
