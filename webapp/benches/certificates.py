"""`certificates`: a certificate made and sealed, over the bare page and one bare pyHanko signature of each key; and many over few.

Ours is what a batch does for each: `drawing.draw` with the product's layout, `sealing.seal` with both seals (RSA 2048 and ECDSA P-256),
whose pictures are the signatures' looks. The floor has three parts, taken one after the other for the same person:

- the page with the same texts, photo and QR code by ReportLab alone, at places that are written down; its ground and borders are ready
  made as ours are, else the floor would be slower than it need be;
- pyHanko's `sign_pdf` with its `SimpleSigner` of the first key on that page: PAdES, an invisible field that it adds, no picture;
- the same of the second key, on the same page.

Fonts, layout, keys and seals are there before the clock begins, as after the first certificate of a batch. `ratio` is of medians. pyHanko's
signer reads its key anew for each signature, which for RSA takes most of its time; `loaded_ratio` is over a floor whose keys are loaded,
as ours are. `page_ratio` and `seal_ratio` tell the parts, the latter over loaded keys. `batch_ratio` is what one of 3,000 takes over what
one of 300 takes, before and after them, in time of the processor, which does all of the work: what else a machine does in those minutes
changes. A batch makes its seals ready itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any

import segno
from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, Signer, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from domain.demo.numbers import id_number, in_characters
from domain.demo.portraits import as_jpeg
from domain.demo.portraits import draw as portrait
from domain.demo.seals import demo_picture
from jobs.certificates.beyond_reportlab import add_piece
from jobs.certificates.decorations import SIZE, pieces
from jobs.certificates.drawing import draw
from jobs.certificates.facts import ORGANIZATION, ROLES, SITE, Certificate
from jobs.certificates.inside import look
from jobs.certificates.judging import Known, judged
from jobs.certificates.layouts import Layout, layout_of, standard
from jobs.certificates.sealing import ReadySeal, Seal, ready, seal
from jobs.documents.drawing import MM
from jobs.documents.fonts import SERIF
from webapp.benches.measuring import timed

ROUNDS, PEOPLE = 60, 12
FEW, MANY = 300, 3_000
_NOW = datetime(2030, 6, 18, 1, 0, tzinfo=UTC)


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds – ours, the floor's – and what else there is to say."""
    photos = [as_jpeg(portrait(number).picture, 88) for number in range(PEOPLE)]
    layout, given = layout_of(standard()), _seals()
    seals = {role: ready(one) for role, one in given.items()}
    bare = [_bare_signer(given[role]) for role in ROLES]
    _check(_ours(_person(0, photos), layout, seals), given)
    _sign(_bare_page(_person(0, photos), layout), bare)
    loaded = [seals[role].key for role in ROLES]
    took: dict[str, list[float]] = {"page": [], "seal": [], "bare page": [], "bare seals": [], "loaded seals": []}
    for number in range(1, ROUNDS + 1):
        facts = _person(number, photos)
        made: list[bytes] = []
        took["page"].append(timed(lambda facts=facts, made=made: made.append(draw(facts, layout).content)))  # type: ignore[misc]
        took["seal"].append(timed(lambda made=made: made.append(seal(made[0], seals, _NOW))))  # type: ignore[misc]
        took["bare page"].append(timed(lambda facts=facts, made=made: made.append(_bare_page(facts, layout))))  # type: ignore[misc]
        for name, signers in (("bare seals", bare), ("loaded seals", loaded)):
            took[name].append(timed(lambda made=made, signers=signers: _sign(made[2], signers)))  # type: ignore[misc]
    page, sealing, bare_page, bare_seals, loaded_seals = (median(times) for times in took.values())
    few = [_batch(FEW, given, photos)]
    many = _batch(MANY, given, photos)
    few.append(_batch(FEW, given, photos))
    return (
        page + sealing,
        bare_page + bare_seals,
        {
            "loaded_ratio": round((page + sealing) / (bare_page + loaded_seals), 2),
            "page_ratio": round(page / bare_page, 2),
            "seal_ratio": round(sealing / loaded_seals, 2),
            "batch": MANY,
            "batch_ms_each": round(many * 1000, 2),
            "batch_ratio": round(many / (sum(few) / len(few)), 2),
            "kb_each": round(len(_ours(_person(1, photos), layout, seals)) / 1000),
        },
    )


def _ours(facts: Certificate, layout: Layout, seals: dict[str, ReadySeal]) -> bytes:
    return seal(draw(facts, layout).content, seals, _NOW)


def _sign(page: bytes, signers: Sequence[Signer]) -> None:
    for one in signers:
        _bare_signature(page, one)


def _batch(count: int, given: dict[str, Seal], photos: Sequence[bytes]) -> float:
    """What one of so many takes, in seconds of the processor."""
    people = [_person(number, photos) for number in range(count)]

    began = process_time()
    layout, seals = layout_of(standard()), {role: ready(one) for role, one in given.items()}
    for facts in people:
        _ours(facts, layout, seals)
    return (process_time() - began) / count


def _check(content: bytes, given: dict[str, Seal]) -> None:
    """What is measured is what is issued."""
    known = {one.certificates[0].fingerprint(hashes.SHA256()).hex(): Known(role, one.name) for role, one in given.items()}
    found = judged(look(content), known)
    if not found.verdict.good:
        raise ValueError(found.sentences)


def _person(number: int, photos: Sequence[bytes]) -> Certificate:
    content = photos[number % len(photos)] + number.to_bytes(4, "big")  # after the end of the JPEG: a photo of its own for each
    return Certificate(
        number=f"32010003{number:012}",
        name=f"李测{in_characters(number, 4)}",
        pinyin="LI CE SHI SHI",
        document="居民身份证",
        id_number=id_number(f"3201022005{1 + number // 1000:02}01{number % 1000:03}"),
        photo=content,
        certificate="智能网联汽车检测与运维",
        grade="中级",
        organization="江苏测试职业技能评价有限公司",
        site="江苏测试职业技术学院",
        issued_on=date(2030, 6, 18),
        check_address=f"https://pilot.example.edu.cn/check/{number:032x}",
    )


def _seals() -> dict[str, Seal]:
    made: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
        ORGANIZATION: rsa.generate_private_key(65537, 2048),
        SITE: ec.generate_private_key(ec.SECP256R1()),
    }
    return {
        role: Seal(role, f"测试{word}", "签发职业技能等级证书", made[role], [_certificate(made[role], word)], demo_picture())
        for role, word in ROLES.items()
    }


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    first, last = _NOW - timedelta(days=1), _NOW + timedelta(days=365)
    return x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number(), first, last).sign(key, hashes.SHA256())


def _bare_page(facts: Certificate, layout: Layout) -> bytes:
    """The same page by ReportLab alone."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=SIZE, pageCompression=1, invariant=1, pdfVersion=(1, 7), initialFontName=SERIF, lang="zh-CN")
    canvas.setTitle(facts.number)
    for at, piece in enumerate(pieces(layout)):
        if isinstance(piece, bytes):
            add_piece(canvas, f"piece{at}", piece, SIZE)
    for size, x, y, text in _texts(facts):
        canvas.setFont(SERIF, size)
        canvas.drawCentredString(x * MM, SIZE[1] - y * MM, text)
    canvas.drawImage(ImageReader(BytesIO(facts.photo)), 32 * MM, 94 * MM, 38 * MM, 53.2 * MM)
    path = canvas.beginPath()
    for y, row in enumerate(segno.make_qr(facts.check_address, error="m", boost_error=False).matrix):
        for x, dark in enumerate(row):
            if dark:
                path.rect(90 + 2 * x, 160 - 2 * y, 2, 2)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _texts(facts: Certificate) -> list[tuple[float, float, float, str]]:
    """Size, middle, height from above, text: as the product's layout has them."""
    return [
        (42, 148, 40, "职业技能等级证书"),
        (11.5, 148, 50, "CERTIFICATE OF VOCATIONAL SKILL LEVEL"),
        (13, 90, 70, "姓名"),
        (26, 130, 70, facts.name),
        (11, 130, 78, facts.pinyin),
        (13, 96, 90, facts.document),
        (15, 140, 90, facts.id_number),
        (13, 96, 100, "证书编号"),
        (15, 140, 100, facts.number),
        (14, 150, 112, "经考核，达到下列职业技能等级标准的要求，特发此证。"),
        (27, 148, 130, facts.certificate),
        (18, 148, 141, f"（{facts.grade}）"),
        (8.5, 45, 186, "扫码核验证书"),
        (10.5, 116, 158, "培训评价组织"),
        (14, 116, 168, facts.organization),
        (10.5, 218, 158, "考核站点"),
        (14, 218, 168, facts.site),
        (12, 218, 186, "发证日期：2030年6月18日"),
    ]


def _bare_signer(one: Seal) -> SimpleSigner:
    own = asn1.Certificate.load(one.certificates[0].public_bytes(Encoding.DER))
    private = keys.PrivateKeyInfo.load(one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    return SimpleSigner(own, private, SimpleCertificateStore())  # type: ignore[no-untyped-call]


def _bare_signature(page: bytes, signer: Signer) -> bytes:
    told = PdfSignatureMetadata(field_name="Signature", subfilter=SigSeedSubFilter.PADES, reason="签发职业技能等级证书")
    made: BytesIO = sign_pdf(IncrementalPdfFileWriter(BytesIO(page)), told, signer=signer)
    return made.getvalue()
