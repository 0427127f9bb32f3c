"""Turns a cell of a spreadsheet into the text that people read, and the text into a value of a form's field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.ground.id_numbers import id_number_problem
from domain.ground.identity import TIDY
from domain.ground.texts import ODD
from forms.fields import is_choices
from forms.years import is_year, year_of

Reader = Callable[[str], tuple[Any, str | None]]
Cell = str | int | float | bool | date | datetime | time | timedelta | None

AS_TEXT = "请把此列设为“文本”格式后重新填写"
CUT_OFF = f"疑似被 Excel 截断（末三位为 000），{AS_TEXT}"
ERROR_TOLD = "单元格的公式有错误，没有结果，请改正公式，或直接填写"
AS_SHOWN = f"被 Excel 存成了科学计数法，{AS_TEXT}"
ERROR_VALUE = "公式错误值 "
"""How the text of a cell begins whose formula has no value; the value that Excel shows instead follows, #N/A."""
EXTRA = "多出的单元格："
"""How a text begins that stands behind the cells of a row which has more of them than its file has headings; why it is refused follows."""
EXCEL_DIGITS = 15  # Excel keeps no more digits of a number; the rest become 0
_PARTED = re.compile("[、；;,，\n]")  # between several choices in one cell
_HALF = re.compile("[\ud800-\udfff]")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?1\d", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")
_NUMBER = re.compile(r"-?0*\d{1,12}(\.\d{1,6})?")
# formats of fields that have neither full-width digits nor spaces
_STRICT = frozenset({"id-number", "document-number", "mobile", "credit-code", "email", "date"})


def as_text(cell: Cell) -> str:
    """A cell as people read it. A number with more digits than Excel keeps is written as Excel shows it: 1.10105194912310E+17."""
    if isinstance(cell, str):
        return _tidy(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def extra_problem(places: Mapping[str, int], cells: Sequence[str]) -> str | None:
    """Why a row with more cells than headings (`EXTRA`) is refused, in Chinese; else None. `places`: field name → number of its cell."""
    if not cells or not cells[-1].startswith(EXTRA) or len(cells) - 1 <= max(places.values(), default=-1):
        return None
    return cells[-1].removeprefix(EXTRA)


def reader(field: Mapping[str, Any]) -> Reader:
    """The function that reads the texts of a column's cells for a form's field.

    It returns a value, or None where the cell is empty, and in Chinese what is wrong that only a spreadsheet can cause, or None.
    A text that cannot be a value stays text, for the form's own check to name.
    """
    read_value = _reader(field)
    if field.get("format") in _STRICT or field.get("type") in ("integer", "number"):

        def read_tight(text: str) -> tuple[Any, str | None]:
            if text.startswith(ERROR_VALUE):
                return None, ERROR_TOLD
            return read_value(tight) if (tight := _tight(text)) else (None, None)

        return read_tight

    def read(text: str) -> tuple[Any, str | None]:
        if text.startswith(ERROR_VALUE):
            return None, ERROR_TOLD
        return read_value(text) if text else (None, None)

    return read


def _reader(field: Mapping[str, Any]) -> Reader:
    tidy = TIDY.get(field.get("format", ""))
    if field.get("format") in ("id-number", "document-number") and tidy is not None:
        return lambda text: (tidy(text), CUT_OFF if _cut_off(text) else None)
    if field.get("format") == "mobile" and tidy is not None:
        return lambda text: (tidy(text), AS_SHOWN if "E" in text.upper() and _SCIENTIFIC.fullmatch(text) else None)
    if tidy is not None:
        return lambda text: (tidy(text), None)
    if field.get("format") == "date":
        return lambda text: (_date_text(text), None)
    if is_year(field):
        return lambda text: (_number(year_of(text)), None)
    if field.get("type") in ("integer", "number"):
        unit = field.get("x-unit", "")
        return lambda text: (_number(_without_unit(text, unit) if unit else text), None)
    if is_choices(field):
        return lambda text: (list(dict.fromkeys(part.strip() for part in _PARTED.split(text) if part.strip())) or None, None)
    if "enum" in field:
        also = {_without_spaces(said): meant for said, meant in field.get("x-also", {}).items()}
        options = also | {unicodedata.normalize("NFKC", str(option)): str(option) for option in reversed(field["enum"])}
        return lambda text: (options.get(text) or options.get(_without_spaces(text), text), None)
    return lambda text: (text, None)


def _tight(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        text = _without_spaces(text)
    return text.lstrip("'‘’")


def _without_spaces(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _cut_off(text: str) -> bool:
    if "E" in text.upper():
        return bool(_SCIENTIFIC.fullmatch(text))
    return len(text) == 18 and text.endswith("000") and id_number_problem(text) is not None


def _tidy(text: str) -> str:
    if text.isprintable():  # so it holds neither an odd space nor a mark without width
        return text.strip()
    return _HALF.sub("", text.replace("\r\n", "\n").translate(ODD)).strip()


def _number_text(number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        return ""
    if abs(number) >= 10**EXCEL_DIGITS:
        return f"{number:.{EXCEL_DIGITS - 1}E}"
    return str(int(number)) if number == int(number) else repr(number)


def _date_text(text: str) -> str:
    found = _DATE.fullmatch(text)
    if found is None:
        return text
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text


def _without_unit(text: str, unit: str) -> str:
    """The number of a cell that says what it counts: 85分; ¥4,405.00 as banks write it, where the unit is 元."""
    bare = text.removeprefix("CNY").removeprefix("RMB").lstrip("¥") if unit == "元" else text
    return bare.removesuffix(unit) or text


def _number(text: str) -> int | float | str:
    plain = text.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        return text
    return float(plain) if plain.count(".") and float(plain) != int(float(plain)) else int(float(plain))
