"""Whether a certificate is genuine, for everybody (row 4.2.7): by number and name, or by the token of its QR code.

Whoever asks must know both number and name, or hold the certificate: what does not fit together finds nothing, and tells nothing of
either. What is told is what stands on the certificate, without the number of the identity document.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from domain.issuing.issuances import Issuance
from domain.issuing.numbers import is_number
from domain.platform.files import StoredFile

LONGEST = 100  # characters of a name


def by_number(session: Session, number: str, name: str) -> Issuance | None:
    """The issued certificate with this number, of a person of this name. One statement, whether or not there is one."""
    known = number if is_number(number) else ""
    return _issued(session, and_(Issuance.certificate_number == known, Issuance.name == name[:LONGEST]))


def by_token(session: Session, token: str) -> Issuance | None:
    """The issued certificate whose QR code this is."""
    return _issued(session, Issuance.token == token)


def of_file(session: Session, number: str) -> tuple[Issuance, str] | None:
    """The issued certificate that a file says it is, with the SHA-256 of the file that was issued. Whether it is, the caller finds out."""
    found = _issued(session, Issuance.certificate_number == (number if is_number(number) else ""))
    return (found, session.get_one(StoredFile, found.file_id).sha256) if found is not None else None


def _issued(session: Session, which: ColumnElement[bool]) -> Issuance | None:
    """Of a certificate that is not made yet, nobody is told."""
    return session.scalars(Issuance.joined().where(which, Issuance.file_id.is_not(None))).first()
