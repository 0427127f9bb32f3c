"""Made-up pictures and PKCS#12 files, made when a test runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, KeySerializationEncryption, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from PIL import Image

from tests.conftest import NOON

PASSWORD = "签章-Made-up-1"


def certificate(key: Any, *extensions: x509.ExtensionType, first: datetime = NOON - timedelta(days=1), days: int = 365) -> x509.Certificate:
    """A certificate that signs itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "金陵职业技术学院")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), first, first + timedelta(days=days))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


def p12(
    *extensions: x509.ExtensionType,
    password: str | None = PASSWORD,
    key: Any = None,
    protection: KeySerializationEncryption | None = None,
    **changes: Any,
) -> bytes:
    """A PKCS#12 of a key and its certificate."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    protection = protection or (NoEncryption() if password is None else BestAvailableEncryption(password.encode()))
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate(key, *extensions, **changes), None, protection)


def endless(content: bytes) -> bytes:
    """The same file, but its MAC asks for 2,147,483,647 rounds (RFC 7292, appendix A): hours of computing, whatever the password."""
    assert content.startswith(b"\x30\x82")  # a SEQUENCE whose length takes two bytes
    assert content.endswith(b"\x02\x02\x08\x00")  # 2048 rounds
    length = int.from_bytes(content[2:4], "big")
    mac = content.rindex(bytes.fromhex("3031300d0609608648016503040201")) - 2  # MacData, two bytes before its DigestInfo of SHA-256
    body = content[mac + 2 : -4] + b"\x02\x04\x7f\xff\xff\xff"
    return b"\x30\x82" + (length + 2).to_bytes(2, "big") + content[4:mac] + bytes([0x30, len(body)]) + body


def picture(size: tuple[int, int] = (200, 200), mode: str = "RGBA", colour: Any = (200, 0, 0, 120), kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    written = BytesIO()
    Image.new(mode, size, colour).save(written, kind)
    return written.getvalue()
