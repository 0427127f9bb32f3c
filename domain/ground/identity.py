"""How people write names and numbers that identify people and units, how they are stored, and their check digits (domain.md)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from domain.ground.names import tidy_name, tidy_pinyin
from domain.ground.texts import ODD

_MOBILE_WRITTEN = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # GB 32100
_WIDE = {wide: wide - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for wide in range(ord(first), ord(last) + 1)}
_CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z


def tidy_id_number(text: str) -> str:
    """The number of an identity document as it is stored: no blanks, plain digits and letters, capitals."""
    return _plain(text).upper()


def tidy_mobile(text: str) -> str:
    """The number as it is stored, where people wrote +86 139-0000-0000; anything else as it came."""
    found = _MOBILE_WRITTEN.fullmatch(_plain(text).replace("-", ""))
    return found[1] if found is not None else text.strip()


def tidy_label(text: str) -> str:
    """What people call a thing, such as a room: plain digits and letters, single blanks, so that no two look alike. Chinese marks stay."""
    return " ".join(text.translate(ODD).translate(_WIDE).split())


def _plain(text: str) -> str:
    if text.isascii() and text.isalnum():  # nearly always, and twenty thousand times in an import
        return text
    return re.sub(r"\s", "", text if text.isascii() else unicodedata.normalize("NFKC", text))


TIDY: Mapping[str, Callable[[str], str]] = {
    "id-number": tidy_id_number,
    "document-number": tidy_id_number,
    "mobile": tidy_mobile,
    "person-name": tidy_name,
    "pinyin": tidy_pinyin,
    "label": tidy_label,
}
"""Format of a form's field → how what people write is stored."""


def mobile_problem(text: str) -> str | None:
    """What is wrong with a mobile number, in Chinese; None when nothing is."""
    return None if _MOBILE.fullmatch(text) else "手机号应为 11 位数字，以 13–19 开头"


def credit_code_problem(text: str) -> str | None:
    """What is wrong with a unit's unified social credit code (GB 32100), in Chinese; None when nothing is."""
    if not re.fullmatch(rf"[{_CREDIT_DIGITS}]{{18}}", text):
        return "统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）"
    total = sum(weight * _CREDIT_DIGITS.index(digit) for weight, digit in zip(_CREDIT_WEIGHTS, text[:17], strict=True))
    return None if _CREDIT_DIGITS[-total % 31] == text[17] else "统一社会信用代码校验位错误"
