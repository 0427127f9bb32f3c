"""Passwords: argon2, and the stamp that ends sessions when one changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import NO_PASSWORD, Person, password_proof

_HASHER = PasswordHasher()
_FIRST_LENGTH = 10  # letters and digits of five bits each


class WrongPassword(DomainError):
    """原密码不正确，请重新输入。"""


class WeakPassword(DomainError):
    """新密码至少 8 位，并且同时包含字母和数字，且不能与原密码相同。"""


def hash_password(password: str) -> str:
    """An argon2id hash."""
    return _HASHER.hash(password)


def check_password(known: str | None, password: str) -> bool:
    """Whether the password is right. It takes the same time where there is no such account (None) or no password (row 1.1)."""
    exists = known is not None and known != NO_PASSWORD
    try:
        right = _HASHER.verify(known if exists and known is not None else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and exists


def check_login(person: Person | None, password: str, secret: str) -> bool:
    """Whether a login is right, by the password that the person chose or the first one that was sent. Always takes the same time."""
    right = check_password(person.password_hash if person is not None else None, password)
    first = first_password(secret, person.first_nonce if person is not None and person.first_nonce else secrets.token_hex(16))
    return hmac.compare_digest(first.encode(), password.strip().upper().encode()) or right


def first_password(secret: str, nonce: str) -> str:
    """The first password of an account. It is computed from the installation's `SECRET_KEY` and a nonce, and kept nowhere.

    The database and the payload of the SMS job hold the nonce alone: whoever reads them cannot log in. A new nonce ends the
    earlier password.
    """
    digest = hmac.new(secret.encode(), f"first password {nonce}".encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest).decode()
    return text[:_FIRST_LENGTH].translate(str.maketrans("OI", "89"))  # 0 and 1 are not in base32: nothing looks alike


def new_nonce() -> str:
    """A new nonce of a first password."""
    return secrets.token_hex(16)


def new_stamp() -> str:
    """A new session stamp."""
    return secrets.token_hex(16)


def end_sessions(session: Session, person_id: int) -> None:
    """Ends all sessions of a person, on whatever device."""
    session.get_one(Person, person_id).stamp = new_stamp()


def change_password(session: Session, person_id: int, old: str, new: str) -> Person:
    """Changes a password. The new stamp ends all sessions of the person.

    Raises:
        WrongPassword, WeakPassword
    """
    person = session.get_one(Person, person_id)
    if not check_password(person.password_hash, old):
        raise WrongPassword
    if new == old:
        raise WeakPassword
    return _choose(session, person, new)


def choose_password(session: Session, person_id: int, new: str, secret: str) -> Person:
    """Sets the first password that a person chooses; the one that they were sent ends.

    Raises:
        WeakPassword
    """
    person = session.get_one(Person, person_id)
    if person.first_nonce is not None and new.strip().upper() == first_password(secret, person.first_nonce):
        raise WeakPassword
    return _choose(session, person, new)


def _choose(session: Session, person: Person, new: str) -> Person:
    if len(new) < 8 or not any(c.isalpha() for c in new) or not any(c.isdigit() for c in new):
        raise WeakPassword
    person.password_hash, person.stamp, person.first_nonce = hash_password(new), new_stamp(), None
    person.password_proof = password_proof(session, person.id, person.password_hash)
    return person


@cache
def _nobody() -> str:
    return hash_password(secrets.token_hex(16))
