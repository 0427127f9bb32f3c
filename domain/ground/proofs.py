"""Keyed hashes (HMAC-SHA256) over what the database holds: whoever changes a row by hand cannot make the hash that goes with it.

The keys are the installation's, and the database does not hold them: `PROOF_KEYS`, or one kept under `PILOT_HOME` that is made when it
is first needed (docs/operations.md). The newest makes proofs; those that older keys have made still hold.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import cast

import orjson
from sqlalchemy.orm import Session

from domain.ground.settings import Settings
from domain.ground.vault import kept_keys

FILE = "proof_keys"
LENGTH = 64  # characters of a proof
OPTION = "pilot_proofs"  # the execution option of an engine that its sessions find the keys by


class Proofs:
    """Makes proofs and checks them. The keys are read when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The keys, the newest first; 32 bytes each."""
        settings = self._settings
        return tuple(base64.urlsafe_b64decode(key) for key in settings.proof_keys or kept_keys(settings.home / FILE))

    def make(self, what: str, values: Sequence[object]) -> str:
        """The proof that goes with these values of something, which `what` names: 64 hexadecimal digits."""
        return hmac.digest(self.keys[0], _bytes_of(what, values), "sha256").hex()

    def holds(self, what: str, values: Sequence[object], proof: str | None) -> bool:
        """Whether one of the keys has made this proof of these values."""
        if proof is None:
            return False
        content = _bytes_of(what, values)
        return any(hmac.compare_digest(hmac.digest(key, content, "sha256").hex().encode(), proof.encode()) for key in self.keys)


def proofs_of(session: Session) -> Proofs:
    """Those of the database that a session is on."""
    return cast(Proofs, session.get_bind().get_execution_options()[OPTION])


def digest_of(values: Sequence[object]) -> str:
    """The unkeyed hash of some values, for a place that something else proves: 64 hexadecimal digits."""
    return hashlib.sha256(_bytes_of("", values)).hexdigest()


def _bytes_of(what: str, values: Sequence[object]) -> bytes:
    return orjson.dumps([what, *map(_plain, values)], option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    """What JSON can say of a column's value: a moment in UTC, the hash of bytes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
