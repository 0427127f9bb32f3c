"""门贴, 签到表 and 缴费申请单, which come of templates."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from jobs.documents import desk_labels, printing, tickets
from jobs.documents.pages import BadPage, render
from jobs.documents.templates import BadTemplate
from tests.jobs.documents.making import (
    HOSTILE,
    LONG_LATIN,
    LONG_NAME,
    LONG_SCHOOL,
    PHOTOS,
    boxes,
    fonts,
    made,
    photos,
    sheet,
    sizes,
    slip,
    texts,
    ticket,
)

MM = 72 / 25.4


@pytest.mark.row("5.2.8.3")
def test_a_door_says_what_is_held_there_and_for_which_numbers() -> None:
    given = sheet(30)
    content = made(printing.draw_doors, [given])
    (text,) = texts(content)
    for wanted in (
        "2030年上半年统一考试",
        "江苏测试职业学院考核站点",
        "第1考场",
        "标准化机房·3号楼502",
        "理论",
        "2030年5月18日（星期六）09:00–11:00",
        "共30人",
    ):
        assert wanted in text
    assert "300000010010001—300000010010030" in text
    assert not any(seat.id_number in text or seat.name in text for seat in given.seats)
    assert sizes(content) == [(297, 210)]
    assert fonts(content) == {"NotoSansSC-Regular": True, "NotoSansSC-Bold": True}


@pytest.mark.row("5.2.8.3")
def test_a_door_is_centred_in_large_letters() -> None:
    content = made(printing.draw_doors, [sheet(30)])
    found = boxes(content, 0)
    assert max(top - bottom for _, bottom, _, top in found) > 40
    middle = (min(box[0] for box in found) + max(box[2] for box in found)) / 2
    assert middle == pytest.approx(148.5 * MM, abs=2 * MM)


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize("text", [LONG_SCHOOL, "考" * 100, "W" * 60, LONG_LATIN, *HOSTILE])
def test_a_door_is_one_page_and_nothing_runs_over(text: str) -> None:
    content = made(printing.draw_doors, [sheet(31, text[:60], plan=text, site=text, subject=text[:60], place=text[:50])])
    assert len(texts(content)) == 1
    assert "".join(text[:60].split()) in texts(content)[0]
    assert all(left >= 14 * MM and right <= 283 * MM and bottom > 0 for left, bottom, right, _ in boxes(content, 0))


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize(("people", "pages"), [(0, 1), (1, 1), (10, 1), (30, 3), (31, 3)])
def test_a_list_of_people_repeats_its_heading_and_ends_with_its_foot(people: int, pages: int) -> None:
    given = sheet(people)
    content = made(printing.draw_attendance, [given])
    found = texts(content)
    assert len(found) == pages
    assert set(sizes(content)) == {(210, 297)}
    for number, text in enumerate(found, 1):
        assert "考场签到表" in text
        assert f"应到：{people}人" in text
        assert "座位号照片姓名证件号入场签名离场签名" in text
        assert f"第{number}页，共{pages}页" in text
        assert ("监考人员：王监考、阿依古丽·买买提" in text) == (number == pages)
        assert ("实到：" in text and "缺考：" in text) == (number == pages)
    everything = "".join(found)
    places = [everything.index(f"李测{seat.seat}{seat.id_number}") for seat in given.in_order()]
    assert places == sorted(places)


@pytest.mark.row("5.2.8.3")
def test_photos_of_a_list_are_embedded_as_they_are() -> None:
    assert sorted(photos(made(printing.draw_attendance, [sheet(4)]))) == sorted(PHOTOS)  # of seats 1 and 4 it is the same one
    content = made(printing.draw_attendance, [sheet(5)])
    assert "无照片" in texts(content)[0]


@pytest.mark.row("5.2.8.3")
def test_each_room_has_pages_with_numbers_of_their_own() -> None:
    found = texts(made(printing.draw_attendance, [sheet(13, "甲考场"), sheet(1, "乙考场")]))
    assert [("甲考场" in text, "第1页，共2页" in text, "第2页，共2页" in text, "第1页，共1页" in text) for text in found] == [
        (True, True, False, False),
        (True, False, True, False),
        (False, False, False, True),
    ]


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize("name", [LONG_NAME, LONG_LATIN, "A" * 60, "W" * 30, *HOSTILE])
def test_no_name_runs_over_its_cell(name: str) -> None:
    content = made(printing.draw_attendance, [sheet(12, LONG_SCHOOL, [name] * 12, site=LONG_SCHOOL, plan=LONG_SCHOOL * 2)])
    assert "".join(texts(content)).count("".join(name.split())) == 12
    assert all(left >= 13 * MM and right <= 197 * MM for left, _, right, _ in boxes(content, 0))


@pytest.mark.row("5.2.7.2")
def test_a_slip_has_its_number_lines_and_total() -> None:
    content = made(printing.draw_slips, [slip(60)])
    found = texts(content)
    assert "缴费单号：JF20300501000001" in found[0]
    for wanted in ("江苏测试评价有限公司", "按证书", "¥16,830.00", "未确认", "张老师", "2030年5月18日（星期六）09:00"):
        assert wanted in found[0]
    assert "确认人" not in found[0].replace("未确认人", "")
    assert all("序号姓名证件号科目金额" in text for text in found)
    assert "合计¥16,830.00" in found[-1]
    assert "".join(found).count("¥280.50") == 60
    assert set(sizes(content)) == {(210, 297)}


@pytest.mark.row("5.2.7.2")
def test_a_confirmed_slip_says_by_whom() -> None:
    given = slip(1)
    (text,) = texts(made(printing.draw_slips, [replace(given, status="已确认", confirmed_at=given.made_at, confirmed_by="李会计")]))
    assert "确认人李会计确认时间2030年5月18日（星期六）09:00" in text


@pytest.mark.row("5.2.8.3")
def test_nothing_that_people_write_is_markup_or_makes_a_request() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        port = listening.getsockname()[1]
        names = [
            f"<img src=http://127.0.0.1:{port}/>",
            f'"><link rel=stylesheet href=http://127.0.0.1:{port}/>',
            f"url(http://127.0.0.1:{port}/)",
            *HOSTILE,
        ]
        room = sheet(len(names), names[0], names, plan=names[0], site=names[1], subject=names[2], invigilators=tuple(names))
        for content in (
            made(printing.draw_doors, [room]),
            made(printing.draw_attendance, [room]),
            made(printing.draw_slips, [slip(len(names), names, plan=names[0], school=names[1])]),
            made(desk_labels.draw, [room]),
            made(tickets.draw, [ticket(1, names[0], plan=names[1], rules=tuple(names))]),
        ):
            assert "".join(names[0].split()) in "".join(texts(content))
        text = "".join(texts(made(printing.draw_attendance, [room])))
        assert all("".join(name.split()) in text for name in names)
        with pytest.raises(BlockingIOError):  # nobody has come
            listening.accept()


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://127.0.0.1:{port}/">',
        '<style>@import url("http://127.0.0.1:{port}/");</style>x',
        '<style>@font-face {{ font-family: X; src: url("http://127.0.0.1:{port}/x.ttf"); }}</style>x',
        '<p style="background-image: url(http://127.0.0.1:{port}/)">x</p>',
        '<link rel="stylesheet" href="http://127.0.0.1:{port}/"><p>x</p>',
        '<style>@page {{ background-image: url("http://127.0.0.1:{port}/"); }}</style>x',
        '<img src="file:///etc/hostname">',
        '<img src="/etc/hostname">',
        '<pdf:insertpdf src="{file}">',
        '<pdf:insertpdf src="http://127.0.0.1:{port}/x.pdf">',
        '<pdf:font name="X" src="{file}"><p style="font-family: X">x</p>',
        '<pdf:template name="x" background="{file}"><pdf:frame name="y" box="0 0 9cm 9cm"></pdf:frame></pdf:template>',
        '<style>@page {{ -pdf-page-background: url("{file}"); }}</style>x',
        '<style>@page {{ background-image: url("file://{file}"); }}</style>x',
        '<canvas type="graph/vertical_bar"><img src="http://127.0.0.1:{port}/"></canvas>',
        '<svg><image xlink:href="http://127.0.0.1:{port}/" width="9" height="9"/></svg>',
        '<p style="list-style-image: url(http://127.0.0.1:{port}/)">x</p>',
        '<style>li {{ list-style-image: url("http://127.0.0.1:{port}/") }}</style><ul><li>x</li></ul>',
        '<object data="http://127.0.0.1:{port}/"></object><embed src="http://127.0.0.1:{port}/"><iframe src="http://127.0.0.1:{port}/"></iframe>',
        '<meta http-equiv="refresh" content="0; url=http://127.0.0.1:{port}/"><base href="http://127.0.0.1:{port}/"><img src="x.png">',
    ],
)
@pytest.mark.filterwarnings("ignore:.*is deprecated!:DeprecationWarning")
def test_a_page_reaches_nothing_outside_whatever_its_html_says(html: str, tmp_path: Path) -> None:
    file = tmp_path / "secret.pdf"
    file.write_bytes(made(printing.draw_doors, [sheet(1, "机密考场")]))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        port = listening.getsockname()[1]
        try:
            content = render(f"<html><body>a{html.format(port=port, file=file)}</body></html>", {}, frozenset())
            assert photos(content) == []
            assert "机密" not in "".join(texts(content))
        except BadPage:  # which shows nothing either
            pass
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize(
    "template", ["{{ nobody }}", "{% if %}", "{{ seats[0].missing }}", "{{ ''.__class__.__mro__ }}", "{% include 'x' %}", "{{ count / 0 }}"]
)
def test_a_bad_template_is_told_as_such(template: str) -> None:
    with pytest.raises(BadTemplate, match="文档模板有误"):
        made(printing.draw_attendance, [sheet(1)], template)


@pytest.mark.row("5.2.8.3")
def test_a_template_of_somebodys_own_is_used() -> None:
    (text,) = texts(made(printing.draw_doors, [sheet(2, "甲考场")], "<style>html { font-family: Pilot }</style><p>{{ room }}，请进</p>"))
    assert text == "甲考场，请进"


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize("name", ["Łódź Nguyễn", "𠮷 Smith", "\U00030ede Smith 测"])
def test_a_blank_behind_a_rare_character_is_no_box(name: str) -> None:
    content = made(printing.draw_attendance, [sheet(1, names=[name])])
    with pypdfium2.PdfDocument(content) as document:
        assert name in document[0].get_textpage().get_text_range()
