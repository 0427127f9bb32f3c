"""One PDF, or a zip with one a room."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from jobs.documents.bundles import (
    ATTENDANCE,
    DESKS,
    DOORS,
    KINDS,
    SLIPS,
    TICKETS,
    NothingToPrint,
    Part,
    file_names,
    with_template,
    write_pdf,
    write_zip,
)
from tests.jobs.documents.making import sheet, slip, texts, ticket

pytestmark = pytest.mark.row("5.2.8.3")


def test_one_pdf_of_all_parts_with_its_progress() -> None:
    target, told = BytesIO(), list[tuple[int, int]]()
    parts = [Part("甲", [ticket(1, "李一"), ticket(2, "李二")]), Part("乙", [ticket(3, "李三")])]
    assert write_pdf(TICKETS, parts, target, lambda done, total: told.append((done, total))) == []
    assert [next(name for name in ("李一", "李二", "李三") if name in text) for text in texts(target.getvalue())] == [
        "李一",
        "李二",
        "李三",
    ]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("kind", [DOORS, DESKS, ATTENDANCE])
def test_a_zip_with_a_pdf_a_room(kind: object) -> None:
    target, told = BytesIO(), list[tuple[int, int]]()
    rooms = [sheet(2, "甲考场"), sheet(1, "乙考场")]
    write_zip(kind, [Part(room.room, [room]) for room in rooms], target, lambda done, total: told.append((done, total)))  # type: ignore[arg-type]
    with ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{kind.label}-甲考场.pdf", f"{kind.label}-乙考场.pdf"]  # type: ignore[attr-defined]
        assert all(entry.flag_bits & 0x800 for entry in archive.infolist())  # names in UTF-8
        for name, room in zip(archive.namelist(), rooms, strict=True):
            assert all(room.room in text for text in texts(archive.read(name)))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_characters_that_no_font_has_are_handed_back() -> None:
    for write in (write_pdf, write_zip):
        found = write(TICKETS, [Part("甲", [ticket(1, "张\ue0a1三")])], BytesIO(), lambda done, total: None)
        assert [one.character for one in found] == ["\ue0a1"]


def test_a_room_without_people_has_no_labels() -> None:
    target = BytesIO()
    write_zip(DESKS, [Part("甲", [sheet(0)]), Part("乙", [sheet(1)])], target, lambda done, total: None)
    with ZipFile(target) as archive:
        assert archive.namelist() == ["考场桌贴-乙.pdf"]


@pytest.mark.parametrize("write", [write_pdf, write_zip])
def test_nothing_is_told_as_such(write: object) -> None:
    with pytest.raises(NothingToPrint, match="没有可打印的内容"):
        write(DESKS, [Part("甲", [sheet(0)])], BytesIO(), lambda done, total: None)  # type: ignore[operator]


def test_names_of_files_are_safe_and_differ() -> None:
    long = "长" * 100
    names = file_names("考场门贴", ["../甲\\乙:丙", "A 考场", "a 考场", "", " . ", "CON", "甲\n乙\u202e", long, long, "王𠮷"])
    assert names[:7] == [
        "考场门贴-_甲_乙_丙.pdf",
        "考场门贴-A 考场.pdf",
        "考场门贴-a 考场（2）.pdf",
        "考场门贴-未命名.pdf",
        "考场门贴-未命名（2）.pdf",
        "考场门贴-CON.pdf",
        "考场门贴-甲 乙.pdf",
    ]
    assert all(len(name.encode()) <= 180 and name.endswith(".pdf") for name in names)
    assert len({name.casefold() for name in names}) == len(names)
    assert names[-1] == "考场门贴-王𠮷.pdf"


def test_a_kind_by_a_template_of_somebodys_own() -> None:
    target = BytesIO()
    own = with_template(SLIPS, "<style>html { font-family: Pilot }</style><p>单号 {{ number }}</p>")
    write_pdf(own, [Part("", [slip(1)])], target, lambda done, total: None)
    assert texts(target.getvalue()) == ["单号JF20300501000001"]
    with pytest.raises(ValueError, match="no template"):
        with_template(TICKETS, "")


def test_each_kind_is_found_by_its_label() -> None:
    assert list(KINDS) == ["准考证", "考场门贴", "考场桌贴", "考场签到表", "缴费申请单"]
