"""Keyed hashes (HMAC-SHA256) over what the database holds: whoever changes a row by hand cannot make the hash that goes with it.

The keys are the installation's, and the database does not hold them: `PROOF_KEYS`, or one kept under `PILOT_HOME` that is made when it
is first needed (docs/operations.md). The newest makes proofs; those that older keys have made still hold.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import cast

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from domain.ground.settings import Settings
from domain.ground.vault import kept_keys

FILE = "proof_keys"
LENGTH = 32  # hexadecimal digits: half of a SHA-256, as in HMAC-SHA-256-128 (RFC 4868)
OPTION = "pilot_proofs"  # the execution option of an engine that its sessions find the keys by


class Proofs:
    """Makes proofs and checks them. `read` gives the keys in base64, the newest first; it is called when they are first needed."""

    def __init__(self, read: Callable[[], Sequence[str]]) -> None:
        self._read = read

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The keys, the newest first; 32 bytes each."""
        return tuple(base64.urlsafe_b64decode(key) for key in self._read())

    def make(self, what: str, values: Sequence[object]) -> str:
        """The proof that goes with these values of something, which `what` names."""
        return _proof(self.keys[0], _bytes_of(what, values))

    def holds(self, what: str, values: Sequence[object], proof: str | None) -> bool:
        """Whether one of the keys has made this proof of these values."""
        content = _bytes_of(what, values)
        return proof is not None and any(hmac.compare_digest(_proof(key, content).encode(), proof.encode()) for key in self.keys)

    def sign(self, content: bytes) -> str:
        """A signature that anybody can check who has `public_key`: Ed25519, in hexadecimal."""
        return self._signing[0].sign(content).hex()

    def signed(self, content: bytes, signature: str) -> bool:
        """Whether one of the keys has made this signature of this content."""
        for key in self._signing:
            try:
                key.public_key().verify(bytes.fromhex(signature), content)
            except (InvalidSignature, ValueError):
                continue
            return True
        return False

    @property
    def public_key(self) -> str:
        """The key with which the newest signatures are checked: 64 hexadecimal digits."""
        return self._signing[0].public_key().public_bytes_raw().hex()

    @cached_property
    def _signing(self) -> list[Ed25519PrivateKey]:
        return [Ed25519PrivateKey.from_private_bytes(hmac.digest(key, b"signatures", "sha256")) for key in self.keys]


def proofs_with(settings: Settings) -> Proofs:
    """The proofs of an installation, made with its keys."""
    return Proofs(lambda: settings.proof_keys or kept_keys(settings.home / FILE))


def passing_proofs() -> Proofs:
    """Proofs made with a new key that nobody keeps, for a database that does not outlive the process."""
    key = Fernet.generate_key().decode("ascii")
    return Proofs(lambda: (key,))


def proofs_of(session: Session) -> Proofs:
    """The proofs of the database that a session is on."""
    return cast(Proofs, session.get_bind().get_execution_options()[OPTION])


def digest_of(values: Mapping[str, object]) -> str:
    """The hash, without a key, of some values by name, for a place that a proof covers."""
    return hashlib.sha256(_bytes_of("", [[name, values[name]] for name in sorted(values)])).hexdigest()[:LENGTH]


def _proof(key: bytes, content: bytes) -> str:
    return hmac.digest(key, content, "sha256").hex()[:LENGTH]


def _bytes_of(what: str, values: Sequence[object]) -> bytes:
    try:
        return orjson.dumps([what, *values], _plain, orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:  # whole numbers of more than 64 bits, which JSON columns hold
        return json.dumps([what, *values], default=_plain, sort_keys=True).encode()


def _plain(value: object) -> str:
    """How JSON tells a column's value that it has no form for: a moment in UTC, a day, the hash of bytes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")  # 260 and 260.00 are one amount, whichever the database gives back
    raise TypeError(type(value))
