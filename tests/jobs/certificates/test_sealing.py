"""Both signatures of a certificate, as common programs and pyHanko's own checks see them; and why one cannot be sealed."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from jobs.certificates.facts import ORGANIZATION, ROLES, SITE
from jobs.certificates.layouts import layout_of, standard
from jobs.certificates.sealing import CannotSeal, NoTimeStamp, ready, seal
from tests.conftest import NOON
from tests.jobs.certificates.making import drawn, ec_key, key_and_certificate, made_seal, rsa_key, sealed, seals, stamping, star

pytestmark = pytest.mark.row("4.2.7")


def statuses(content: bytes, *, stamps: bool = False) -> list[Any]:
    """What pyHanko's own validation says of each signature; each certificate is trusted as it is."""
    found = []
    for one in PdfFileReader(BytesIO(content)).embedded_signatures:
        roots = [one.signer_cert, *([stamping()[0].tsa_cert] if stamps else [])]
        context = ValidationContext(trust_roots=roots, moment=NOON + timedelta(hours=1), allow_fetching=False)
        found.append(validate_pdf_signature(one, context, key_usage_settings=KeyUsageConstraints(key_usage=set())))
    return found


def test_both_signatures_are_valid_and_the_second_changes_nothing_for_the_first() -> None:
    first, second = statuses(sealed())
    assert (first.bottom_line, second.bottom_line) == (True, True)
    assert (first.coverage, second.coverage) == (SignatureCoverageLevel.ENTIRE_REVISION, SignatureCoverageLevel.ENTIRE_FILE)
    assert first.modification_level == ModificationLevel.FORM_FILLING
    assert first.docmdp_ok
    assert second.docmdp_ok


def test_who_signed_what_for_and_when() -> None:
    reader = PdfFileReader(BytesIO(sealed()))
    assert reader.xrefs.total_revisions == 3
    assert [one.field_name for one in reader.embedded_signatures] == [ORGANIZATION, SITE]
    for one in reader.embedded_signatures:
        assert one.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        assert one.sig_object["/Name"] == made_seal(one.field_name).name
        assert one.sig_object["/Reason"] == "签发职业技能等级证书"
        assert one.self_reported_timestamp == NOON
        named = {str(attribute["type"].native) for attribute in one.signer_info["signed_attrs"]}
        assert {"content_type", "message_digest", "signing_certificate_v2"} <= named
        assert "signing_time" not in named  # ETSI EN 319 142-1, 6.3: the time stands in the dictionary alone
        assert one.signer_info["unsigned_attrs"].native is None
    assert reader.embedded_signatures[0].docmdp_level.value == 2  # filling in, then nothing more
    assert reader.embedded_signatures[1].docmdp_level.value == 1


def test_what_was_drawn_stays_byte_for_byte() -> None:
    assert sealed().startswith(drawn())


def test_readers_show_the_seals_in_their_places() -> None:
    (box,) = (part.box for part in layout_of(standard()).of("签章") if part.settings["签章"] == ROLES[SITE])
    pictures = {ORGANIZATION: star((10, 10, 220)), SITE: star((10, 200, 10))}
    made = {role: ready(made_seal(role, picture=picture)) for role, picture in pictures.items()}
    with pypdfium2.PdfDocument(seal(drawn(), made, NOON)) as document:
        document.init_forms()
        page = document[0].render(scale=2, may_draw_forms=True).to_pil().convert("RGB")
    left, top, width, height = (number / 25.4 * 72 * 2 for number in box)
    red, green, blue = page.getpixel((int(left + width / 2), int(top + height / 2)))
    assert green > red + 50
    assert green > blue + 50
    assert page.getpixel((int(left + width * 0.1), int(top + height * 0.1))) == (255, 253, 246)  # its ground is transparent


@pytest.mark.parametrize("pair", [(rsa_key(), rsa_key(1)), (ec_key(), ec_key(1)), (ec.generate_private_key(ec.SECP384R1()), rsa_key())])
def test_keys_of_both_kinds_sign(pair: tuple[Any, Any]) -> None:
    made = {role: ready(made_seal(role, key=key)) for role, key in zip(ROLES, pair, strict=True)}
    assert [one.bottom_line for one in statuses(seal(drawn(), made, NOON))] == [True, True]


def test_with_an_authority_each_signature_has_its_time_stamp() -> None:
    found = statuses(seal(drawn(), seals(), NOON, stamping()[0]), stamps=True)
    assert [one.bottom_line for one in found] == [True, True]
    assert [one.timestamp_validity.timestamp for one in found] == [NOON + timedelta(seconds=2)] * 2


class Away(TimeStamper):
    """An authority that does not answer, or nonsense."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def async_request_tsa_response(self, req: object) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), TimeoutError("too late"), OSError("no such name")])
def test_an_authority_that_is_away_is_told_as_something_that_passes(error: Exception) -> None:
    with pytest.raises(NoTimeStamp, match="时间戳服务暂时不可用，请稍后重试"):
        seal(drawn(), seals(), NOON, Away(error))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"certificates": [key_and_certificate(ec_key(3), "别人")]}, "密钥与证书不是一对"),
        ({"certificates": []}, "没有证书"),
        ({"key": ed25519.Ed25519PrivateKey.generate(), "certificates": [key_and_certificate(ec_key(), "谁")]}, "不是 RSA 或 ECDSA"),
        ({"picture": b"\x89PNG\r\n\x1a\n" + bytes(50)}, "签章图片无法读取"),
        ({"picture": star()[:200]}, "签章图片无法读取"),
        ({"picture": b""}, "签章图片无法读取"),
    ],
)
def test_what_cannot_seal_is_told_with_whose_it_is(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(CannotSeal, match=told) as caught:
        ready(made_seal(SITE, **changed))
    assert str(caught.value).startswith("考核站点的签章")


def test_a_key_signs_in_its_time_alone_also_where_that_ends_in_a_batch() -> None:
    made = {**seals(), SITE: ready(made_seal(SITE, days=2))}
    end = NOON + timedelta(days=1)
    assert seal(drawn(), made, end - timedelta(seconds=1))
    with pytest.raises(CannotSeal, match=r"考核站点的签章证书已于 .* 到期"):
        seal(drawn(), made, end)
    early = {**seals(), ORGANIZATION: ready(made_seal(ORGANIZATION, first=NOON + timedelta(days=1)))}
    with pytest.raises(CannotSeal, match=r"培训评价组织的签章证书从 .* 起才有效"):
        seal(drawn(), early, NOON)


def test_one_seal_is_not_enough() -> None:
    with pytest.raises(CannotSeal, match="缺少考核站点的签章"):
        seal(drawn(), {ORGANIZATION: seals()[ORGANIZATION]}, NOON)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF", b"no PDF"])
def test_what_is_no_drawn_certificate_is_not_sealed(content: bytes) -> None:
    with pytest.raises(CannotSeal, match="证书文件有误或已经盖过章"):
        seal(content, seals(), NOON)


def test_a_sealed_certificate_is_not_sealed_again() -> None:
    with pytest.raises(CannotSeal, match="已经盖过章"):
        seal(sealed(), seals(), NOON)
