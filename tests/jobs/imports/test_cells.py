"""What people put into cells, and what a form gets of it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from domain.ground.id_numbers import id_number_problem
from jobs.imports.cells import AS_SHOWN, CUT_OFF, ERROR_TOLD, ERROR_VALUE, as_text, reader

ID = {"type": "string", "format": "id-number"}
MOBILE = {"type": "string", "format": "mobile"}
NAME = {"type": "string", "format": "person-name"}
CARD = {"type": "string", "enum": ["居民身份证", "护照"], "x-also": {"身份证": "居民身份证", "二代身份证": "居民身份证"}}
YEAR = {"type": "integer", "minimum": 1950, "maximum": 2100}
DAY = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("\u3000张\u00a0三 ", "张 三"),  # full-width and hard spaces
        ("\ufeff张\u200b三\x00", "张三"),  # marks nobody sees, and what PostgreSQL refuses
        ("\u202a13900000000\u202c", "13900000000"),  # copied out of an address book
        ("x\ud800y", "xy"),  # half a character, from _xD800_ in XML
        (13900000000.0, "13900000000"),
        (2.50, "2.5"),
        (110105194912310026.0, "1.10105194912310E+17"),
        (True, "是"),
        (None, ""),
        (float("nan"), ""),
        (datetime(2026, 9, 1), "2026-09-01"),
        (datetime(2026, 9, 1, 8, 30), "2026-09-01 08:30"),
        (date(2026, 9, 1), "2026-09-01"),
        (time(8, 30), "08:30:00"),
    ],
)
def test_text(cell: Any, text: str) -> None:
    assert as_text(cell) == text


@pytest.mark.parametrize(
    ("field", "text", "answer"),
    [
        (MOBILE, "１３９　００００ 0000", "13900000000"),  # full-width digits and spaces
        (MOBILE, "'13900000000", "13900000000"),
        (MOBILE, "+86 139-0000-0000", "13900000000"),
        (MOBILE, "86－13900000000", "13900000000"),
        (MOBILE, "010-62345678", "010-62345678"),
        (NAME, "张 三", "张三"),
        (NAME, "Anna Lee", "Anna Lee"),
        (ID, "11010519491231002x", "11010519491231002X"),
        (ID, "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        (DAY, "2026/9/1", "2026-09-01"),
        (DAY, "2026年9月1日", "2026-09-01"),
        (DAY, "2026.09.01", "2026-09-01"),
        (DAY, "20260901", "2026-09-01"),
        (DAY, "2026-02-30", "2026-02-30"),  # stays, so that the check names it
        ({"type": "integer"}, "１，２００", 1200),
        ({"type": "integer"}, "12.0", 12),
        ({"type": "number"}, "59.5", 59.5),
        ({"type": "integer"}, "很多", "很多"),
        *(
            (YEAR, text, 2025)
            for text in ("2025", "2025级", "2025 年", "2025届", "2025-09", "2025年9月", "2025-09-01", "20250901", "２０２５级")
        ),
        *((YEAR, text, text) for text in ("25级", "大二", "2025级1班")),
        ({"type": "integer", "minimum": 0}, "2025级", "2025级"),  # no year
        ({"type": "string", "enum": ["男", "女"]}, " 男 ", "男"),
        ({"type": "string", "enum": ["中级（二）"]}, "中级(二)", "中级（二）"),
        *((CARD, text, "居民身份证") for text in ("身份证", " 二代 身份证", "居民身份证")),
        *((CARD, text, text) for text in ("护照", "学生证")),
        ({"type": "string"}, "（甲）乙", "（甲）乙"),  # free text keeps its full-width signs
        (MOBILE, "", None),
    ],
)
def test_answer(field: dict[str, Any], text: str, answer: Any) -> None:
    assert reader(field)(text) == (answer, None)


@pytest.mark.parametrize(
    ("unit", "text", "answer"),
    [
        ("元", "¥4,405.00", 4405),
        ("元", "￥ 22,465.50", 22465.5),
        ("元", "RMB4405.5元", 4405.5),
        ("元", "元", "元"),
        ("分", "85 分", 85),
        ("分", "¥85", "¥85"),
        ("", "85分", "85分"),
    ],
)
def test_a_number_with_its_unit(unit: str, text: str, answer: Any) -> None:
    assert reader({"type": "number", "x-unit": unit} if unit else {"type": "number"})(text) == (answer, None)


@pytest.mark.parametrize("text", ["1.10105194912310E+17", "1.1E17", "110105194912310000"])
def test_an_id_number_that_excel_cut_off(text: str) -> None:
    assert reader(ID)(text)[1] == CUT_OFF


@pytest.mark.parametrize("text", ["1.39E+10", "1.39e10"])
def test_a_mobile_number_as_a_csv_shows_it(text: str) -> None:
    assert reader(MOBILE)(text)[1] == AS_SHOWN


@pytest.mark.parametrize("field", [MOBILE, ID, NAME, {"type": "integer"}])
def test_a_formula_without_a_value_is_named_whatever_the_field(field: dict[str, Any]) -> None:
    assert reader(field)(f"{ERROR_VALUE}#N/A") == (None, ERROR_TOLD)


def test_an_id_number_may_end_in_three_zeros() -> None:
    number = next(n for day in range(1, 29) if id_number_problem(n := f"110105199003{day:02}1000") is None)
    assert reader(ID)(number) == (number, None)
