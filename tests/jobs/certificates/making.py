"""Made-up certificates, keys and seals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image, ImageDraw
from pyhanko.sign.timestamps import DummyTimeStamper

from domain.demo import portraits
from domain.demo.numbers import id_number
from jobs.certificates.drawing import draw
from jobs.certificates.facts import ORGANIZATION, ROLES, Certificate
from jobs.certificates.judging import Known
from jobs.certificates.layouts import layout_of, standard
from jobs.certificates.sealing import ReadySeal, Seal, ready, seal
from tests.conftest import NOON

PHOTOS = [portraits.as_jpeg(portraits.draw(number).picture, 88) for number in range(3)]


def certificate(number: int = 1, **changed: Any) -> Certificate:
    """Somebody's certificate."""
    values: dict[str, Any] = {
        "number": f"32010003{number:012}",
        "name": "李测试",
        "pinyin": "LI CE SHI",
        "document": "居民身份证",
        "id_number": id_number(f"32010220050101{number:03}"),
        "photo": PHOTOS[number % 3],
        "certificate": "智能网联汽车检测与运维",
        "grade": "中级",
        "organization": "江苏测试职业技能评价有限公司",
        "site": "江苏测试职业技术学院",
        "issued_on": date(2030, 6, 18),
        "check_address": f"https://pilot.example.edu.cn/check/9f3c2b7e5d1a4c6e8b{number:04}",
    }
    return Certificate(**{**values, **changed})


def star(colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    """The picture of a seal: a ring with a star, on a transparent ground."""
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((8, 8, 292, 292), outline=(*colour, 230), width=12)
    pen.regular_polygon((150, 150, 60), 3, fill=(*colour, 230))
    pen.regular_polygon((150, 150, 60), 3, rotation=180, fill=(*colour, 230))
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def key_and_certificate(key: Any, name: str, first: datetime = NOON - timedelta(days=1), days: int = 365) -> x509.Certificate:
    """A certificate that signs itself."""
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number(), first, first + timedelta(days=days))
    return builder.sign(key, hashes.SHA256())


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """A key for this run of the tests; the same number gives the same one."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """As `rsa_key`."""
    return ec.generate_private_key(ec.SECP256R1())


def made_seal(role: str, **changed: Any) -> Seal:
    """A seal of the organization (RSA) or the site (ECDSA)."""
    key = changed.pop("key", None) or (rsa_key() if role == ORGANIZATION else ec_key())
    name = "江苏测试职业技能评价有限公司" if role == ORGANIZATION else "江苏测试职业技术学院"
    dates = {name: changed.pop(name) for name in ("first", "days") if name in changed}
    own = changed.pop("certificates", None)
    values: dict[str, Any] = {
        "role": role,
        "name": name,
        "reason": "签发职业技能等级证书",
        "key": key,
        "certificates": [key_and_certificate(key, name, **dates)] if own is None else own,
        "picture": star(),
    }
    return Seal(**{**values, **changed})


@cache
def seals() -> dict[str, ReadySeal]:
    """The seals of both parties."""
    return {role: ready(made_seal(role)) for role in ROLES}


def drawn(number: int = 1) -> bytes:
    """A certificate without its seals."""
    return draw(certificate(number), layout_of(standard())).content


@cache
def sealed(number: int = 1) -> bytes:
    """A sealed certificate."""
    return seal(drawn(number), seals(), NOON)


def fingerprint(one: x509.Certificate) -> str:
    """As `judging.judged` wants it."""
    return one.fingerprint(hashes.SHA256()).hex()


@cache
def known() -> dict[str, Known]:
    """The certificates of both parties."""
    return {fingerprint(one.seal.certificates[0]): Known(role, one.seal.name) for role, one in seals().items()}


@cache
def stamping() -> tuple[DummyTimeStamper, x509.Certificate]:
    """An authority whose clock is two seconds after noon, and its certificate."""
    key, name = rsa_key(7), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "测试时间戳机构")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, NOON - timedelta(days=1), NOON + timedelta(days=9))
    own = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True).sign(key, hashes.SHA256())
    private = keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    stamper = DummyTimeStamper(asn1.Certificate.load(own.public_bytes(Encoding.DER)), private, fixed_dt=NOON + timedelta(seconds=2))
    return stamper, own
