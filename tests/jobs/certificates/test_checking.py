"""What is said of a PDF that somebody hands in: of ours, that it is; of everything else, what is wrong with it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pypdfium2
import pytest

from jobs.certificates import inside
from jobs.certificates.checking import LARGEST, check
from jobs.certificates.facts import ORGANIZATION, ROLES, SITE
from jobs.certificates.judging import Checked, Known, Verdict, judged
from jobs.certificates.sealing import ready, seal
from tests.conftest import NOON
from tests.jobs.certificates.attacks import AFTER, BOMBS, FORGED
from tests.jobs.certificates.making import certificate, drawn, ec_key, fingerprint, known, made_seal, rsa_key, sealed, seals

pytestmark = pytest.mark.row("4.2.7")
WRONG = "请上传从本平台下载的证书原文件"


def judge(content: bytes, **more: Any) -> Checked:
    """As `check`, in this process: for files that do no harm."""
    return judged(inside.look(content), more.pop("known", known()), **more)


def words(checked: Checked) -> str:
    return "；".join(checked.sentences)


def test_what_was_issued_is_recognized_with_who_signed_it_and_when() -> None:
    content = sealed()
    found = check(content, known(), inside.look(content).digest)
    assert found.verdict == Verdict.ISSUED
    assert found.verdict.good
    assert found.sentences == (
        "江苏测试职业技能评价有限公司（培训评价组织）于 2026-11-25 12:00:00 签章，签章有效",
        "江苏测试职业技术学院（考核站点）于 2026-11-25 12:00:00 签章，签章有效",
    )
    assert found.seen.number == certificate(1).number


def test_sealed_anew_it_is_valid_but_another_file() -> None:
    again = seal(drawn(), seals(), NOON + timedelta(minutes=1))
    assert judge(again, issued=inside.look(sealed()).digest).verdict == Verdict.VALID
    assert judge(again).verdict == Verdict.VALID


PLACES: dict[str, Callable[[bytes], int]] = {
    "version": lambda content: 6,
    "content of the page": lambda content: content.index(b"stream") + 40,
    "photo": lambda content: content.index(b"/DCTDecode") + 3000,
    "font": lambda content: content.index(b"/FontFile2") + 5,
    "table of objects": lambda content: content.index(b"\nxref") + 30,
    "end of what was drawn": lambda content: content.index(b"%%EOF") + 2,
    "where the table is": lambda content: content.index(b"startxref") + 11,
    "range": lambda content: content.index(b"/ByteRange [") + 16,
    "first signature": lambda content: content.index(b"/Contents <") + 600,
    "beyond the first signature": lambda content: content.index(b">", content.index(b"/Contents <")) - 3,
    "second signature": lambda content: content.rindex(b"/Contents <") + 600,
    "the seal's look": lambda content: content.index(b"/SMask") + 8,
    "reason": lambda content: content.index(b"/Reason") + 12,
    "moment": lambda content: content.rindex(b"/M (D") + 12,
    "last table": lambda content: content.rindex(b"\nxref") + 8,
    "trailer": lambda content: content.rindex(b"/Root") + 2,
    "last byte": lambda content: len(content) - 2,
}
"""A byte in each kind of place."""


def turned(content: bytes, at: int, bit: int = 1) -> bytes:
    changed = bytearray(content)
    changed[at] ^= bit
    return bytes(changed)


@pytest.mark.parametrize("place", list(PLACES))
def test_one_byte_changed_anywhere_is_noticed(place: str) -> None:
    found = judge(turned(sealed(), PLACES[place](sealed())))
    assert found.verdict in (Verdict.CHANGED, Verdict.SAVED_AGAIN)
    assert found.sentences


def test_any_bit_of_any_byte_matters() -> None:
    some = random.Random("bytes of a certificate")  # the same ones in each run
    content = sealed()
    for _ in range(150):
        at, bit = some.randrange(len(content)), 1 << some.randrange(8)
        assert not judge(turned(content, at, bit)).verdict.good, (at, bit)


def test_bytes_beyond_the_last_signature_that_nobody_signed_matter_too() -> None:
    content = sealed()
    end = content.index(b">", content.rindex(b"/Contents <"))
    hidden = content[: end - 2] + b"1" + content[end - 1 :]
    assert judge(hidden).verdict == Verdict.CHANGED
    start = content.rindex(b"/Contents <") + 11
    lower = content[:start] + content[start:end].lower() + content[end:]
    assert judge(lower).verdict == Verdict.CHANGED


def test_of_two_signatures_it_is_told_which_one_a_change_breaks() -> None:
    content = sealed()
    second = content.rindex(b"/Reason") + 12
    found = judge(turned(content, second))
    assert "江苏测试职业技术学院签章之后，文件内容被改动过" in found.sentences
    assert not any("江苏测试职业技能评价有限公司" in one for one in found.sentences)
    assert len([one for one in judge(turned(content, 40_000)).sentences if "签章之后，文件内容被改动过" in one]) == 2


@pytest.mark.parametrize("name", list(AFTER))
def test_what_was_added_after_signing_is_told(name: str) -> None:
    attack, told = AFTER[name]
    content = attack(sealed())
    assert content.startswith(sealed())
    found = judge(content)
    assert found.verdict == Verdict.ADDED_TO
    assert told in words(found)
    assert f"又被写入了 {len(content) - len(sealed())} 个字节" in words(found)


@pytest.mark.parametrize("name", list(FORGED))
def test_what_pretends_to_be_signed_is_no_better(name: str) -> None:
    content = FORGED[name](sealed())
    assert content != sealed()
    found = judge(content)
    assert found.verdict in (Verdict.CHANGED, Verdict.SAVED_AGAIN)
    assert found.sentences


def test_saved_again_by_another_program_it_is_no_longer_sealed() -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(sealed()))
    made = BytesIO()
    writer.write(made)
    found = judge(made.getvalue())
    assert found.verdict == Verdict.SAVED_AGAIN
    assert "文件被其他程序重新保存过" in words(found)
    assert WRONG in words(found)


def test_without_its_fields_it_has_no_seal() -> None:
    writer = pypdf.PdfWriter()
    page = pypdf.PdfReader(BytesIO(sealed())).pages[0]
    del page["/Annots"]
    writer.add_page(page)
    made = BytesIO()
    writer.write(made)
    found = judge(made.getvalue())
    assert found.verdict == Verdict.UNSIGNED
    assert WRONG in words(found)
    assert judge(drawn()).verdict == Verdict.UNSIGNED


def test_a_picture_of_it_in_a_pdf_is_no_certificate() -> None:
    with pypdfium2.PdfDocument(sealed()) as document:
        page = document[0].render(scale=1).to_pil().convert("RGB")
    made = BytesIO()
    page.save(made, "PDF")
    assert judge(made.getvalue()).verdict in (Verdict.UNSIGNED, Verdict.UNREADABLE)


@pytest.mark.parametrize("left", [0, 3, 100, 50_000, -3000, -500, -7, -1])
def test_cut_off_it_is_told_as_such(left: int) -> None:
    found = judge(sealed()[:left])
    assert not found.verdict.good
    if left < 0:
        assert found.verdict == Verdict.CHANGED
        assert "文件不完整" in words(found)
    else:
        assert found.verdict in (Verdict.NOT_PDF, Verdict.UNREADABLE)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", "证书".encode(), b"\n" + b"%PDF-1.7"])
def test_what_is_no_pdf(content: bytes) -> None:
    found = check(content, known())
    assert found.verdict == Verdict.NOT_PDF
    assert WRONG in words(found)


def test_fifty_megabytes_are_not_even_looked_at() -> None:
    found = check(sealed() + bytes(50 * 1024 * 1024), known())
    assert found.verdict == Verdict.TOO_LARGE
    assert LARGEST < 50 * 1024 * 1024


def test_an_encrypted_one_is_told_as_such() -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(sealed()))
    writer.encrypt("secret", algorithm="AES-256")
    made = BytesIO()
    writer.write(made)
    found = judge(made.getvalue())
    assert found.verdict == Verdict.ENCRYPTED
    assert "不加密" in words(found)


def others() -> dict[str, Any]:
    return {ORGANIZATION: ready(made_seal(ORGANIZATION, key=rsa_key(4))), SITE: ready(made_seal(SITE, key=ec_key(4)))}


def test_others_who_take_the_same_names_are_strangers() -> None:
    forged = seal(drawn(), others(), NOON)
    found = judge(forged)
    assert found.verdict == Verdict.FOREIGN
    assert "名为“江苏测试职业技术学院”的证书，本平台没有登记过它" in words(found)


def test_one_stranger_is_enough() -> None:
    mixed = seal(drawn(), {**seals(), SITE: others()[SITE]}, NOON)
    found = judge(mixed)
    assert found.verdict == Verdict.FOREIGN
    assert "缺少考核站点的签章" in words(found)


def test_the_certificate_of_one_and_the_key_of_another() -> None:
    """Certificates are public: whoever puts ours into a signature of theirs has still not our key."""
    content = seal(drawn(), seals(), NOON)
    theirs = seal(drawn(2), seals(), NOON)
    holes = [match for match in re.finditer(rb"/Contents <([0-9A-F]+)>", content)]
    taken = re.findall(rb"/Contents <([0-9A-F]+)>", theirs)
    assert len(holes[1][1]) == len(taken[1])
    found = judge(content[: holes[1].start(1)] + taken[1] + content[holes[1].end(1) :])
    assert found.verdict == Verdict.CHANGED


def test_signatures_in_each_other_s_place() -> None:
    swapped = {
        ORGANIZATION: ready(made_seal(ORGANIZATION, key=ec_key(), certificates=seals()[SITE].seal.certificates)),
        SITE: ready(made_seal(SITE, key=rsa_key(), certificates=seals()[ORGANIZATION].seal.certificates)),
    }
    found = judge(seal(drawn(), swapped, NOON))
    assert found.verdict == Verdict.INCOMPLETE
    assert "签章的位置不对：培训评价组织处盖的是江苏测试职业技术学院（考核站点）的签章" in found.sentences


def test_half_sealed() -> None:
    content = sealed()
    first = int(re.findall(rb"/ByteRange \[\s*0 \d+ (\d+) \d+", content)[0])
    rest = int(re.findall(rb"/ByteRange \[\s*0 \d+ \d+ (\d+)", content)[0])
    found = judge(content[: first + rest])
    assert found.verdict == Verdict.INCOMPLETE
    assert "缺少考核站点的签章" in found.sentences


def test_signed_outside_the_time_of_the_key() -> None:
    """Nothing of the product signs so: whoever does has the key."""
    late = {**seals(), SITE: ready(made_seal(SITE, days=2))}
    content = seal(drawn(), late, NOON)
    one = late[SITE].seal.certificates[0]
    more = {**known(), fingerprint(one): Known(SITE, "测试")}
    seen = inside.look(content)
    assert judged(seen, more).verdict == Verdict.VALID
    told = {**seen.as_json()["signatures"][1], "valid_to": NOON.isoformat()}
    from jobs.certificates.seen import seen_of

    assert judged(seen_of({**seen.as_json(), "signatures": [seen.as_json()["signatures"][0], told]}), more).verdict == Verdict.FOREIGN


@pytest.mark.parametrize("name", list(BOMBS))
def test_bombs_are_refused_within_their_bounds(name: str) -> None:
    content = BOMBS[name]()
    assert len(content) <= LARGEST
    found = check(content, known())
    assert not found.verdict.good
    assert found.sentences


def test_both_roles_are_looked_for() -> None:
    assert {one.role for one in known().values()} == set(ROLES)
