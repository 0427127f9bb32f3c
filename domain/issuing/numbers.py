"""证书编号 (domain.md, Records): organization 4, certificate 4, grade 1, province 2, year 2, serial 6, check digit 1; never used twice.

Serials are counted for each beginning of a number, one by one in the transaction that gives the number: one that is rolled back leaves
no gap.
"""

from __future__ import annotations

from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.certificates.certificates import GRADES
from domain.ground.base import Base
from domain.ground.errors import DomainError

LENGTH, SERIALS = 20, 999_999


class NoMoreNumbers(DomainError):
    """该证书今年的编号已用完，请联系系统管理员。"""


class Serial(Base):
    """The last serial that was given behind one beginning of a number."""

    __tablename__ = "certificate_serial"

    beginning: Mapped[str] = mapped_column(String(13), primary_key=True)
    last: Mapped[int]


def next_number(session: Session, organization: int, certificate: int, grade: str, province: str, year: int) -> str:
    """A new number. Of the ids of organization and certificate the last four digits are in it.

    Raises:
        NoMoreNumbers
    """
    beginning = f"{organization % 10_000:04}{certificate % 10_000:04}{GRADES.index(grade) + 1}{province:>02}{year % 100:02}"
    serial = _next_serial(session, beginning)
    if serial > SERIALS:
        raise NoMoreNumbers
    digits = f"{beginning}{serial:06}"
    return digits + check_digit(digits)


def _next_serial(session: Session, beginning: str) -> int:
    """The row is locked until the end of the transaction: whoever wants the next waits, and takes this one where it is given back."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    added = dialect.insert(Serial).values(beginning=beginning, last=1)
    counted = added.on_conflict_do_update(index_elements=[Serial.beginning], set_={"last": Serial.last + 1})
    session.execute(counted)
    return session.scalars(select(Serial.last).where(Serial.beginning == beginning)).one()


def check_digit(digits: str) -> str:
    """The check digit behind digits by ISO 7064, MOD 11,10: it tells every wrong digit, and nearly every two that changed places."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def is_number(text: str) -> bool:
    """Whether a text may be a certificate's number: twenty digits with the right last one."""
    return len(text) == LENGTH and text.isascii() and text.isdigit() and check_digit(text[:-1]) == text[-1]
