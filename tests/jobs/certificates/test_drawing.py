"""A certificate as it is drawn: all that belongs on it, in fonts that are embedded; the same facts give the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO

import pypdf
import pypdfium2
import pytest
import segno

from jobs.certificates.drawing import draw
from jobs.certificates.facts import ROLES, CannotDraw
from jobs.certificates.layouts import layout_of, standard
from tests.jobs.certificates.making import PHOTOS, certificate
from tests.jobs.documents.making import HOSTILE, LONG_LATIN, LONG_NAME, LONG_SCHOOL, fonts, sizes, texts

pytestmark = pytest.mark.row("4.2.7")
LAYOUT = layout_of(standard())
RARE = "王𠮷䶮㛃𬭎"


def test_all_that_belongs_on_it_is_there() -> None:
    facts = certificate()
    drawn = draw(facts, LAYOUT)
    (text,) = texts(drawn.content)
    for value in (
        facts.name,
        facts.number,
        facts.id_number,
        facts.certificate,
        facts.grade,
        facts.organization,
        facts.site,
        "2030年6月18日",
    ):
        assert value in text
    assert "LICESHI" in text
    assert sizes(drawn.content) == [(297, 210)]
    assert photos_of(drawn.content) == [facts.photo]
    assert fonts(drawn.content) == {"NotoSerifSC-SemiBold": True}
    told = pypdf.PdfReader(BytesIO(drawn.content)).metadata
    assert told is not None
    assert (told.title, told.author, told.subject) == (
        f"职业技能等级证书 {facts.number}",
        facts.organization,
        "智能网联汽车检测与运维（中级）",
    )


def photos_of(content: bytes) -> list[bytes]:
    pages = pypdf.PdfReader(BytesIO(content)).pages
    found = [one.get_object() for page in pages for one in page["/Resources"]["/XObject"].values()]
    return [one._data for one in found if one["/Subtype"] == "/Image"]


def test_the_qr_code_holds_the_address() -> None:
    facts = certificate()
    (part,) = LAYOUT.of("二维码")
    with pypdfium2.PdfDocument(draw(facts, LAYOUT).content) as document:
        page = document[0].render(scale=4).to_pil().convert("L")
    rows = segno.make_qr(facts.check_address, error="m", boost_error=False).matrix  # what it should be, module by module
    left, top, side, _ = (number / 25.4 * 72 * 4 for number in part.box)
    module = side / (len(rows) + 8)
    seen = [
        [page.getpixel((int(left + (x + 4.5) * module), int(top + (y + 4.5) * module))) < 128 for x in range(len(rows))]
        for y in range(len(rows))
    ]
    assert seen == [[bool(one) for one in row] for row in rows]
    assert page.getpixel((int(left + module), int(top + module))) == 255  # the quiet ground around it


def test_there_is_an_empty_field_for_each_seal_where_it_is_to_stand() -> None:
    drawn = draw(certificate(), LAYOUT)
    found = pypdf.PdfReader(BytesIO(drawn.content)).get_fields()
    assert found is not None
    assert list(found) == list(ROLES)
    for role, place in drawn.places.items():
        widget = next(
            one for one in pypdf.PdfReader(BytesIO(drawn.content)).pages[0]["/Annots"] if one.get_object()["/T"] == role
        ).get_object()
        left, bottom, width, height = place.box
        assert [float(one) for one in widget["/Rect"]] == pytest.approx([left, bottom, left + width, bottom + height], abs=0.01)
        assert widget["/FT"] == "/Sig"
        assert "/V" not in widget


def test_the_same_facts_give_the_same_bytes_in_any_process_on_any_day() -> None:
    program = (
        "import hashlib; from jobs.certificates.drawing import draw; from jobs.certificates.layouts import layout_of, standard\n"
        "from tests.jobs.certificates.making import certificate\n"
        "made = [draw(certificate(number, name=name), layout_of(standard())).content for number, name in ((2, '李四'), (1, '王𠮷'))]\n"
        "print(hashlib.sha256(made[-1]).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}, check=True, capture_output=True
        )
        for seed, zone in (("1", "UTC"), ("2", "America/New_York"))
    ]
    import hashlib

    here = hashlib.sha256(draw(certificate(1, name="王𠮷"), LAYOUT).content).hexdigest()
    assert {run.stdout.decode().strip() for run in runs} == {here}
    assert draw(certificate(1, name="王𠮷"), LAYOUT).content != draw(certificate(2, name="王𠮷"), LAYOUT).content


@pytest.mark.parametrize("name", [LONG_NAME, LONG_LATIN, RARE, "喆", "Ł ó ẞ", *HOSTILE[:3]])
def test_names_of_all_kinds_are_drawn_whole(name: str) -> None:
    content = draw(certificate(name=name), LAYOUT).content
    assert "".join(name.split()) in texts(content)[0]
    assert all(fonts(content).values())


def test_long_names_of_everything_stay_inside_the_page() -> None:
    content = draw(certificate(organization=LONG_SCHOOL, site=LONG_SCHOOL, certificate=LONG_SCHOOL, grade="高级"), LAYOUT).content
    assert texts(content)[0].count(LONG_SCHOOL) == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"photo": b""}, "没有照片"),
        ({"photo": b"GIF89a"}, "照片不是 JPEG"),
        ({"photo": PHOTOS[0][:60]}, "照片不是 JPEG 图片或已损坏"),
        ({"name": "  "}, "姓名为空"),
        ({"name": "张\ue0a1"}, "U\\+E0A1"),
        ({"site": "学院😀"}, "考核站点“学院😀”中的字符“😀”（U\\+1F600）没有可用的字体"),
        ({"certificate": "长" * 2000}, "太长，证书版式中放不下"),
        ({"check_address": "https://example.cn/" + "x" * 3000}, "核验网址太长"),
    ],
)
def test_what_cannot_be_drawn_is_told_never_left_out(changed: dict[str, object], told: str) -> None:
    with pytest.raises(CannotDraw, match=told):
        draw(certificate(**changed), LAYOUT)


def test_a_layout_without_a_place_for_a_seal_draws_nothing() -> None:
    with pytest.raises(CannotDraw, match="缺少签章的位置"):
        draw(certificate(), layout_of(standard().replace("签章: 考核站点", "签章: 培训评价组织")))


def test_what_decorates_is_drawn_where_the_layout_says() -> None:
    text = standard().replace('底色: "#fffdf6"', '底色: "#00ff00"')
    text += '\n  - 框:\n    位置: [270, 195, 6, 4]\n    填充: "#0000ff"\n    圆角: 1\n'
    with pypdfium2.PdfDocument(draw(certificate(), layout_of(text)).content) as document:
        page = document[0].render(scale=2).to_pil()
    at = [tuple(int(number / 25.4 * 72 * 2) for number in point) for point in ((2, 2), (273, 197))]
    assert [page.getpixel(point) for point in at] == [(0, 255, 0), (0, 0, 255)]
