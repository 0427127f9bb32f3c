"""Numbers of identity documents: the 18 digits of GB 11643, which three kinds of cards have, and what the other documents carry.

A number holds the date of birth and, except those of foreigners, the sex. Whether a birth is possible depends on the day, which
functions take as `today`; without it, it is the day in Asia/Shanghai.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from operator import mul

from domain.ground.base import SHANGHAI, utc_now
from domain.ground.regions import is_region

CARD, PERMIT, FOREIGN = "居民身份证", "港澳台居民居住证", "外国人永久居留证"
OLDEST, YOUNGEST = 120, 3  # years
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_ZEROS = sum(_WEIGHTS) * ord("0")
_CHECKS = "10X98765432"
_PERMITS = ("810000", "820000", "830000")  # 香港, 澳门, 台湾: the regions of residence permits (since 2018)
_FOREIGNER = "9"  # how the numbers of the foreigners' cards of 2023 begin; regions begin with 1 to 8


def id_number_problem(text: str, today: date | None = None) -> str | None:
    """What is wrong with an id number of 18 digits, in Chinese; None when nothing is. A small x counts as X.

    Right are the numbers of a 居民身份证, of a 港澳台居民居住证 and of a 外国人永久居留身份证 (2023).
    """
    return _problem(text.strip().upper(), today)


def sex_problem(number: str, sex: str) -> str | None:
    """What is wrong with an id number beside the sex (男, 女) of its holder, in Chinese; None when nothing is.

    The 17th digit is odd for men and even for women. For foreigners' cards there is no such rule.
    """
    number = number.strip().upper()
    if not _NUMBER.fullmatch(number) or number.startswith(_FOREIGNER):
        return None
    meant = "男" if int(number[16]) % 2 else "女"
    return (
        None if sex == meant or sex not in ("男", "女") else f"身份证号第 17 位表示性别“{meant}”，与所填的“{sex}”不符，请核对证件号和性别"
    )


def document_problem(number: str, document: str, today: date | None = None) -> str | None:
    """What is wrong with the number of a document of the kind `document`, in Chinese; None when nothing is.

    A kind that is not in `DOCUMENTS` is not judged here.
    """
    check = DOCUMENTS.get(document)
    return check(number.strip().upper(), today) if check is not None else None


def kind_of(number: str) -> str:
    """Which card a number of 18 digits is of."""
    if number.startswith(_FOREIGNER):
        return FOREIGN
    return PERMIT if number.startswith(_PERMITS) else CARD


def masked(number: str) -> str:
    """A number as lists and titles show it: the first six characters and the last four. Of a short one, such as a passport's, the first
    two and the last two: more would tell all of it. Of none there is nothing to show."""
    if not number:
        return ""
    return f"{number[:6]}***{number[-4:]}" if len(number) >= 15 else f"{number[:2]}***{number[-2:]}"


def _problem(number: str, today: date | None) -> str | None:
    if not _NUMBER.fullmatch(number):
        old = "，15 位的旧号码已停用" if re.fullmatch(r"[0-9]{15}", number) else ""
        return f"身份证号应为 18 位：前 17 位为数字，末位为数字或 X{old}，请对照证件填写"
    if not _has_region(number):
        return f"身份证号前 6 位（{number[:6]}）不是行政区划代码，请对照证件核对"
    born = _birth_problem(number[6:14], today or utc_now().astimezone(SHANGHAI).date())
    if born is not None:
        return f"{born}，请对照证件核对第 7–14 位"
    total = sum(map(mul, _WEIGHTS, number.encode())) - _ZEROS
    return None if _CHECKS[total % 11] == number[17] else "身份证号校验位错误，请对照证件逐位核对"


def _has_region(number: str) -> bool:
    kind = kind_of(number)
    if kind == FOREIGN:  # 9, the province where it was applied for, and the number of a country (ISO 3166)
        return is_region(f"{number[1:3]}0000") and number[3:6] != "000"
    return kind == PERMIT or (is_region(number[:6]) and not number.startswith(("81", "82", "83")))


@lru_cache(maxsize=10_000)  # the pupils of a school are born within a few years
def _birth_problem(digits: str, today: date) -> str | None:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        born = date(year, month, day)
    except ValueError:
        return "身份证号中的出生日期不存在"
    if year < 1900:
        return "身份证号中的出生年份早于 1900 年"
    if born > today:
        return "身份证号中的出生日期晚于今天"
    age = today.year - year - ((today.month, today.day) < (month, day))
    if age < YOUNGEST:
        return f"身份证号中的出生日期表示未满 {YOUNGEST} 周岁"
    return f"身份证号中的出生日期表示超过 {OLDEST} 周岁" if age > OLDEST else None


def _of_kind(kind: str) -> Callable[[str, date | None], str | None]:
    """The check of a number that must be of one kind of card."""

    def check(number: str, today: date | None) -> str | None:
        if _NUMBER.fullmatch(number) and kind_of(number) != kind:
            return f"这是{kind_of(number)}的号码，请核对证件类型和证件号"
        return _problem(number, today)

    return check


def _foreigner(number: str, today: date | None) -> str | None:
    """A card of 2023, or an older one: three letters for the country, and twelve digits."""
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):
        return None
    if not _NUMBER.fullmatch(number):
        return "外国人永久居留证号应为 18 位（以 9 开头），旧版为 3 位字母加 12 位数字，请对照证件填写"
    return _of_kind(FOREIGN)(number, today)


def _passport(number: str, today: date | None) -> str | None:
    """Letters and digits as each country has them; not the number of a card of before 2013, which has as many digits as some."""
    if re.fullmatch(r"[0-9]{15}", number):
        return "这是 15 位的旧身份证号码，已停用，请核对证件类型，并对照证件填写"
    return _like(r"[A-Z0-9]{5,17}", "护照号应为 5–17 位字母或数字")(number, today)


def _like(pattern: str, wanted: str) -> Callable[[str, date | None], str | None]:
    """The check of a number without a check digit."""
    return lambda number, today: None if re.fullmatch(pattern, number) else f"{wanted}，请对照证件填写"


DOCUMENTS: Mapping[str, Callable[[str, date | None], str | None]] = {
    CARD: _of_kind(CARD),
    "港澳居民来往内地通行证": _like(r"[HM][0-9]{8}(?:[0-9]{2})?", "港澳居民来往内地通行证号应为 H 或 M 加 8 位数字（可再加 2 位换证次数）"),
    "台湾居民来往大陆通行证": _like(r"[0-9]{8}|[0-9]{10}(?:\([A-Z]\)|[A-Z])?", "台湾居民来往大陆通行证号应为 8 位数字（旧版为 10 位数字）"),
    PERMIT: _of_kind(PERMIT),
    FOREIGN: _foreigner,
    "护照": _passport,
    "军官证": _like(r"(?:[\u4e00-\u9fff]{1,4}字第)?[0-9A-Z]{6,12}号?", "军官证号应为“某字第”加 6–12 位数字或字母"),
}
"""Kind of identity document (domain.md, 考生) → what is wrong with a number of it on a day."""
