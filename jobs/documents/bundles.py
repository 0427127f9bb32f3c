"""One PDF of everything, or a zip with one PDF a room."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, Generic, TypeVar, cast
from zipfile import ZIP_STORED, ZipFile

from domain.ground.errors import DomainError
from jobs.documents import desk_labels, printing, tickets
from jobs.documents.facts import Printed, Sheet, Slip, Ticket
from jobs.documents.fonts import Lacking, clean, lacking

T = TypeVar("T", bound=Printed)
Progress = Callable[[int, int], None]
"""How many pieces (tickets, rooms, slips) are done, of how many."""
Warn = Callable[[Sequence[Lacking]], None]
"""Is told, before anything is drawn, which characters no font has."""
Draw = Callable[[Sequence[T], IO[bytes], Callable[[int], None]], None]
_LONGEST = 180  # bytes of a name in a zip in UTF-8: file systems take 255, and people unpack into folders with names
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')  # what Windows takes in no name, which others read as folders


class NothingToPrint(DomainError):
    """没有可打印的内容，请先完成排考。"""


@dataclass(frozen=True)
class Part(Generic[T]):
    """What becomes one PDF of a zip: mostly what belongs to one room."""

    name: str
    """Of the file, in which the kind stands already."""
    items: Sequence[T]


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of document."""

    label: str
    draw: Draw[T]
    printable: Callable[[T], bool]
    """Whether anything comes of an item: a room without people has no 桌贴."""
    template: str = ""
    """The key of its template, where it has one that designers may change."""


TICKETS: Kind[Ticket] = Kind("准考证", tickets.draw, lambda ticket: True)
DOORS: Kind[Sheet] = Kind("考场门贴", printing.draw_doors, lambda sheet: True, printing.DOOR)
DESKS: Kind[Sheet] = Kind("考场桌贴", desk_labels.draw, lambda sheet: bool(sheet.seats))
ATTENDANCE: Kind[Sheet] = Kind("考场签到表", printing.draw_attendance, lambda sheet: True, printing.ATTENDANCE)
SLIPS: Kind[Slip] = Kind("缴费申请单", printing.draw_slips, lambda slip: True, printing.SLIP)
KINDS: Mapping[str, Kind[Ticket] | Kind[Sheet] | Kind[Slip]] = {kind.label: kind for kind in (TICKETS, DOORS, DESKS, ATTENDANCE, SLIPS)}


def with_template(kind: Kind[T], template: str) -> Kind[T]:
    """A kind that is printed by a template of somebody's own, which `checking.problems` has found good.

    Raises:
        ValueError: this kind is drawn without a template.
    """
    if not kind.template:
        raise ValueError(f"{kind.label} has no template")
    draw = printing.DRAW[kind.template]

    def by_template(items: Sequence[T], target: IO[bytes], done: Callable[[int], None]) -> None:
        draw(items, target, done, template)

    return replace(kind, draw=cast(Draw[T], by_template))


def write_pdf(
    kind: Kind[T], parts: Iterable[Part[T]], target: IO[bytes], progress: Progress, warn: Warn = lambda found: None
) -> list[Lacking]:
    """Writes everything as one PDF, part after part. Returns the characters that no font has, which were replaced.

    Raises:
        NothingToPrint: there is nothing.
        BadTemplate, BadPage: as `printing.draw_doors`.
    """
    items = [item for part in parts for item in part.items if kind.printable(item)]
    if not items:
        raise NothingToPrint
    found = lacking(items)
    warn(found)
    progress(0, len(items))
    kind.draw(items, target, lambda done: progress(done, len(items)))
    return found


def write_zip(
    kind: Kind[T], parts: Iterable[Part[T]], target: IO[bytes], progress: Progress, warn: Warn = lambda found: None
) -> list[Lacking]:
    """Writes a zip with one PDF for each part in which there is anything. Returns and raises as `write_pdf`."""
    filled = [Part(part.name, items) for part in parts if (items := [item for item in part.items if kind.printable(item)])]
    if not filled:
        raise NothingToPrint
    found = lacking(item for part in filled for item in part.items)
    warn(found)
    total, before = sum(len(part.items) for part in filled), 0
    progress(0, total)
    with ZipFile(target, "w", ZIP_STORED) as archive:  # what a PDF holds is compressed
        for name, part in zip(file_names(kind.label, [part.name for part in filled]), filled, strict=True):
            made = BytesIO()
            kind.draw(part.items, made, lambda done, before=before: progress(before + done, total))  # type: ignore[misc]
            archive.writestr(name, made.getvalue())
            before += len(part.items)
    return found


def file_names(label: str, names: Sequence[str]) -> list[str]:
    """File names ending in .pdf that are safe on every system and differ from each other, also where capitals do not count."""
    taken = set[str]()
    return [_unique(f"{label}-{_safe(name)}", taken) for name in names]


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", unicodedata.normalize("NFC", clean(name))).strip(" .") or "未命名"


def _unique(stem: str, taken: set[str]) -> str:
    number = 1
    while True:
        end = ".pdf" if number == 1 else f"（{number}）.pdf"
        name = _short(stem, _LONGEST - len(end.encode())) + end
        if name.casefold() not in taken:
            taken.add(name.casefold())
            return name
        number += 1


def _short(text: str, most: int) -> str:
    """The text cut to so many bytes of UTF-8, between two characters."""
    return text.encode()[:most].decode("utf-8", "ignore").rstrip(" .")
