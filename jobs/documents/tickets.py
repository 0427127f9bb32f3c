"""准考证: A4 upright, margins of 20 mm, one for each candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING

from jobs.documents import fitting
from jobs.documents.drawing import A4, INK, LINE, MM, PALE, cell, sheet
from jobs.documents.facts import Exam, Ticket, jpeg, span
from jobs.documents.fonts import BOLD, REGULAR

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

TITLE = "准考证"
_MARGIN = 20 * MM
_LEFT, _WIDTH, _TOP, _BOTTOM = _MARGIN, A4[0] - 2 * _MARGIN, A4[1] - _MARGIN, _MARGIN
_PHOTO = (35 * MM, 49 * MM)  # as 295 : 413
_LABEL = 26 * MM
_ROW = 10 * MM
_COLUMNS = (("科目", 44 * MM), ("考试时间", 54 * MM), ("考场", 56 * MM), ("座位号", 16 * MM))
_RULES = "考生须知"
_RULE_SIZE, _LEAST_RULE_SIZE = 10.0, 7.5
_EXAM = 13 * MM


def draw(tickets: Sequence[Ticket], target: IO[bytes], done: Callable[[int], None]) -> None:
    """Writes the tickets as one PDF. `done` is told after each how many there are."""
    canvas = sheet(target, TITLE)
    for number, ticket in enumerate(tickets, 1):
        _page(canvas, ticket)
        canvas.showPage()
        done(number)
    canvas.save()


def _page(canvas: Canvas, ticket: Ticket) -> None:
    top = _heading(canvas, ticket)
    top = _person(canvas, ticket, top)
    top = _exams(canvas, ticket.exams, top - 6 * MM)
    _rules(canvas, ticket, top - 7 * MM)


def _heading(canvas: Canvas, ticket: Ticket) -> float:
    canvas.setFillGray(INK)
    plan = fitting.fit(ticket.plan, _WIDTH, 16 * MM, 16, face=BOLD, least=9)
    fitting.draw(canvas, plan, _LEFT, _TOP, width=_WIDTH, centred=True)
    top = _TOP - plan.height - 5 * MM
    title = fitting.fit("准 考 证", _WIDTH, 12 * MM, 26, face=BOLD)
    fitting.draw(canvas, title, _LEFT, top, width=_WIDTH, centred=True)
    return top - title.height - 7 * MM


def _person(canvas: Canvas, ticket: Ticket, top: float) -> float:
    beside = (
        ("姓名", ticket.name, 14.0),
        ("准考证号", ticket.number, 13.0),
        ("证件类型", ticket.document, 11.0),
        ("证件号", ticket.id_number, 11.0),
        ("院校", ticket.school, 11.0),
    )
    room = _PHOTO[0] + 8 * MM
    height = (_PHOTO[1] + 6 * MM) / len(beside)
    for label, value, size in beside:
        top -= height
        cell(canvas, label, (_LEFT, top, _LABEL, height), label=True)
        cell(canvas, value, (_LEFT + _LABEL, top, _WIDTH - _LABEL - room, height), size)
    _photo(canvas, ticket, _LEFT + _WIDTH - room, top, room, height * len(beside))
    for label, value in (("证书", f"{ticket.certificate}（{ticket.grade}）"), *_places(ticket.exams)):
        top -= _ROW
        cell(canvas, label, (_LEFT, top, _LABEL, _ROW), label=True)
        cell(canvas, value, (_LEFT + _LABEL, top, _WIDTH - _LABEL, _ROW))
    return top


def _places(exams: Sequence[Exam]) -> list[tuple[str, str]]:
    """Where the exams are. Mostly it is one site; of several each is told with its address."""
    sites = list(dict.fromkeys((exam.site, exam.address) for exam in exams))
    return [pair for site, address in sites for pair in (("考核站点", site), ("地址", address))]


def _photo(canvas: Canvas, ticket: Ticket, left: float, bottom: float, width: float, height: float) -> None:
    from jobs.documents.embedding import draw_photo

    canvas.setStrokeGray(LINE)
    canvas.rect(left, bottom, width, height)
    at = (left + (width - _PHOTO[0]) / 2, bottom + (height - _PHOTO[1]) / 2)
    if (content := jpeg(ticket.photo)) is not None:
        draw_photo(canvas, content, *at, *_PHOTO)
        return
    canvas.setDash(2, 2)
    canvas.rect(*at, *_PHOTO)
    canvas.setDash()
    canvas.setFillGray(PALE)
    fitting.draw_in_box(canvas, fitting.fit("照片", _PHOTO[0], _PHOTO[1], 12), *at, *_PHOTO, centred=True)
    canvas.setFillGray(INK)


def _exams(canvas: Canvas, exams: Sequence[Exam], top: float) -> float:
    """The table of exams; returns where it ends."""
    top -= 8 * MM
    _line(canvas, [label for label, _ in _COLUMNS], top, 8 * MM, label=True)
    height = min(_EXAM, (top - _BOTTOM) / max(1, len(exams)))  # many exams have lower rows
    for exam in exams:
        top -= height
        where = f"{exam.room}（{exam.place}）" if exam.place else exam.room
        _line(canvas, [exam.subject, span(exam.starts_at, exam.ends_at), where, f"{exam.seat:02}"], top, height)
    return top


def _line(canvas: Canvas, values: Sequence[str], bottom: float, height: float, *, label: bool = False) -> None:
    left = _LEFT
    for (name, width), value in zip(_COLUMNS, values, strict=True):
        seat = name == "座位号" and not label
        cell(canvas, value, (left, bottom, width, height), 14 if seat else 10.5, label=label, centred=seat)
        left += width


def _rules(canvas: Canvas, ticket: Ticket, top: float) -> None:
    """The rules below; they shrink a little, and what is too long even then goes on on another page."""
    if not ticket.rules:
        return
    texts = [f"{number}. {rule}" for number, rule in enumerate(ticket.rules, 1)]
    size = _RULE_SIZE
    while size > _LEAST_RULE_SIZE and sum(map(len, _wrapped(texts, size))) * size * 1.5 > top - _BOTTOM - 8 * MM:
        size -= 0.5
    title = _RULES
    if top - 7 * MM - size * 1.5 < _BOTTOM:
        canvas.showPage()
        title, top = f"{_RULES}  {ticket.name}  {ticket.number}", _TOP
    top = _rules_title(canvas, title, top)
    for lines in _wrapped(texts, size):
        for line in lines:
            if top - size * 1.5 < _BOTTOM:
                canvas.showPage()
                who = f"{_RULES}（续）  {ticket.name}  {ticket.number}"
                top = _rules_title(canvas, who, _TOP)
            fitting.draw(canvas, fitting.Fitted(size, (line,), REGULAR), _LEFT, top)
            top -= size * 1.5


def _wrapped(texts: Sequence[str], size: float) -> list[tuple[str, ...]]:
    return [fitting.fit(text, _WIDTH, 10_000, size).lines for text in texts]


def _rules_title(canvas: Canvas, text: str, top: float) -> float:
    canvas.setFillGray(INK)
    fitting.draw(canvas, fitting.fit(text, _WIDTH, 7 * MM, 12, face=BOLD), _LEFT, top)
    return top - 7 * MM
