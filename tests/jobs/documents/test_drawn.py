"""准考证 and 桌贴, which are drawn: what is on them, where, and that nothing runs over."""

from __future__ import annotations

import pytest

from jobs.documents import desk_labels, tickets
from tests.jobs.documents.making import (
    HOSTILE,
    LONG_LATIN,
    LONG_NAME,
    LONG_SCHOOL,
    PHOTOS,
    boxes,
    exams,
    fonts,
    made,
    photos,
    sheet,
    sizes,
    texts,
    ticket,
)

MM = 72 / 25.4


@pytest.mark.row("5.2.8.3")
def test_a_ticket_has_all_that_the_candidate_needs_and_its_photo_as_it_is() -> None:
    given = ticket(7)
    content = made(tickets.draw, [given])
    (text,) = texts(content)
    for wanted in (
        given.plan,
        given.name,
        given.number,
        given.id_number,
        given.school,
        given.certificate,
        "（中级）",
        "考核站点",
        "南京市88号",
    ):
        assert wanted.replace(" ", "") in text
    assert "2030年5月18日（星期六）09:00–11:00" in text  # in Shanghai
    assert "2030年5月18日（星期六）12:00–14:00" in text
    assert "1.携带身份证件原件。2.开考15分钟后不得入场。" in text
    assert sizes(content) == [(210, 297)]
    assert photos(content) == [given.photo]  # byte for byte: not decoded and encoded again
    assert fonts(content) == {"NotoSansSC-Regular": True, "NotoSansSC-Bold": True}


@pytest.mark.row("5.2.8.3")
def test_a_page_for_each_in_the_order_given() -> None:
    told: list[int] = []
    from io import BytesIO

    target = BytesIO()
    tickets.draw([ticket(number, f"李测{number}") for number in (3, 1, 2)], target, told.append)
    assert [next(number for number in (1, 2, 3) if f"李测{number}" in text) for text in texts(target.getvalue())] == [3, 1, 2]
    assert told == [1, 2, 3]
    assert photos(target.getvalue()) == [PHOTOS[0], PHOTOS[1], PHOTOS[2]]


@pytest.mark.row("5.2.8.3")
def test_the_photo_is_at_the_right() -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(made(tickets.draw, [ticket()])) as document:
        picture = next(one for one in document[0].get_objects() if one.type == 3)  # an image
        left, bottom, right, top = picture.get_bounds()
    assert left > 105 * MM
    assert right <= 190 * MM
    assert (right - left) / (top - bottom) == pytest.approx(295 / 413, rel=0.01)


@pytest.mark.row("5.2.8.3")
def test_somebody_without_a_photo_has_a_place_for_one() -> None:
    content = made(tickets.draw, [ticket(photo=None)])
    assert photos(content) == []
    assert "照片" in texts(content)[0]


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize("name", ["李", LONG_NAME, LONG_LATIN, "A" * 60, "W" * 30, *HOSTILE])
def test_no_text_runs_over_the_margins_of_a_ticket(name: str) -> None:
    given = ticket(
        1,
        name,
        school=LONG_SCHOOL,
        plan=LONG_SCHOOL * 2,
        certificate=LONG_SCHOOL,
        exams=exams(14, LONG_SCHOOL, LONG_SCHOOL),
        rules=(LONG_SCHOOL,) * 6,
    )
    content = made(tickets.draw, [given])
    found = texts(content)
    assert "".join(name.split()) in found[0]
    assert LONG_SCHOOL in found[-1]
    for left, bottom, right, top in (box for page in range(len(found)) for box in boxes(content, page)):
        assert left >= 19.5 * MM
        assert right <= 190.5 * MM
        assert bottom >= 19 * MM
        assert top <= 278 * MM


@pytest.mark.row("5.2.8.3")
def test_rules_too_long_for_the_page_go_on_on_another_with_the_name_of_whose_they_are() -> None:
    first, *more = texts(
        made(tickets.draw, [ticket(1, "李测", rules=tuple(f"第 {number} 条规定：{LONG_SCHOOL}" for number in range(1, 60)))])
    )
    assert "第1条规定" in first
    assert more
    assert all("考生须知（续）李测" in text for text in more)
    assert "第59条规定" in more[-1]


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize(("people", "pages"), [(1, [1]), (10, [10]), (11, [10, 1]), (31, [10, 10, 10, 1])])
def test_ten_desk_labels_a_sheet_by_seat_without_id_numbers(people: int, pages: list[int]) -> None:
    given = sheet(people)
    content = made(desk_labels.draw, [given])
    found = texts(content)
    assert [text.count("座位号") for text in found] == pages
    everything = "".join(found)
    places = [everything.index(f"座位号{number:02}") for number in range(1, people + 1)]
    assert places == sorted(places)
    for seat in given.seats:
        assert seat.number in everything
        assert seat.id_number not in everything
    assert set(sizes(content)) == {(210, 297)}
    assert photos(content) == []


@pytest.mark.row("5.2.8.3")
def test_the_labels_of_each_room_begin_on_a_sheet_of_their_own() -> None:
    found = texts(made(desk_labels.draw, [sheet(2, "甲考场"), sheet(1, "乙考场")]))
    assert ["甲考场" in text for text in found] == [True, False]
    assert ["乙考场" in text for text in found] == [False, True]


@pytest.mark.row("5.2.8.3")
@pytest.mark.parametrize("name", [LONG_NAME, LONG_LATIN, "A" * 60, "王𠮷䶮", *HOSTILE])
def test_a_name_stays_within_its_label(name: str) -> None:
    content = made(desk_labels.draw, [sheet(10, LONG_SCHOOL, [name] * 10, subject=LONG_SCHOOL)])
    assert texts(content)[0].count("".join(name.split())) == 10
    for left, bottom, right, top in boxes(content, 0):
        column, row = int(left // (105 * MM)), int(bottom // (59.4 * MM))
        assert left >= (105 * column + 4) * MM
        assert right <= (105 * (column + 1) - 4) * MM
        assert bottom >= (59.4 * row + 4) * MM
        assert top <= (59.4 * (row + 1) - 4) * MM


@pytest.mark.row("5.2.8.3")
def test_what_is_no_jpeg_is_no_photo() -> None:
    with pytest.raises(ValueError, match="no JPEG"):
        made(tickets.draw, [ticket(photo=b"\x89PNG")])
