"""A workbook with several filled sheets: each chosen one becomes an import of its own, and no row is taken twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from domain.platform.imports import ImportRecord, ImportState
from jobs.imports import returned_rows
from jobs.imports.choosing import NothingChosen, choose, offers
from jobs.imports.deciding import AlreadyDecided, drop
from jobs.imports.originals import file_of
from jobs.imports.receiving import AlreadyImported
from tests.conftest import World
from tests.jobs.imports.files import HEADER, teacher
from tests.jobs.imports.flow import TEACHERS, counts, problems, record, take, upload, work

pytestmark = pytest.mark.row("7.1")


def colleges(path: Path, **rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook with a sheet of teachers for each keyword."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, lines in rows.items():
        sheet = book.create_sheet(title)
        for line in (HEADER, *lines):
            sheet.append(list(line))
    book.save(path)
    return path


def two(path: Path) -> Path:
    return colleges(path, 软件学院=[teacher(1), teacher(2, 手机号="2")], 商学院=[teacher(3), teacher(4), teacher(5, 手机号="5")])


def chosen(world: World, import_id: int, *names: str) -> list[int]:
    """Ids of the imports of these sheets, which have been checked."""
    with world.runtime.database.writing() as session:
        one = session.get_one(ImportRecord, import_id)
        made = choose(session, world.runtime.settings, world.actor("school1"), TEACHERS, one, names, world.clock())
        ids = [one.id for one in made]
    for one_id in ids:
        work(world, one_id)
    return ids


def offered(world: World, import_id: int) -> list[tuple[str, int, bool]]:
    """Name, rows, and whether it was imported before."""
    with world.runtime.database.reading() as session:
        found = offers(session, world.actor("school1"), TEACHERS, session.get_one(ImportRecord, import_id))
        return [(one.sheet["name"], one.sheet["rows"], one.earlier is not None) for one in found]


def test_a_person_chooses_and_each_sheet_is_an_import(world: World, tmp_path: Path) -> None:
    import_id = upload(world, two(tmp_path / "a"))
    work(world, import_id)
    found = record(world, import_id)
    assert (found.state, found.status, found.total) == (ImportState.CHOOSING, "待选工作表", 0)
    assert offered(world, import_id) == [("软件学院", 2, False), ("商学院", 3, False)]
    ids = chosen(world, import_id, "商学院", "软件学院", "没有的")
    assert ids[0] == import_id
    records = [record(world, one) for one in ids]
    assert [(one.title, one.total, one.bad) for one in records] == [("教师.xlsx（软件学院）", 2, 1), ("教师.xlsx（商学院）", 3, 1)]
    assert [problems(world, one).keys() for one in ids] == [{3}, {4}]
    for one in ids:
        take(world, one)
    assert counts(world) == (3, 3, 3)
    with pytest.raises(AlreadyDecided):
        chosen(world, import_id, "商学院")


def test_the_other_sheet_may_come_later_and_none_comes_twice(lite: World, tmp_path: Path) -> None:
    path = two(tmp_path / "a")
    first = upload(lite, path)
    with pytest.raises(AlreadyImported):
        upload(lite, path)
    work(lite, first)
    with pytest.raises(AlreadyImported):
        upload(lite, path)  # it waits for the choice
    with pytest.raises(NothingChosen):
        chosen(lite, first)
    chosen(lite, first, "软件学院")
    again = upload(lite, path)
    work(lite, again)
    assert offered(lite, again) == [("软件学院", 2, True), ("商学院", 3, False)]
    with pytest.raises(AlreadyImported, match=r"教师\.xlsx（软件学院）"):
        chosen(lite, again, "软件学院", "商学院")
    assert chosen(lite, again, "商学院") == [again]
    assert [record(lite, one).total for one in (first, again)] == [2, 3]


def test_a_choice_that_is_given_up_leaves_nothing(lite: World, tmp_path: Path) -> None:
    path = two(tmp_path / "a")
    import_id = upload(lite, path)
    work(lite, import_id)
    assert file_of(lite.runtime.settings, record(lite, import_id)).exists()
    with lite.runtime.database.writing() as session:
        drop(session, session.get_one(ImportRecord, import_id))
    assert record(lite, import_id).state == ImportState.DROPPED
    assert upload(lite, path) != import_id


def test_failed_rows_come_back_without_the_rows_of_the_other_sheets(lite: World, tmp_path: Path) -> None:
    import_id = upload(lite, two(tmp_path / "a"))
    work(lite, import_id)
    ids = chosen(lite, import_id, "软件学院", "商学院")
    with lite.runtime.database.reading() as session:
        one = session.get_one(ImportRecord, ids[1])
        assert returned_rows.file_name(one) == "教师-商学院-未通过.xlsx"
        returned_rows.write(session, lite.runtime.settings, TEACHERS, one, tmp_path / "back.xlsx")
    book = load_workbook(tmp_path / "back.xlsx")
    rows = {sheet.title: [row[:2] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert rows["软件学院"] == [("姓名", "手机号")]
    assert rows["商学院"] == [("姓名", "手机号"), ("教师〇〇〇〇五", "5")]
    book["商学院"]["B2"] = "13900000005"
    book.save(tmp_path / "back.xlsx")
    again = upload(lite, tmp_path / "back.xlsx")
    work(lite, again)
    assert (record(lite, again).state, record(lite, again).sheet, record(lite, again).good) == (ImportState.READY, "商学院", 1)


def test_sheets_that_cannot_be_read_are_kept_to_be_told(lite: World, tmp_path: Path) -> None:
    path = colleges(tmp_path / "a.xlsx", 教师=[teacher(1)])
    book = load_workbook(path)
    book.create_sheet("外聘").append(["姓名", "职称"])
    book["外聘"].append(["张三", "讲师"])
    book.save(path)
    import_id = upload(lite, path)
    work(lite, import_id)
    found = record(lite, import_id)
    assert (found.state, found.sheet, found.title) == (ImportState.READY, "教师", "教师.xlsx")
    assert [(one["name"], one["problem"]) for one in found.sheets] == [("外聘", "表头缺少“手机号”列")]
