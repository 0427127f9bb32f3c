"""Seals a drawn certificate: signs it with the keys of both parties (PAdES B-B, ETSI EN 319 142-1), each signature looking like that seal.

`ready` does once what all certificates of a batch have in common: key and certificate are checked, the picture is made ready. Nothing is
fetched: neither certificates nor news of their withdrawal. Where a time stamp authority is handed over, signatures have its stamp (B-T).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.ground.base import SHANGHAI, in_shanghai
from domain.ground.errors import DomainError
from jobs.certificates.facts import ROLES
from jobs.certificates.seal_pictures import SealPicture, seal_picture

if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.timestamps import TimeStamper

    from jobs.certificates.keys import LoadedKey

_SLACK = 256  # hexadecimal digits beyond what a first signature took: those of ECDSA differ by a few bytes


class CannotSeal(DomainError):
    """证书无法盖章，请核对签章后重试。"""


class NoTimeStamp(CannotSeal):
    """时间戳服务暂时不可用，请稍后重试。"""


@dataclass(frozen=True)
class Seal:
    """With what one party signs."""

    role: str
    """Of `ROLES`."""
    name: str
    """Who signs, as readers show it."""
    reason: str
    key: PrivateKeyTypes
    certificates: Sequence[x509.Certificate]
    """The key's own first, as `domain.institutions.seals.signing_key` gives them."""
    picture: bytes
    """A PNG with transparency."""


@dataclass(frozen=True)
class ReadySeal:
    """A seal that may be used for any number of certificates."""

    role: str
    valid_from: datetime
    valid_to: datetime
    reserved: int
    """How many hexadecimal digits a signature takes, without a time stamp."""
    plain: PdfSigner
    seal: Seal
    key: LoadedKey
    picture: SealPicture


def ready(seal: Seal) -> ReadySeal:
    """Checks key, certificate and picture, and makes them ready.

    Raises:
        CannotSeal: they cannot be used; the message says why.
    """
    from jobs.certificates.keys import LoadedKey

    whose = ROLES[seal.role]
    if not seal.certificates:
        raise CannotSeal(f"{whose}的签章没有证书，请重新上传签章密钥")
    key, certificate = seal.key, seal.certificates[0]
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CannotSeal(f"{whose}的签章密钥不是 RSA 或 ECDSA 密钥，请重新上传签章密钥")
    if _public(key.public_key()) != _public(certificate.public_key()):
        raise CannotSeal(f"{whose}的签章密钥与证书不是一对，请重新上传签章密钥")
    try:
        picture = seal_picture(seal.picture)
    except ValueError as error:
        raise CannotSeal(f"{whose}的签章图片无法读取，请重新上传透明背景的 PNG 图片") from error
    loaded = LoadedKey(key, seal.certificates)
    signer = _pdf_signer(seal, loaded, picture, None)
    return ReadySeal(
        seal.role,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        _taken(signer, certificate),
        signer,
        seal,
        loaded,
        picture,
    )


def seal(content: bytes, seals: Mapping[str, ReadySeal], now: datetime, authority: TimeStamper | None = None) -> bytes:
    """The certificate with the seals of all roles, in the order of `ROLES`; `now` is told as the time of signing.

    Raises:
        NoTimeStamp: the authority does not answer; trying again later helps.
        CannotSeal: a seal is missing, or not valid now; or this is no certificate that `drawing.draw` made, or has seals already.
    """
    for role, whose in ROLES.items():
        if role not in seals:
            raise CannotSeal(f"缺少{whose}的签章，请先上传")
        _must_be_valid(seals[role], now)
    stream = BytesIO(content)
    asyncio.run(_sign_all(stream, [seals[role] for role in ROLES], now, authority))
    return stream.getvalue()


def _must_be_valid(one: ReadySeal, now: datetime) -> None:
    whose = ROLES[one.role]
    if one.valid_to <= now:
        raise CannotSeal(f"{whose}的签章证书已于 {in_shanghai(one.valid_to):%Y-%m-%d} 到期，请上传有效的签章证书后重试")
    if one.valid_from > now:
        raise CannotSeal(f"{whose}的签章证书从 {in_shanghai(one.valid_from):%Y-%m-%d} 起才有效，请在生效后重试")


async def _sign_all(stream: BytesIO, seals: Sequence[ReadySeal], now: datetime, authority: TimeStamper | None) -> None:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError

    for one in seals:
        try:
            await _sign(stream, one, now, authority)
        except OSError as error:  # pyHanko's for an answer that is none, and those of the network
            raise NoTimeStamp from error
        except (SigningError, PdfError) as error:
            raise CannotSeal(f"{ROLES[one.role]}的签章未能盖上，证书文件有误或已经盖过章，请重新生成证书") from error


async def _sign(stream: BytesIO, one: ReadySeal, now: datetime, authority: TimeStamper | None) -> None:
    """One signature, as a revision of its own behind what is there."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    signer = one.plain if authority is None else _pdf_signer(one.seal, one.key, one.picture, authority)
    session = signer.init_signing_session(IncrementalPdfFileWriter(stream), existing_fields_only=True)
    session.system_time = now.astimezone(SHANGHAI)
    reserved = one.reserved if authority is None else await session.estimate_signature_container_size(None)
    document = session.prepare_tbs_document(None, reserved)
    digest, _ = document.digest_tbs_document(in_place=True)
    await document.perform_signature(digest.document_digest, PdfCMSSignedAttributes(signing_time=session.system_time))


def _pdf_signer(one: Seal, key: LoadedKey, picture: SealPicture, authority: TimeStamper | None) -> PdfSigner:
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    from jobs.certificates.stamps import SealStyle

    first = one.role == next(iter(ROLES))
    told = PdfSignatureMetadata(
        field_name=one.role,
        name=one.name,
        reason=one.reason,
        subfilter=SigSeedSubFilter.PADES,
        certify=first,
        docmdp_permissions=MDPPerm.FILL_FORMS if first else MDPPerm.NO_CHANGES,
    )
    style = SealStyle(picture=picture, border_width=0)
    return PdfSigner(told, key, timestamper=authority, stamp_style=style)


def _taken(signer: PdfSigner, certificate: x509.Certificate) -> int:
    """How many hexadecimal digits a signature of this key takes at most."""
    from asn1crypto.keys import PublicKeyInfo
    from pyhanko.sign.signers.pdf_cms import select_suitable_signing_md

    algorithm = select_suitable_signing_md(PublicKeyInfo.load(_public(certificate.public_key())))
    made = asyncio.run(signer.signer.async_sign(bytes(64), algorithm, use_pades=True, dry_run=True))
    return 2 * len(made.dump()) + _SLACK


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]
