"""门贴, 签到表 and 缴费申请单: the values that a template may name, and the PDF that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import IO

from jobs.documents.facts import Sheet, Slip, day_and_time, jpeg, span, yuan
from jobs.documents.fonts import clean, faces_of
from jobs.documents.markup import filled_faults
from jobs.documents.pages import render
from jobs.documents.templates import BadTemplate, Values, filled, template_of

DOOR, ATTENDANCE, SLIP = "door", "attendance", "slip"
LONG, LONG_SMALL = 12, 26
"""Characters of one line of a 门贴 in large letters (room, subject) and in small ones (plan, site, place); of more, all are smaller."""


def draw_doors(sheets: Sequence[Sheet], target: IO[bytes], done: Callable[[int], None], template: str | None = None) -> None:
    """Writes the 门贴 of these rooms as one PDF, a page each. `done` is told after each how many there are.

    Raises:
        BadTemplate: the template names what is not given.
        BadPage: what comes of it is no HTML that can be printed.
    """
    _join([lambda sheet=sheet: _made(DOOR, template, door_values(sheet), {}) for sheet in sheets], target, done)  # type: ignore[misc]


def draw_attendance(sheets: Sequence[Sheet], target: IO[bytes], done: Callable[[int], None], template: str | None = None) -> None:
    """Writes the 签到表 of these rooms as one PDF, people by seat; each has pages with numbers of their own. Raises as `draw_doors`."""
    _join([lambda sheet=sheet: _attendance(sheet, template) for sheet in sheets], target, done)  # type: ignore[misc]


def draw_slips(slips: Sequence[Slip], target: IO[bytes], done: Callable[[int], None], template: str | None = None) -> None:
    """Writes these 缴费申请单 as one PDF. Raises as `draw_doors`."""
    _join([lambda slip=slip: _made(SLIP, template, slip_values(slip), {}) for slip in slips], target, done)  # type: ignore[misc]


DRAW: Mapping[str, Callable[..., None]] = {DOOR: draw_doors, ATTENDANCE: draw_attendance, SLIP: draw_slips}
"""Key of a template → what draws documents by it."""


def door_values(sheet: Sheet) -> Values:
    """What a template of 门贴 may name. No id numbers."""
    numbers = sorted(seat.number for seat in sheet.seats) or [""]
    large, small = max(map(len, (sheet.room, sheet.subject))), max(map(len, (sheet.site, sheet.plan, f"{sheet.room_type}{sheet.place}")))
    return {
        "plan": sheet.plan,
        "site": sheet.site,
        "address": sheet.address,
        "room": sheet.room,
        "room_type": sheet.room_type,
        "place": sheet.place,
        "certificate": sheet.certificate,
        "subject": sheet.subject,
        "time": span(sheet.starts_at, sheet.ends_at),
        "first": numbers[0],
        "last": numbers[-1],
        "count": len(sheet.seats),
        "partial": sheet.partial,
        "long": large > LONG or small > LONG_SMALL,
        "longest": large > 2 * LONG or small > 3 * LONG_SMALL,
    }


def attendance_values(sheet: Sheet, photos: Mapping[str, bytes] | None = None) -> Values:
    """What a template of 签到表 may name. `photos`: those that are there, by the name that the template gives them; None: all of them."""
    seats: list[dict[str, str | int]] = [
        {
            "seat": f"{seat.seat:02}",
            "name": seat.name,
            "latin": _in_words(seat.name),
            "number": seat.number,
            "id_number": seat.id_number,
            "photo": f"photo:{at}" if (seat.photo is not None if photos is None else f"photo:{at}" in photos) else "",
        }
        for at, seat in enumerate(sheet.in_order())
    ]
    return {**door_values(sheet), "seats": seats, "invigilators": list(sheet.invigilators)}


def slip_values(slip: Slip) -> Values:
    """What a template of 缴费申请单 may name."""
    lines: list[dict[str, str | int]] = [
        {
            "number": at,
            "name": line.name,
            "latin": _in_words(line.name),
            "id_number": line.id_number,
            "subjects": line.subjects,
            "price": yuan(line.price),
        }
        for at, line in enumerate(slip.lines, 1)
    ]
    return {
        "number": slip.number,
        "plan": slip.plan,
        "organization": slip.organization,
        "school": slip.school,
        "certificate": slip.certificate,
        "mode": slip.mode,
        "status": slip.status,
        "count": len(slip.lines),
        "total": yuan(slip.total),
        "made_by": slip.made_by,
        "made_at": day_and_time(slip.made_at),
        "confirmed_by": slip.confirmed_by,
        "confirmed_at": "" if slip.confirmed_at is None else day_and_time(slip.confirmed_at),
        "lines": lines,
    }


def _in_words(text: str) -> bool:
    """Whether a text breaks into lines at its blanks alone."""
    return all(ord(one) < 0x2E80 for one in text)


def _attendance(sheet: Sheet, template: str | None) -> bytes:
    photos = {f"photo:{at}": content for at, seat in enumerate(sheet.in_order()) if (content := jpeg(seat.photo)) is not None}
    return _made(ATTENDANCE, template, attendance_values(sheet, photos), photos)


def _made(kind: str, template: str | None, values: Values, photos: Mapping[str, bytes]) -> bytes:
    html = filled(template_of(kind) if template is None else template, values)
    if template is not None and (faults := filled_faults(html)):  # what its conditions chose now, no check has seen
        raise BadTemplate(f"文档模板有误，无法生成文档：{faults[0]}")
    return render(html, photos, faces_of(clean(html)))


def _join(parts: Sequence[Callable[[], bytes]], target: IO[bytes], done: Callable[[int], None]) -> None:
    """Each part is laid out by itself, so that its pages are counted by themselves and a large exam needs no large layout."""
    from pypdf import PdfWriter

    if len(parts) == 1:
        target.write(parts[0]())
        done(1)
        return
    with PdfWriter() as writer:
        for number, part in enumerate(parts, 1):
            writer.append(BytesIO(part()), import_outline=False)
            done(number)
        writer.write(target)
