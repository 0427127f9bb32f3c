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


def picture(size: tuple[int, int] = (200, 200), mode: str = "RGBA", colour: Any = (200, 0, 0, 120), kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    written = BytesIO()
    Image.new(mode, size, colour).save(written, kind)
    return written.getvalue()
