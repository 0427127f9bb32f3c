"""Passwords: argon2, and the stamp that ends sessions when one changes."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from domain.errors import DomainError
from domain.parties import Person

_HASHER = PasswordHasher()


class WrongPassword(DomainError):
    """原密码不正确，请重新输入。"""


class WeakPassword(DomainError):
    """新密码至少 8 位，并且同时包含字母和数字，且不能与原密码相同。"""


def hash_password(password: str) -> str:
    """An argon2id hash."""
    return _HASHER.hash(password)


def check_password(known: str | None, password: str) -> bool:
    """Whether the password is right. None – no such account – takes the same time (row 1.1)."""
    try:
        right = _HASHER.verify(known or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and known is not None


def new_stamp() -> str:
    """A fresh session stamp."""
    return secrets.token_hex(16)


def change_password(session: Session, person_id: int, old: str, new: str) -> Person:
    """Changes a password; all sessions of the person end, by the new stamp.

    Raises:
        WrongPassword, WeakPassword
    """
    person = session.get_one(Person, person_id)
    if not check_password(person.password_hash, old):
        raise WrongPassword
    if len(new) < 8 or new == old or not any(c.isalpha() for c in new) or not any(c.isdigit() for c in new):
        raise WeakPassword
    person.password_hash, person.stamp = hash_password(new), new_stamp()
    return person


@cache
def _nobody() -> str:
    return hash_password(secrets.token_hex(16))
