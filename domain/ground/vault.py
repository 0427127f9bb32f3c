"""Secrets that must be kept and read again, such as the keys of seals: encrypted at rest, with keys that the database does not hold.

`SEAL_KEYS` names the keys, the newest first: it encrypts, the others still decrypt (docs/operations.md says how to rotate). Where
it is not set, one key is made under `PILOT_HOME`, readable by its owner alone: right for one machine, and for no more.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from domain.ground.settings import Settings

FILE = "seal_keys"


def open_vault(settings: Settings) -> MultiFernet:
    """What encrypts with the newest key and decrypts with any."""
    return MultiFernet([Fernet(key) for key in settings.seal_keys or kept_keys(settings.home / FILE)])


def kept_keys(path: Path) -> list[str]:
    """The keys that a file holds, a line each, the newest first; where there is no file, one is made with one key."""
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").split()


def _make(path: Path) -> None:
    """Writes a new key; of two processes that do so at once, the first one's stays (`link` never replaces a file)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
