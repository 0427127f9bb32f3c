"""Made-up 电子签章: key, certificate and picture are made when they are needed; the product contains none."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

from cryptography import x509
from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.institutions.seal_keys import SealKey
from domain.institutions.seals import S, new_seal

DAYS = timedelta(days=365)


def new_demo_seal(session: Session, kind: type[S], actor: Actor, now: datetime, vault: MultiFernet) -> S:
    """A seal of the actor's party, valid for a year."""
    return new_seal(session, kind, actor, now, demo_picture(), demo_key(actor.party_name, now), vault)


def demo_key(name: str, now: datetime) -> SealKey:
    """A key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    first, last = now - timedelta(days=1), now + DAYS
    builder = x509.CertificateBuilder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "演示签发机构")]))
    builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    certificate = builder.not_valid_before(first).not_valid_after(last).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SealKey(
        subject=name,
        issuer="演示签发机构",
        serial=f"{certificate.serial_number:x}",
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        pem=private + certificate.public_bytes(Encoding.PEM),
    )


def demo_picture() -> bytes:
    """A red ring with a star, on a transparent ground."""
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((8, 8, 292, 292), outline=(200, 30, 30, 230), width=10)
    draw.regular_polygon((150, 150, 60), 3, fill=(200, 30, 30, 230))
    draw.regular_polygon((150, 150, 60), 3, rotation=180, fill=(200, 30, 30, 230))
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
