"""`documents`: 1,000 准考证 with photos, over bare xhtml2pdf making the same page; both by the page.

Ours is `jobs.documents.bundles.write_pdf`: it looks for characters that no font has, and writes one PDF. The floor is xhtml2pdf with one
HTML document of `FLOOR` tickets whose pages hold the same texts, frames and photos: one style sheet, two tables a page, the photos handed
over by its callback. It takes so much longer that it makes fewer of them: a page costs it the same with 20, 100 and 300 in one document.
Both use the same fonts, which are read before the clock begins, as in a worker. Every ticket has a name, numbers and a photo of its own,
and two exams.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from io import BytesIO
from statistics import median
from typing import Any

from pypdf import PdfReader

from domain.demo.numbers import id_number, in_characters
from domain.demo.portraits import as_jpeg, draw
from jobs.documents.bundles import TICKETS, Part, write_pdf
from jobs.documents.facts import Exam, Ticket, jpeg, span
from jobs.documents.pages import render
from webapp.benches.measuring import timed

PAGES, FLOOR, PEOPLE = 1_000, 100, 12
ROUNDS = 3
_STARTS = datetime(2030, 5, 18, 1, 0, tzinfo=UTC)
_RULES = (
    "考生须携带本准考证和有效身份证件原件，于开考前 30 分钟到达考场，经查验后对号入座。",
    "开考 15 分钟后不得入场；交卷出场时间不得早于考试结束前 30 分钟。",
    "不得携带手机、智能手表等电子设备进入考场，违者按违纪处理。",
    "考试中应服从监考人员管理，遵守考场纪律。",
)
_STYLE = """
@page { size: a4 portrait; margin: 20mm; }
html { font-family: Pilot, PilotRegular; -pdf-word-wrap: CJK; font-size: 11pt; }
p { margin: 0; line-height: 130%; }
h1, h2 { text-align: center; margin: 0 0 5mm 0; line-height: 130%; } 
h1 { font-size: 16pt; } .next { page-break-before: always; } h2 { font-size: 26pt; } h3 { font-size: 12pt; margin: 7mm 0 2mm 0; }
td { border: 0.6pt solid #8c8c8c; padding: 2.2mm 2mm; vertical-align: middle; } td.label { background-color: #f2f2f2; text-align: center; }
td.photo { text-align: center; } table.exams { margin-top: 6mm; }
"""


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds a page: ours, the floor's; and the size of ours in KB a page."""
    photos = [as_jpeg(draw(number).picture, 97) for number in range(PEOPLE)]
    tickets = [_ticket(number, photos) for number in range(PAGES)]
    html, pictures = _html(tickets[:FLOOR]), {ticket.number: jpeg(ticket.photo) or b"" for ticket in tickets[:FLOOR]}
    _write(tickets[:1])
    render(_html(tickets[:1]), pictures, frozenset())
    ours: list[float] = []
    floors: list[float] = []
    size = 0
    for _ in range(ROUNDS):
        made: list[bytes] = []
        ours.append(timed(lambda made=made: made.append(_write(tickets))) / PAGES)  # type: ignore[misc]  # mypy does not see the default
        floors.append(timed(lambda made=made: made.append(render(html, pictures, frozenset()))) / FLOOR)  # type: ignore[misc]
        for content, pages in zip(made, (PAGES, FLOOR), strict=True):
            _check(content, tickets, pages)
        size = len(made[0])
    return median(ours), median(floors), {"pages": PAGES, "kb_each": round(size / PAGES / 1000), "photo_kb": _kilobytes(photos)}


def _write(tickets: Sequence[Ticket]) -> bytes:
    made = BytesIO()
    write_pdf(TICKETS, [Part("", tickets)], made, lambda done, total: None)
    return made.getvalue()


def _check(content: bytes, tickets: Sequence[Ticket], pages: int) -> None:
    """Both make a page of each ticket, with its name, number and photo."""
    reader = PdfReader(BytesIO(content))
    last = reader.pages[-1]
    text, ticket = last.extract_text(), tickets[pages - 1]
    if len(reader.pages) != pages or ticket.name not in text or ticket.number not in text or not last.images:
        raise ValueError(f"{len(reader.pages)} pages of {pages}, the last with {text}")


def _kilobytes(photos: Sequence[bytes]) -> int:
    return round(sum(map(len, photos)) / len(photos) / 1000)


def _ticket(number: int, photos: Sequence[bytes]) -> Ticket:
    site = ("江苏测试职业学院考核站点", "南京市江宁区学府路 88 号", "3 号楼 502")
    exams = tuple(
        Exam(
            subject, _STARTS + timedelta(hours=at), _STARTS + timedelta(hours=at + 2), f"第 {number // 30 + 1} 考场", number % 30 + 1, *site
        )
        for subject, at in (("理论", 0), ("实操", 5))
    )
    content = photos[number % len(photos)] + number.to_bytes(4, "big")  # after the end of the JPEG: a photo of its own for each
    about = (f"李测{in_characters(number, 4)}", f"3000010001{number:05}", "居民身份证", id_number(f"32010220050101{number:03}"), content)
    return Ticket("2030 年上半年职业技能等级证书统一考试", *about, "江苏测试职业学院", "智能网联汽车检测与运维", "中级", exams, _RULES)


def _html(tickets: Sequence[Ticket]) -> str:
    pages = _page(tickets[0]) + "".join(f'<div class="next">{_page(ticket)}</div>' for ticket in tickets[1:])
    return f'<html lang="zh-CN"><head><style>{_STYLE}</style></head><body>{pages}</body></html>'


def _page(ticket: Ticket) -> str:
    fields = (
        ("姓名", ticket.name),
        ("准考证号", ticket.number),
        ("证件类型", ticket.document),
        ("证件号", ticket.id_number),
        ("院校", ticket.school),
    )
    rows = [
        f'<tr><td class="label" width="16%">{label}</td><td width="59%">{escape(value)}</td>'
        + (f'<td class="photo" rowspan="5" width="25%"><img src="{ticket.number}" width="35mm" height="49mm"></td>' if not at else "")
        + "</tr>"
        for at, (label, value) in enumerate(fields)
    ]
    below = (("证书", f"{ticket.certificate}（{ticket.grade}）"), ("考核站点", ticket.exams[0].site), ("地址", ticket.exams[0].address))
    rows += [f'<tr><td class="label">{label}</td><td colspan="2">{escape(value)}</td></tr>' for label, value in below]
    exams = [
        f"<tr><td>{escape(exam.subject)}</td><td>{span(exam.starts_at, exam.ends_at)}</td><td>{escape(f'{exam.room}（{exam.place}）')}</td>"
        f"<td>{exam.seat:02}</td></tr>"
        for exam in ticket.exams
    ]
    heads = (("科目", 26), ("考试时间", 31), ("考场", 33), ("座位号", 10))
    head = "".join(f'<td class="label" width="{width}%">{label}</td>' for label, width in heads)
    rules = "".join(f"<p>{number}. {escape(rule)}</p>" for number, rule in enumerate(ticket.rules, 1))
    return (
        f'<h1>{escape(ticket.plan)}</h1><h2>准 考 证</h2><table cellspacing="0">{"".join(rows)}</table>'
        f'<table class="exams" cellspacing="0"><tr>{head}</tr>{"".join(exams)}</table><h3>考生须知</h3>{rules}'
    )
