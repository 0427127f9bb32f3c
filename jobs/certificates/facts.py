"""What stands on a certificate: values, without a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.ground.errors import DomainError

ORGANIZATION, SITE = "organization", "site"
ROLES: Mapping[str, str] = {ORGANIZATION: "培训评价组织", SITE: "考核站点"}
"""Who seals a certificate, in the order in which they sign; a role is also the name of its signature field."""


class CannotDraw(DomainError):
    """证书无法生成，请核对证书信息后重试。"""


@dataclass(frozen=True)
class Certificate:
    """A certificate of one person."""

    number: str
    """证书编号."""
    name: str
    pinyin: str
    document: str
    """证件类型."""
    id_number: str
    photo: bytes
    """A JPEG of 295 × 413 pixels."""
    certificate: str
    """证书名称, without the grade."""
    grade: str
    organization: str
    """培训评价组织."""
    site: str
    """考核站点."""
    issued_on: date
    """In Shanghai."""
    check_address: str
    """What the QR code holds: where anybody may check this certificate."""

    def values(self) -> dict[str, str]:
        """What a layout may name, each with its text."""
        day = self.issued_on
        return {
            "number": self.number,
            "name": self.name,
            "pinyin": self.pinyin,
            "document": self.document,
            "id_number": self.id_number,
            "certificate": self.certificate,
            "grade": self.grade,
            "organization": self.organization,
            "site": self.site,
            "date": f"{day.year}年{day.month}月{day.day}日",
            "check_address": self.check_address,
        }

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts, each with whose it is: what fonts must have."""
        who = f"{self.name}（{self.number}）"
        yield from ((who, text) for text in self.values().values())


@dataclass(frozen=True)
class Place:
    """Where a seal goes: the page (0 is the first), and left, bottom, width and height in points from its left lower corner."""

    page: int
    box: tuple[float, float, float, float]


WORDS: Mapping[str, str] = {
    "number": "证书编号",
    "name": "姓名",
    "pinyin": "姓名拼音",
    "document": "证件类型",
    "id_number": "证件号",
    "certificate": "证书名称",
    "grade": "证书等级",
    "organization": "培训评价组织",
    "site": "考核站点",
    "date": "发证日期",
    "check_address": "核验网址",
}
"""What a layout may name, as people call it."""
REQUIRED = ("number", "name", "pinyin", "id_number", "certificate", "grade", "date")
"""What must stand on every certificate besides photo, seals and QR code (domain.md, Printed documents)."""
