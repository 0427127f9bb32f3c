"""The key of a 电子签章: a password-protected PKCS#12 file with a private key and the certificate that belongs to it (RFC 7292)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.ground.errors import DomainError

MOST = 100 * 1024  # bytes; a key with its chain takes 3–8 KB
RSA_BITS, EC_BITS = 2048, 256  # the least that is still trusted
_WEB = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
WRONG_PASSWORD = "密钥的密码不正确，或文件已损坏，请核对密码后重新上传"  # noqa: S105  # the library cannot tell one from the other


class BadKey(DomainError):
    """签章密钥不能使用，请上传设有密码的 PKCS#12 文件（.p12 或 .pfx）。"""


@dataclass(frozen=True)
class SealKey:
    """What a PKCS#12 file held."""

    subject: str
    """Whom the certificate names."""
    issuer: str
    serial: str
    """The certificate's number, hexadecimal."""
    valid_from: datetime
    valid_to: datetime
    pem: bytes
    """The private key, its certificate and the file's other certificates, unprotected: whoever keeps them encrypts them first."""


def read_key(content: bytes, password: str) -> SealKey:
    """Opens a PKCS#12 file. Whether its certificate is valid now, the caller judges.

    Raises:
        BadKey: it is no PKCS#12, has no password or another one, or holds no key that may sign; the message says which.
    """
    if not content:
        raise BadKey("请选择签章密钥文件")
    if len(content) > MOST:
        raise BadKey("签章密钥文件过大，请上传 .p12 或 .pfx 文件")
    if not password or _opens(content, b"") or _opens(content, None):
        raise BadKey("签章密钥须设有密码：请用密码重新导出 .p12 或 .pfx 文件，并填写该密码")
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(content, password.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(WRONG_PASSWORD) from error
    if key is None or certificate is None:
        raise BadKey("文件中没有私钥和对应的证书，请连同私钥一起重新导出")
    _must_sign(key, certificate)
    return SealKey(
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        pem=b"".join(
            (
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
                *(one.public_bytes(Encoding.PEM) for one in (certificate, *chain)),
            )
        ),
    )


def load_pem(pem: bytes) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    """Private key and certificates, the key's own first, of `SealKey.pem`."""
    return load_pem_private_key(pem, None), x509.load_pem_x509_certificates(pem)


def _opens(content: bytes, password: bytes | None) -> bool:
    try:
        pkcs12.load_key_and_certificates(content, password)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _must_sign(key: PrivateKeyTypes, certificate: x509.Certificate) -> None:
    if not (isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)):
        raise BadKey("不支持该密钥的算法，请使用 RSA 或 ECDSA 密钥")
    if key.key_size < (RSA_BITS if isinstance(key, rsa.RSAPrivateKey) else EC_BITS):
        raise BadKey(f"密钥只有 {key.key_size} 位，强度不足：RSA 至少 {RSA_BITS} 位，ECDSA 至少 {EC_BITS} 位")
    ours = [k.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for k in (key.public_key(), certificate.public_key())]
    if ours[0] != ours[1]:
        raise BadKey("文件中的私钥与证书不是一对，请重新导出")
    _must_be_for_signing(certificate)


def _must_be_for_signing(certificate: x509.Certificate) -> None:
    """By RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12. An extension that is absent forbids nothing."""
    try:
        found = {type(one.value): one.value for one in certificate.extensions}
    except (ValueError, x509.DuplicateExtension) as error:
        raise BadKey("证书的扩展项有误，请向签发机构核实后重新导出") from error
    usage: Any = found.get(x509.KeyUsage)
    basic: Any = found.get(x509.BasicConstraints)
    purposes: Any = found.get(x509.ExtendedKeyUsage)
    if basic is not None and basic.ca:
        raise BadKey("这是签发机构（CA）的证书，不能用于签章，请上传院校的签章证书")
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise BadKey("证书的密钥用途不含数字签名，不能用于签章")
    if purposes is not None and set(purposes) <= _WEB:
        raise BadKey("这是网站或登录用的证书，不能用于签章")


def _name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for one in name.get_attributes_for_oid(kind):
            return str(one.value)[:200]
    return name.rfc4514_string()[:200]
