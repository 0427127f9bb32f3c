"""Made-up people, rooms and slips for documents, and what is read back out of a PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pypdf
import pypdfium2

from domain.demo.numbers import id_number
from domain.demo.portraits import as_jpeg, draw
from jobs.documents.facts import Exam, Seat, Sheet, Slip, SlipLine, Ticket

STARTS = datetime(2030, 5, 18, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a Saturday
PHOTOS = [as_jpeg(draw(number).picture, 88) for number in range(3)]
LONG_SCHOOL = "江苏测试职业技术学院智能网联汽车与新能源装备产业学院南京江北新区实训考核站点（第一考核中心）"
LONG_NAME = "古丽米热·阿卜杜热西提·艾合买提江·吐尔逊古丽·买买提伊明"  # 30 characters
LONG_LATIN = "MARIA-LOUISE DE LOS ANGELES FERNANDEZ Y GONZALEZ-Łódź"
HOSTILE = [
    "<img src=http://127.0.0.1/>",
    "&lt;b&gt;",
    "{{7*7}}",
    "{% raw %}",
    "]]>",
    "</td></tr></table>",
    '"><script>1</script>',
    "<pdf:nextpage>",
    "%(x)s ${x}",
]


def exams(count: int = 2, room: str = "第 1 考场", site: str = "江苏测试职业学院考核站点") -> tuple[Exam, ...]:
    """One after the other, three hours apart."""
    return tuple(
        Exam(
            ("理论", "实操", "综合")[at % 3],
            STARTS + timedelta(hours=3 * at),
            STARTS + timedelta(hours=3 * at + 2),
            room,
            at + 1,
            site,
            "南京市 88 号",
            "3 号楼 502",
        )
        for at in range(count)
    )


def ticket(number: int = 1, name: str = "李测", **changed: Any) -> Ticket:
    """A candidate's 准考证."""
    values: dict[str, Any] = {
        "plan": "2030 年上半年统一考试",
        "name": name,
        "number": f"300000010010{number:03}",
        "document": "居民身份证",
        "id_number": id_number(f"32010220050101{number:03}"),
        "photo": PHOTOS[number % 3],
        "school": "江苏测试职业学院",
        "certificate": "智能网联汽车检测与运维",
        "grade": "中级",
        "exams": exams(),
        "rules": ("携带身份证件原件。", "开考 15 分钟后不得入场。"),
    }
    return Ticket(**{**values, **changed})


def seat(number: int, name: str | None = None) -> Seat:
    """Somebody at this seat."""
    return Seat(
        number,
        name or f"李测{number}",
        f"300000010010{number:03}",
        id_number(f"32010220050101{number:03}"),
        PHOTOS[number % 3] if number % 5 else None,
    )


def sheet(people: int, room: str = "第 1 考场", names: Sequence[str] = (), **changed: Any) -> Sheet:
    """A room; its people are handed over in the wrong order."""
    seats = tuple(seat(at, names[at - 1] if at <= len(names) else None) for at in range(people, 0, -1))
    values: dict[str, Any] = {
        "plan": "2030 年上半年统一考试",
        "site": "江苏测试职业学院考核站点",
        "address": "南京市 88 号",
        "room": room,
        "room_type": "标准化机房",
        "place": "3 号楼 502",
        "certificate": "智能网联汽车检测与运维（中级）",
        "subject": "理论",
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(hours=2),
        "seats": seats,
        "invigilators": ("王监考", "阿依古丽·买买提"),
    }
    return Sheet(**{**values, **changed})


def slip(people: int, names: Sequence[str] = (), **changed: Any) -> Slip:
    """A school's 缴费申请单."""
    lines = tuple(
        SlipLine(names[at] if at < len(names) else f"李测{at}", f"320102********{at:04}", "理论、实操", Decimal("280.50"))
        for at in range(people)
    )
    values: dict[str, Any] = {
        "number": "JF20300501000001",
        "plan": "2030 年上半年统一考试",
        "organization": "江苏测试评价有限公司",
        "school": "江苏测试职业学院",
        "certificate": "智能网联汽车检测与运维（中级）",
        "mode": "按证书",
        "made_at": STARTS,
        "made_by": "张老师",
        "status": "未确认",
        "lines": lines,
    }
    return Slip(**{**values, **changed})


def made(draw_them: Callable[..., None], items: Sequence[object], *more: object) -> bytes:
    """The PDF."""
    target = BytesIO()
    draw_them(items, target, lambda done: None, *more)
    return target.getvalue()


def texts(content: bytes) -> list[str]:
    """The text of each page as a browser finds it, without blanks and ends of lines."""
    with pypdfium2.PdfDocument(content) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def sizes(content: bytes) -> list[tuple[int, int]]:
    """Of each page, in millimetres: width and height."""
    return [
        (round(float(page.mediabox.width) / 72 * 25.4), round(float(page.mediabox.height) / 72 * 25.4))
        for page in pypdf.PdfReader(BytesIO(content)).pages
    ]


def boxes(content: bytes, page: int) -> list[tuple[float, float, float, float]]:
    """Where the characters of a page are: left, bottom, right and top in points; blanks left out."""
    with pypdfium2.PdfDocument(content) as document:
        text = document[page].get_textpage()
        return [text.get_charbox(at) for at in range(text.count_chars()) if text.get_text_range(at, 1).strip()]


def fonts(content: bytes) -> dict[str, bool]:
    """The fonts that pages name, without the letters before a subset's name: whether each is embedded."""
    found: dict[str, bool] = {}
    for page in pypdf.PdfReader(BytesIO(content)).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            described = font.get_object()
            if "/FontDescriptor" in described:
                found[described["/BaseFont"].split("+")[-1].strip("/")] = "/FontFile2" in described["/FontDescriptor"].get_object()
    return found


def photos(content: bytes) -> list[bytes]:
    """The JPEGs as they lie in the file, in the order of its pages."""
    streams: list[bytes] = []
    for page in pypdf.PdfReader(BytesIO(content)).pages:
        for picture in page["/Resources"].get("/XObject", {}).values():
            stream = picture.get_object()
            assert list(stream["/Filter"]) == ["/DCTDecode"]
            streams.append(stream._data)
    return streams
