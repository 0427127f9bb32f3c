"""批量修改考生信息: rows that are refused, what they are told, and when they pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from openpyxl import load_workbook

from domain.platform.imports import ImportRecord
from jobs.imports import amending
from jobs.imports.correcting import correct
from tests.conftest import World
from tests.domain.exams.pupils import pupil
from tests.jobs.imports.flow import problems, record, take
from tests.jobs.imports.test_candidate_changes import CHANGES, change, registered, sent, states, template, told

pytestmark = pytest.mark.row("5.2.3.4")


def correct_rows(world: World, import_id: int, typed: Mapping[int, Mapping[str, str]]) -> int:
    """How many rows are good once these cells were corrected on the page."""
    with world.runtime.database.writing() as session:
        return correct(session, world.actor("school1"), CHANGES, session.get_one(ImportRecord, import_id), typed)


def test_who_was_added_to_the_template_is_told_where_people_are_added(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1,))
    path = template(lite, tmp_path / "t.xlsx")
    book = load_workbook(path)
    book["考生"].append([None, *map(str, pupil(9).values())])
    book.save(path)
    import_id = sent(lite, path)
    why = "没有编号，也没有找到证件相同的考生：改了证件号的请填回编号；新的考生不能在此添加，请用批量导入"
    assert problems(lite, import_id) == {3: [("record", why)]}


def test_a_file_without_the_numbers_of_a_template_is_told_to_use_one(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1,))
    path = template(lite, tmp_path / "t.xlsx")
    book = load_workbook(path)
    book["考生"].delete_cols(1)
    book.save(path)
    said = "表头缺少“编号”列，请在列表中点击批量修改，下载修改模板，把改动填入模板后上传"
    assert record(lite, sent(lite, path)).problem == said
    book["考生"].delete_rows(1, 9)
    del book["填写说明"]
    book["考生"].append(["甲", "乙"])
    book["考生"].append(["丙", "丁"])
    book.save(path)
    said = record(lite, sent(lite, path)).problem or ""
    assert said.endswith("请在列表中点击批量修改，下载修改模板，把数据填入模板后上传")


def test_a_row_about_the_candidate_of_another_row_stays_refused_until_it_is_corrected(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2, 3))
    path = template(world, tmp_path / "t.xlsx")
    book = load_workbook(path)
    sheet = book["考生"]
    lines = [[cell.value for cell in sheet[line]] for line in (2, 3, 4)]
    sheet.append([*lines[0][:6], "13922220000", *lines[0][7:]])  # about the same as line 2, by its number
    sheet.append([None, *lines[1][1:6], "13922220000", *lines[1][7:]])  # and as line 3, by its document
    sheet["G4"] = "1"  # line 4 is wrong by itself
    sheet.append([*lines[2][:6], "13933330000", *lines[2][7:]])
    book.save(path)
    import_id = sent(world, path)
    repeated = {5: [("record", "与第 2 行重复")], 6: [("record", "与第 3 行重复")], 7: [("record", "与第 4 行重复")]}
    wrong = {4: [("mobile", "手机号应为 11 位数字，以 13–19 开头")]}
    assert problems(world, import_id) == {**wrong, **repeated}
    page = {line: {"level": "高职"} for line in (4, 5, 6, 7)}  # as a page is saved in which nothing was changed
    assert correct_rows(world, import_id, page) == 0
    assert problems(world, import_id) == {**wrong, **repeated}
    assert correct_rows(world, import_id, {4: {"mobile": "13944440000"}}) == 1  # the first of two is not held up by the second
    take(world, import_id)
    assert correct_rows(world, import_id, {7: {"level": "高职"}}) == 0  # nor is the second taken after it
    assert [told(world, number)["mobile"] for number in (1, 2, 3)] == ["13911110000", "13911110000", "13944440000"]


def test_a_number_that_another_candidate_has_is_refused(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2))
    path = template(world, tmp_path / "t.xlsx")
    import_id = sent(world, change(path, {(2, "证件号"): pupil(2)["id_number"]}))
    assert problems(world, import_id) == {2: [("id_number", "本校已有使用该证件的院校考生")]}
    new = pupil(9)["id_number"]
    import_id = sent(world, change(path, {(2, "证件号"): new, (3, "证件号"): new}))
    assert states(world, import_id) == ["good", "good"]
    take(world, import_id)
    assert states(world, import_id) == ["taken", "bad"]
    assert problems(world, import_id) == {3: [("record", "本校已有使用该证件的考生，请核对证件类型和证件号。")]}


def test_numbers_that_were_mixed_up_are_told_how_to_put_right(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2, 3))
    first, second = (str(pupil(number)["id_number"]) for number in (1, 2))
    why = f"本校已有使用该证件的院校考生；{amending.SWAPPED}"
    cells = {(2, "证件号"): second, (3, "证件号"): first, (4, "证件号"): first}
    import_id = sent(world, change(template(world, tmp_path / "t.xlsx"), cells))
    assert problems(world, import_id) == {line: [("id_number", why)] for line in (2, 3, 4)}
    # of a row that takes what another one leaves, it is so: once that has been changed, it can be
    cells = {(2, "证件号"): second, (3, "证件号"): str(pupil(9)["id_number"])}
    import_id = sent(world, change(template(world, tmp_path / "u.xlsx"), cells))
    assert problems(world, import_id) == {2: [("id_number", why)]}
    take(world, import_id)
    assert correct_rows(world, import_id, {2: {"id_number": second}}) == 1
    # and of two that were mixed up: what is kept is the number
    both = {(2, "姓名"): "王小三", (3, "姓名"): "王小二", (2, "手机号"): "13922220000"}
    import_id = sent(world, change(template(world, tmp_path / "v.xlsx"), both))
    assert states(world, import_id) == ["good", "good", "same"]
