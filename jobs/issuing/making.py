"""The two external steps of 证书发放: a certificate is drawn, and it is sealed.

Each may be done again: the first gives the same bytes, of the second the answer that comes first counts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from domain.exams.photos import read_photo
from domain.ground.handling import BusinessError, Params, Transient
from domain.ground.settings import Settings
from domain.ground.vault import open_vault
from domain.institutions.seals import signing_key, valid_seal
from domain.platform.files import path_of, store
from jobs.certificates.drawing import draw as drawn
from jobs.certificates.facts import ORGANIZATION, ROLES, SITE, CannotDraw, Certificate
from jobs.certificates.layouts import layout_of, standard
from jobs.certificates.sealing import CannotSeal, NoTimeStamp, ReadySeal, Seal, ready
from jobs.certificates.sealing import seal as sealed

CHECK = "/check/"
"""Where on this site the address of a QR code leads, before the certificate's token."""
REASON = "签发职业技能等级证书"
_DRAWING = Lock()  # ReportLab's fonts are shared by all that is drawn in a process; jobs come in many threads
_KEPT = 64  # seals that a process keeps ready: of the parties of a few batches


class Place(Protocol):
    """What the work may use besides its payload."""

    @property
    def settings(self) -> Settings:
        """Of the machine."""

    @property
    def reading(self) -> Callable[[], AbstractContextManager[Session]]:
        """A session that only reads."""

    @property
    def now(self) -> datetime:
        """By the engine's clock."""


def draw(payload: Params, here: Place) -> Params:
    """Draws the certificate that `facts_to_draw` describes; `drawn` is the SHA-256 under which its bytes are stored.

    Raises:
        BusinessError: what stands on it cannot be drawn.
    """
    photo = read_photo(here.settings.home, payload["photo"])
    if photo is None:
        raise BusinessError("draw", "考生的照片文件已不在服务器上，请联系管理员从备份中恢复后重试")
    texts = {
        name: str(payload[name]) for name in Certificate.__dataclass_fields__ if name in payload and name not in ("photo", "issued_on")
    }
    facts = Certificate(
        **texts,
        photo=photo,
        issued_on=date.fromisoformat(payload["issued_on"]),
        check_address=f"{here.settings.address}{CHECK}{payload['token']}",
    )
    try:
        with _DRAWING:
            found = drawn(facts, layout_of(standard()))
    except CannotDraw as error:
        raise BusinessError("draw", str(error)) from error
    return {"drawn": store(here.settings.home, found.content)}


def seal(payload: Params, here: Place) -> Params:
    """Seals what was drawn, with the seals that both parties have now; `sealed` is the SHA-256 under which it is stored, `size` its bytes,
    `keys` the SHA-256 of the certificates with which it was sealed.

    Raises:
        BusinessError: a seal is missing, over or wrong.
        Transient: the time stamp authority is away.
    """
    path = path_of(here.settings.home, payload["drawn"])
    if not path.exists():
        raise BusinessError("seal", "待盖章的证书文件已被清理，请重试，系统会重新生成")
    with here.reading() as session:
        seals = {role: _seal_of(session, here, role, payload[role], payload["names"][role]) for role in (ORGANIZATION, SITE)}
    try:
        content = sealed(path.read_bytes(), seals, here.now, _authority(here.settings.timestamp_url))
    except NoTimeStamp as error:
        raise Transient(str(error)) from error
    except CannotSeal as error:
        raise BusinessError("seal", str(error)) from error
    keys = " ".join(seals[role].seal.certificates[0].fingerprint(SHA256()).hex() for role in (ORGANIZATION, SITE))
    return {"sealed": store(here.settings.home, content), "size": len(content), "keys": keys}


def _seal_of(session: Session, here: Place, role: str, party_id: int, name: str) -> ReadySeal:
    found = valid_seal(session, party_id, here.now)
    if found is None:
        raise BusinessError("seal", f"{ROLES[role]}（{name}）没有有效的电子签章，请其上传有效的签章后重试")
    try:
        key, certificates = signing_key(found, open_vault(here.settings))
        return _ready(role, name, key, tuple(certificates), found.picture)
    except (InvalidToken, ValueError) as error:
        raise BusinessError("seal", f"{ROLES[role]}（{name}）的签章密钥无法读取，请其重新上传签章后重试") from error
    except CannotSeal as error:
        raise BusinessError("seal", str(error)) from error


def _ready(role: str, name: str, key: Any, certificates: tuple[Any, ...], picture: bytes) -> ReadySeal:
    """The seal, made ready once for all certificates of a batch: the certificate's bytes say which key it is."""
    identity = (role, name, certificates[0].fingerprint(SHA256()), picture)
    kept = _ready_seals().get(identity)
    if kept is None:
        if len(_ready_seals()) >= _KEPT:
            _ready_seals().clear()
        kept = _ready_seals()[identity] = ready(Seal(role, name, REASON, key, certificates, picture))
    return kept


@lru_cache(maxsize=1)
def _ready_seals() -> dict[tuple[Any, ...], ReadySeal]:
    return {}


@lru_cache(maxsize=1)
def _authority(address: str) -> Any:
    from jobs.certificates.authority import HttpAuthority

    return HttpAuthority(address) if address else None
