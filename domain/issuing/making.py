"""A certificate is made: its number is given, what stands on it is read, what came of it is noted (manual 4.2; row 4.2.7)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.base import SHANGHAI
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.institutions.schools import School
from domain.issuing.issuances import Issuance
from domain.issuing.numbers import next_number
from domain.issuing.signatures import check_signed, signatures_of
from domain.platform.files import name_stored

PROBLEM = 300  # characters


class NoPhoto(DomainError):
    """考生没有照片，不能生成证书。"""


def give_number(session: Session, issuance: Issuance, now: datetime) -> None:
    """证书编号, 发证日期 and the token of the QR code, once: a certificate keeps them whatever becomes of it.

    Raises:
        NoMoreNumbers
    """
    if issuance.certificate_number is not None:
        return
    today = now.astimezone(SHANGHAI).date()
    school, certificate = session.get_one(School, issuance.school_id), issuance.certificate
    province = school.code[2:4]  # 学校标识码: the province after two digits of the kind of school
    issuance.certificate_number = next_number(session, issuance.party_id, certificate.id, certificate.grade, province, today.year)
    issuance.issued_on, issuance.token = today, secrets.token_urlsafe(16)
    session.flush()


def facts_to_draw(session: Session, issuance: Issuance) -> dict[str, Any]:
    """What stands on the certificate, as JSON; the photo by its SHA-256.

    Raises:
        NotAsSigned: the two sides have not signed this.
        NoPhoto
    """
    check_signed(session, issuance)
    photo = issuance.registration.photo
    if photo is None or issuance.issued_on is None or issuance.certificate_number is None:
        raise NoPhoto
    return {
        "number": issuance.certificate_number,
        "name": issuance.name,
        "pinyin": issuance.pinyin,
        "document": issuance.document,
        "id_number": issuance.id_number,
        "photo": photo,
        "certificate": issuance.certificate.name,
        "grade": issuance.certificate.grade,
        "organization": issuance.party.name,
        "site": issuance.site_name,
        "issued_on": issuance.issued_on.isoformat(),
        "token": issuance.token,
    }


def keep(session: Session, issuance: Issuance, sha256: str, size: int, keys: str, now: datetime) -> None:
    """The sealed certificate with this SHA-256 and so many bytes is the one; who signed last is written down with the file.

    `keys`: SHA-256 of the certificates with which it was sealed, the organization's and the site's, parted by a blank.
    """
    signed = signatures_of(session, issuance.id)[-1]
    owner = Actor(signed.person_id, signed.person, issuance.party_id, issuance.party.name, "organization", None, frozenset())
    name = f"{issuance.certificate_number} {issuance.name}.pdf"
    issuance.file_id, issuance.problem = name_stored(session, owner, sha256, size, name, "application/pdf", now).id, None
    issuance.seal_keys = keys
    session.flush()


def withdraw(session: Session, issuance: Issuance, why: str, now: datetime) -> None:
    """The certificate no longer counts. Its number is never given again, and its file stays."""
    issuance.withdrawn_at, issuance.withdrawn_why = now, why[:PROBLEM]
    session.flush()


def fail(session: Session, issuance: Issuance, why: str) -> None:
    """It could not be made: everybody who sees the issuance reads why."""
    issuance.problem = why[:PROBLEM]
    session.flush()
