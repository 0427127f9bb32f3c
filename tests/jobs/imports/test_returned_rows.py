"""The failed rows come back in the sender's own workbook, and the corrected workbook is imported as it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as PILImage
from xlsxwriter import Workbook as XlsxWorkbook

from domain.demo.numbers import in_characters
from domain.platform.background import BackgroundTask
from domain.platform.imports import ImportRecord, import_of
from jobs import background, confinement
from jobs.confinement import Json
from jobs.files import sweep_files
from jobs.imports import originals, own_workbook, returned_rows
from jobs.imports.correcting import correct
from jobs.imports.deciding import drop
from jobs.imports.originals import file_of
from tests.conftest import World
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.jobs.imports.flow import TEACHERS, counts, problems, record, take, upload, upload_rows, work

pytestmark = pytest.mark.row("7.1")
WRONG = "手机号应为 11 位数字，以 13–19 开头"
Return = Callable[[int], Workbook]


@pytest.fixture
def give_back(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Return:
    """Gives an import's failed rows back, without a process of its own; the file is `back.xlsx`."""

    apart = confinement.run

    def run(name: str, asked: Mapping[str, Json], meanwhile: Callable[[], None] = lambda: None) -> Json:
        if not name.endswith("own workbook"):
            return apart(name, asked, meanwhile)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", None)
            return own_workbook.make(asked)

    monkeypatch.setattr(confinement, "run", run)

    def give(import_id: int) -> Workbook:
        path = tmp_path / "back.xlsx"
        write(lite, import_id, path)
        return load_workbook(path)

    return give


def write(world: World, import_id: int, path: Path) -> None:
    with world.runtime.database.reading() as session:
        returned_rows.write(session, world.runtime.settings, TEACHERS, session.get_one(ImportRecord, import_id), path)


def checked(world: World, book: Workbook, path: Path, account: str = "school1") -> int:
    """Id of the import of a workbook, which has been checked."""
    book.save(path)
    import_id = upload(world, path, account)
    work(world, import_id)
    return import_id


def texts(sheet: Worksheet) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def altered(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A workbook with something else in one of its parts."""
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content.replace(old, new) if name == part else content)
    return path


def own(path: Path) -> Workbook:
    """A workbook as a school keeps it: a title, formats, hidden and narrow columns, rules, and a second sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "信息学院教师"
    sheet.append(["某某学院教师信息表"])
    sheet.merge_cells("A1:H1")
    sheet.append(["序号", *HEADER])
    for number in range(1, 9):
        wrong: dict[str, Any] = {2: {"手机号": "12345"}, 5: {"手机号": 67890, "性别": "不详"}, 8: {"手机号": "13900000001"}}.get(number, {})
        sheet.append([number, *teacher(number, **wrong)])
        sheet.row_dimensions[number + 2].height = 20 + number
    sheet.append([9, *teacher(9, 姓名="")])
    sheet["B4"].font = Font(name="楷体", bold=True)
    sheet["B4"].alignment = Alignment(horizontal="right")
    sheet.column_dimensions["B"].width = 33
    sheet.column_dimensions["E"].hidden = True
    sheet.column_dimensions["F"].hidden = True
    sheet.row_dimensions[4].hidden = True
    sheet.freeze_panes = "C3"
    sheet.auto_filter.ref = "A2:H11"
    sheet.auto_filter.add_filter_column(1, ["教师〇〇〇〇一"])
    sheet.print_area = "A1:H11"
    sheet.print_title_rows = "1:2"
    choices = DataValidation("list", formula1='"男,女"', sqref="E3:E11")
    sheet.add_data_validation(choices)
    sheet.conditional_formatting.add("B3:B11", FormulaRule(formula=["LEN($C3)<>11"], fill=PatternFill(bgColor="FFFF00")))
    other = book.create_sheet("说明")
    other["A1"] = "请各系填写"
    book.active = other
    book.save(path)
    return book


def test_failed_rows_come_back_in_the_senders_own_workbook(lite: World, give_back: Return, tmp_path: Path) -> None:
    import_id = checked(lite, own(tmp_path / "a"), tmp_path / "a")
    assert problems(lite, import_id).keys() == {4, 7, 10, 11}
    book = give_back(import_id)
    assert book.sheetnames == ["信息学院教师", "说明", "失败明细"]
    sheet = book["信息学院教师"]
    assert book.active is sheet
    assert [row[:4] for row in texts(sheet)] == [
        ["某某学院教师信息表", None, None, None],
        ["序号", "姓名", "手机号", "证件号"],
        [2, "教师〇〇〇〇二", "12345", teacher(2)[2]],
        [5, "教师〇〇〇〇五", 67890, teacher(5)[2]],
        [8, "教师〇〇〇〇八", "13900000001", teacher(8)[2]],
        [9, None, "13900000009", teacher(9)[2]],
    ]
    red = {cell.coordinate for row in sheet for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {"C3", "C4", "E4", "C5", "B6"} == {cell.coordinate for row in sheet for cell in row if cell.comment}
    assert sheet["C3"].comment.text.startswith(f"原文件第 4 行\n手机号：{WRONG}\n请在本单元格改正")
    assert "性别：应为：男、女" in sheet["E4"].comment.text
    assert "手机号：与原文件第 3 行重复" in sheet["C5"].comment.text
    assert book["说明"]["A1"].value == "请各系填写"


def test_the_workbook_keeps_its_looks_and_rules(lite: World, give_back: Return, tmp_path: Path) -> None:
    sheet = give_back(checked(lite, own(tmp_path / "a"), tmp_path / "a"))["信息学院教师"]
    assert (sheet["B3"].font.name, sheet["B3"].font.bold, sheet["B3"].alignment.horizontal) == ("楷体", True, "right")
    assert sheet.column_dimensions["B"].width == 33
    assert [sheet.row_dimensions[row].height for row in (3, 4, 5)] == [22, 25, 28]
    assert not sheet.row_dimensions[3].hidden  # it is to be corrected
    assert [sheet.column_dimensions[letter].hidden for letter in "EF"] == [False, True]  # of the bad cells, and the others
    assert sheet.freeze_panes == "C3"
    assert str(sheet.merged_cells) == "A1:H1"
    assert (sheet.auto_filter.ref, sheet.auto_filter.filterColumn) == ("A2:H6", [])
    assert sheet.print_area == "'信息学院教师'!$A$1:$H$6"
    assert sheet.print_title_rows == "$1:$2"
    assert [(str(rule.sqref), rule.formula1) for rule in sheet.data_validations.dataValidation] == [("E3:E6", '"男,女"')]
    rules = {str(one.sqref): [(rule.formula, rule.priority) for rule in one.rules] for one in sheet.conditional_formatting}
    assert rules == {"B3:B6": [(["LEN($C3)<>11"], 2)], "B6 C3:C5 E4": [(["TRUE"], 1)]}  # the second keeps the colour of bad cells in sight


def test_the_corrected_workbook_is_imported_as_it_is(lite: World, give_back: Return, tmp_path: Path) -> None:
    first = checked(lite, own(tmp_path / "a"), tmp_path / "a")
    take(lite, first)
    assert counts(lite) == (5, 5, 5)
    book = give_back(first)
    sheet = book["信息学院教师"]
    sheet["C3"], sheet["C4"], sheet["E4"], sheet["B6"] = "13900000002", "13900000005", "男", "教师〇〇〇〇九"
    second = checked(lite, book, tmp_path / "b")
    assert problems(lite, second) == {5: [("mobile", "本校已有使用该手机号的账号")]}  # row 3 of the first file is in by now
    take(lite, second)
    assert counts(lite) == (8, 8, 8)
    book = give_back(second)
    sheet = book["信息学院教师"]
    assert [row[0] for row in texts(sheet)] == ["某某学院教师信息表", "序号", 8]
    assert [cell.coordinate for row in sheet for cell in row if cell.comment or cell.fill.fgColor.rgb == "FFFFC7CE"] == ["C3"]
    assert sheet["C3"].comment.text.startswith("原文件第 5 行\n手机号：本校已有使用该手机号的账号\n")
    assert {str(one.sqref) for one in sheet.conditional_formatting} == {"B3", "C3"}
    assert texts(book["失败明细"]) == [
        ["行号", "错误列", "原因", "当前值", "本文件行号"],
        ["5", "手机号", "本校已有使用该手机号的账号", "13900000001", "3"],
    ]
    sheet["C3"] = "13900000008"
    take(lite, checked(lite, book, tmp_path / "c"))
    assert counts(lite) == (9, 9, 9)


def test_the_list_stands_beside_it(lite: World, give_back: Return, tmp_path: Path) -> None:
    sheet = give_back(checked(lite, own(tmp_path / "a"), tmp_path / "a"))["失败明细"]
    assert texts(sheet) == [
        ["行号", "错误列", "原因", "当前值", "本文件行号"],
        ["4", "手机号", WRONG, "12345", "3"],
        ["7", "手机号；性别", f"{WRONG}；应为：男、女", "67890；不详", "4"],
        ["10", "手机号", "与原文件第 3 行重复", "13900000001", "5"],
        ["11", "姓名", "必须填写", "（空）", "6"],
    ]


def test_a_row_that_repeats_another_failed_row_says_where_both_stand_now(lite: World, give_back: Return, tmp_path: Path) -> None:
    rows = [teacher(1), teacher(2, 性别="?"), teacher(3, 手机号="13900000002")]
    sheet = give_back(upload_rows(lite, tmp_path / "a", rows))["Sheet1"]
    assert "与原文件第 3 行（本文件第 2 行）重复" in sheet["B3"].comment.text


def test_what_was_corrected_in_the_browser_or_refused_at_the_take_is_told_right(lite: World, give_back: Return, tmp_path: Path) -> None:
    take(lite, upload_rows(lite, tmp_path / "a", [teacher(20)], "school2"), "school2")
    rows = [teacher(1), teacher(2, 手机号="1", 性别="?", 职称="讲师"), teacher(3, 手机号="3"), teacher(4)]
    import_id = upload_rows(lite, tmp_path / "b", rows)
    with lite.runtime.database.writing() as session:
        one = import_of(session, lite.actor("school1"), "teachers", import_id)
        assert one is not None
        changes = {3: {"mobile": "13900000002", "major": "=HYPERLINK(1)", "rank": ""}, 4: {"mobile": "13900000020"}}
        assert correct(session, lite.actor("school1"), TEACHERS, one, changes) == 0
    other = upload_rows(lite, tmp_path / "c", [teacher(4)])
    take(lite, other)
    take(lite, import_id)
    sheet = give_back(import_id)["Sheet1"]
    assert texts(sheet)[1:] == [
        ["教师〇〇〇〇二", "13900000002", teacher(2)[2], "?", "=HYPERLINK(1)", None, "t2@example.com"],
        ["教师〇〇〇〇三", "13900000020", *teacher(3)[2:]],
        teacher(4),
    ]
    assert sheet["E2"].data_type == "s"  # a text, as it was typed
    said = {cell.coordinate: cell.comment.text.splitlines()[:2] for row in sheet for cell in row if cell.comment}
    assert said == {
        "D2": ["原文件第 3 行", "性别：应为：男、女"],
        "B3": ["原文件第 4 行", "手机号：该手机号已有账号"],
        "B4": ["原文件第 5 行", "手机号：本校已有使用该手机号的账号"],
    }
    assert sheet["B3"].number_format == "@"  # what is typed there keeps all its digits


def test_texts_formulas_links_and_remarks_stay_what_they_were(lite: World, give_back: Return, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, teacher(1), teacher(2, 手机号="1"), teacher(3, 手机号="3")])
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet["E3"].value, sheet["E3"].data_type, sheet["E3"].quotePrefix = "=SUM(A1:A9)", "s", True
    sheet["G3"].hyperlink, sheet["G4"].hyperlink = "mailto:t2@example.com", "mailto:t3@example.com"
    sheet["G2"].hyperlink = "mailto:t1@example.com"
    sheet["B3"].comment = Comment("请核实", "王老师")
    sheet["A2"].comment = Comment("好", "王老师")
    sheet["F3"] = "#N/A"
    sheet["F3"].data_type = "s"
    import_id = checked(lite, book, path)
    sheet = give_back(import_id)["Sheet1"]
    assert [(sheet[at].value, sheet[at].data_type) for at in ("E2", "F2")] == [("=SUM(A1:A9)", "s"), ("#N/A", "s")]
    assert sheet["E2"].quotePrefix
    assert [(row[6].hyperlink.ref, row[6].hyperlink.target) for row in sheet["A2:G3"]] == [
        ("G2", "mailto:t2@example.com"),
        ("G3", "mailto:t3@example.com"),
    ]
    assert sheet["B2"].comment.text.endswith("\n\n原有批注：请核实")
    assert {cell.coordinate for row in sheet for cell in row if cell.comment} == {"B2", "B3"}
    book = load_workbook(tmp_path / "back.xlsx")
    again = give_back(checked(lite, book, tmp_path / "b"))["Sheet1"]
    assert again["B2"].comment.text.count("原文件") == again["B2"].comment.text.count("请核实") == 1


def test_values_stand_where_formulas_stood(lite: World, give_back: Return, tmp_path: Path) -> None:
    """Their rows may be gone; and a formula that nobody calculated would be refused."""
    path = tmp_path / "a"
    with XlsxWorkbook(path) as book:
        table, names = book.add_worksheet("教师"), book.add_worksheet("合计")
        for at, heading in enumerate(("序号", "姓名", "手机号", "日期")):
            table.write(0, at, heading)
        day = book.add_format({"num_format": "yyyy年m月d日"})
        for row in range(1, 5):
            table.write_formula(row, 0, f"=A{row}+1" if row > 1 else "=1", None, row)
            table.write(row, 1, f"教师{in_characters(row)}")
            table.write_formula(row, 2, f'="1"&{row}', None, "1" if row == 3 else f"1390000000{row}")
            table.write_datetime(row, 3, datetime(2026, 9, row), day)
        names.write_formula(0, 0, "=COUNTA(教师!B:B)", None, 5)
    import_id = upload(lite, path)
    work(lite, import_id)
    book = give_back(import_id)
    assert texts(book["教师"]) == [["序号", "姓名", "手机号", "日期"], [3, "教师三", "1", datetime(2026, 9, 3)]]
    assert book["教师"]["D2"].number_format == "yyyy年m月d日"
    assert book["合计"]["A1"].value == 5


def test_merged_cells_tables_choices_and_pictures_follow_their_rows(lite: World, give_back: Return, tmp_path: Path) -> None:
    wrong = {3: {"手机号": "3"}, 4: {"手机号": "4"}, 8: {"手机号": "8"}}
    path = workbook(tmp_path / "a.xlsx", [HEADER, *(teacher(n, 专业=f"专业{n}", **wrong.get(n, {})) for n in range(1, 9))])
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet["E4"] = "=1+1"
    sheet["E4"].data_type = "s"
    for area in ("E4:E6", "F2:F3", "H5:I5", "H7:I7", "H9:I10"):
        sheet.merge_cells(area)
    sheet["H5"], sheet["H7"], sheet["H9"] = "横", "没有了", "块"
    for number, name in enumerate(("男", "女", "不详"), 2):
        sheet.cell(number, 11, name)
    sheet.add_data_validation(DataValidation("list", formula1="$K$2:$K$4", sqref="D2:D100"))
    sheet.add_data_validation(DataValidation("custom", formula1="LEN(B4)=11", sqref="B4:B5 B9"))
    sheet.add_data_validation(DataValidation("list", formula1='"甲,乙"', sqref="F2:F3"))
    sheet.add_table(Table(displayName="教师表", ref="A1:G9"))
    for row in (4, 7):
        PILImage.new("RGB", (4, 4)).save(picture := BytesIO(), "png")
        sheet.add_image(Image(picture), f"J{row}")
    sheet.row_dimensions[12].height = 50
    import_id = checked(lite, book, path)
    assert problems(lite, import_id).keys() >= {4, 5, 9}
    kept = sorted(problems(lite, import_id))
    sheet = give_back(import_id)["Sheet1"]
    assert [(sheet.cell(at, 5).value, sheet.cell(at, 5).data_type) for at in (2, 3, 4)] == [("=1+1", "s"), ("=1+1", "s"), ("专业8", "s")]
    assert sheet["H3"].value == "横"
    assert sheet["H4"].value == "块"
    assert str(sheet.merged_cells) == "H3:I3"
    assert sheet.tables["教师表"].ref == f"A1:G{len(kept) + 1}"
    rules = [(str(rule.sqref), rule.formula1) for rule in sheet.data_validations.dataValidation]
    assert rules == [(f"D2:D{100 - 8 + len(kept)}", '"男,女,不详"'), ("B2:B3 B4", "LEN(B2)=11")]
    assert [(one.anchor._from.row, one.anchor._from.col) for one in sheet._images] == [(1, 9)]
    assert sheet.row_dimensions[12 - 8 + len(kept)].height == 50


def test_choices_of_another_sheet_that_excel_keeps_in_an_extension_stay(lite: World, give_back: Return, tmp_path: Path) -> None:
    newer, values = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main", "http://schemas.microsoft.com/office/excel/2006/main"
    rule = (
        f'<extLst><ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="{newer}">'
        f'<x14:dataValidations count="1" xmlns:xm="{values}">'
        '<x14:dataValidation type="list" allowBlank="1" showErrorMessage="1" xr:uid="{1}" xmlns:xr="urn:x">'
        "<x14:formula1><xm:f>代码!$A$1:$A$9</xm:f></x14:formula1><xm:sqref>D2:D3</xm:sqref></x14:dataValidation>"
        "</x14:dataValidations></ext></extLst></worksheet>"
    )
    path = workbook(tmp_path / "a", [HEADER, teacher(1), teacher(2, 手机号="2")])
    altered(path, "xl/worksheets/sheet1.xml", b"</worksheet>", rule.encode())
    import_id = upload(lite, path)
    work(lite, import_id)
    (found,) = give_back(import_id)["Sheet1"].data_validations.dataValidation
    assert (str(found.sqref), found.type, found.formula1, found.showErrorMessage) == ("D2", "list", "代码!$A$1:$A$9", True)


def test_a_file_that_was_made_from_the_list_is_told_anew(lite: World, give_back: Return, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("姓名,手机号\n张三,1\n李四,2\n", encoding="utf-8")
    first = upload(lite, path, name="教师.csv")
    work(lite, first)
    write(lite, first, tmp_path / "list.xlsx")
    book = load_workbook(tmp_path / "list.xlsx")
    assert book.sheetnames == ["未通过"]
    book["未通过"]["F2"] = "13900000001"
    book["未通过"]["E3"] = ""
    book = give_back(checked(lite, book, tmp_path / "b"))
    assert texts(book["未通过"])[1:] == [["3", "姓名；手机号", f"必须填写；{WRONG}", "（空）；2", None, "2"]]


def test_the_view_opens_at_the_first_bad_cell(lite: World, give_back: Return, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, *(teacher(n, **({"性别": "?"} if n == 60 else {})) for n in range(1, 70))])
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet.freeze_panes = "B2"
    sheet.sheet_view.pane.topLeftCell = "B50"  # scrolled down
    import_id = checked(lite, book, path)
    view = give_back(import_id)["Sheet1"].sheet_view
    assert view.pane.topLeftCell == "B2"
    assert {(one.activeCell, one.sqref) for one in view.selection} == {("D2", "D2")}


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b'</sheetData><pageSetup orientation="sideways"/>'),  # a word that no standard has
        ("docProps/core.xml", b"<", b""),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    ],
)
def test_what_openpyxl_cannot_open_comes_back_as_a_list(
    lite: World, tmp_path: Path, part: str, old: bytes, new: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    content = altered(workbook(tmp_path / "a", [HEADER, teacher(1), teacher(2, 手机号="2")]), part, old, new)
    import_id = upload(lite, content)
    work(lite, import_id)
    write(lite, import_id, tmp_path / "back.xlsx")
    assert texts(load_workbook(tmp_path / "back.xlsx")["未通过"])[1][:4] == ["3", "手机号", WRONG, "2"]
    assert "failed rows come back as a list" in caplog.text


def test_a_process_of_its_own_makes_the_workbook_and_is_ended_at_its_limits(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2, 手机号="2")])
    write(lite, import_id, tmp_path / "back.xlsx")
    assert load_workbook(tmp_path / "back.xlsx").sheetnames == ["Sheet1", "失败明细"]
    monkeypatch.setattr(confinement, "WORK", {"own workbook": replace(confinement.WORK["own workbook"], seconds=0)})
    write(lite, import_id, tmp_path / "back.xlsx")
    assert load_workbook(tmp_path / "back.xlsx").sheetnames == ["未通过"]


def test_the_upload_is_kept_while_rows_may_come_back_in_it(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lite.runtime.settings
    monkeypatch.setattr(originals, "MAX_ROWS", 2)

    def kept(import_id: int) -> bool:
        return file_of(settings, record(lite, import_id)).exists()

    failed = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2, 手机号="2")])
    large = upload_rows(lite, tmp_path / "b", [teacher(11), teacher(12), teacher(13, 手机号="2")])
    fine = upload_rows(lite, tmp_path / "c", [teacher(21)])
    (tmp_path / "d").write_text("姓名,手机号\n张三,1\n", encoding="utf-8")
    text = upload(lite, tmp_path / "d", name="教师.csv")
    work(lite, text)
    assert [kept(one) for one in (failed, large, fine, text)] == [True, False, True, False]
    assert [returned_rows.way(settings, record(lite, one)) for one in (failed, large, text)] == ["at once", "list", "list"]
    take(lite, failed)
    take(lite, fine)
    assert [kept(one) for one in (failed, fine)] == [True, False]
    dropped = upload_rows(lite, tmp_path / "e", [teacher(31, 手机号="1")])
    with lite.runtime.database.writing() as session:
        drop(session, session.get_one(ImportRecord, dropped))
    (settings.home / "imports" / "999").write_bytes(b"of an upload that was rolled back")
    sweep_files(lite.runtime)
    assert kept(dropped)  # just now: its record may be on its way
    for path in (settings.home / "imports").iterdir():
        os.utime(path, (0, 0))
    sweep_files(lite.runtime)
    assert [path.name for path in (settings.home / "imports").iterdir()] == [str(failed)]


def test_the_newest_workbooks_of_a_party_are_kept(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "KEPT", 1)
    ids = [upload_rows(lite, tmp_path / str(n), [teacher(n), teacher(n, 手机号="2")]) for n in (1, 2, 3)]
    other = upload_rows(lite, tmp_path / "other", [teacher(4), teacher(5, 手机号="2")], account="school2")
    for import_id in ids[:2]:
        take(lite, import_id)
    take(lite, other, account="school2")
    for path in (lite.runtime.settings.home / "imports").iterdir():
        os.utime(path, (0, 0))
    sweep_files(lite.runtime)
    left = {int(path.name) for path in (lite.runtime.settings.home / "imports").iterdir()}
    assert left == {ids[1], ids[2], other}  # the third is still open
    assert returned_rows.way(lite.runtime.settings, record(lite, ids[0])) == "list"


def test_the_newest_workbooks_of_a_party_are_kept_as_far_as_their_bytes_go(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [upload_rows(lite, tmp_path / str(n), [teacher(n), teacher(n, 手机号="2")]) for n in (1, 2, 3)]
    for import_id in ids:
        take(lite, import_id)
    folder = lite.runtime.settings.home / "imports"
    monkeypatch.setattr(originals, "KEPT_BYTES", sum((folder / str(one)).stat().st_size for one in ids[1:]))
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    sweep_files(lite.runtime)
    assert {int(path.name) for path in folder.iterdir()} == set(ids[1:])


@pytest.mark.parametrize("linked", [True, False])
def test_two_imports_of_one_workbook_keep_it_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool) -> None:
    if not linked:

        def refuse(*_: object) -> None:
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(originals.os, "link", refuse)
    book, left_over, other = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    book.write_bytes(b"one")
    other.write_bytes(b"another")
    if linked:
        os.link(other, left_over)  # by an import that was never committed
    originals.share(book, left_over)
    assert (left_over.read_bytes(), other.read_bytes()) == (b"one", b"another")
    assert (book.stat().st_ino == left_over.stat().st_ino) is linked
    book.unlink()
    assert left_over.read_bytes() == b"one"


def test_a_large_workbook_comes_back_by_a_background_task(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned_rows, "AT_ONCE", 2)
    import_id = upload_rows(world, tmp_path / "a", [teacher(1), teacher(2, 手机号="2"), teacher(3)])
    assert returned_rows.way(world.runtime.settings, record(world, import_id)) == "later"
    actor = world.actor("school1")
    with world.runtime.database.writing() as session:
        one = session.get_one(ImportRecord, import_id)
        task_id = returned_rows.begin(session, actor, TEACHERS, one, world.clock())
        assert returned_rows.begin(session, actor, TEACHERS, one, world.clock()) == task_id  # a second click
    assert background.run_task(world.runtime, task_id)
    with world.runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, task_id)
        path = background.result_file(world.runtime.settings, task)
        assert path is not None
        assert (task.done, task.failed, task.result["name"]) == (1, 0, "教师-未通过.xlsx")
        assert load_workbook(path).sheetnames == ["Sheet1", "失败明细"]


def test_the_result_of_a_task_whose_rows_were_corrected_meanwhile(lite: World, tmp_path: Path) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(2, 手机号="2")])
    actor = lite.actor("school1")
    with lite.runtime.database.writing() as session:
        one = session.get_one(ImportRecord, import_id)
        task_id = returned_rows.begin(session, actor, TEACHERS, one, lite.clock())
        correct(session, actor, TEACHERS, one, {2: {"mobile": "13900000002"}})
    assert background.run_task(lite.runtime, task_id)
    with lite.runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, task_id)
        assert (task.state, task.error) == ("failed", "该导入没有未通过的行。")


def test_headings_over_two_lines_and_cells_merged_downwards_come_back(lite: World, give_back: Return, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["姓名", "联系方式", None, "专业"], [None, "手机号", "邮箱", None]])
    book = load_workbook(path)
    sheet = book.worksheets[0]
    for number, mobile in ((1, "1"), (2, "13900000002"), (3, "3")):
        sheet.append([f"教师{in_characters(number)}", mobile, f"t{number}@example.com", "软件技术" if number == 1 else None])
    for area in ("A1:A2", "B1:C1", "D1:D2", "D3:D5"):
        sheet.merge_cells(area)
    import_id = checked(lite, book, path)
    assert problems(lite, import_id).keys() == {3, 5}
    book = give_back(import_id)
    assert texts(book["Sheet1"])[2:] == [["教师一", "1", "t1@example.com", "软件技术"], ["教师三", "3", "t3@example.com", "软件技术"]]
    assert {str(one) for one in book["Sheet1"].merged_cells} == {"A1:A2", "B1:C1", "D1:D2"}
    book["Sheet1"]["B3"], book["Sheet1"]["B4"] = "13900000001", "13900000003"
    assert problems(lite, checked(lite, book, tmp_path / "b")) == {}


def test_a_table_that_begins_at_another_column_and_a_remark_below_it_come_back(lite: World, give_back: Return, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [[None, *row] for row in (HEADER, teacher(1), teacher(2, 手机号="1"), ["填表人：张三"])])
    book = load_workbook(path)
    book.worksheets[0].merge_cells("B4:E6")
    import_id = checked(lite, book, path)
    assert problems(lite, import_id).keys() == {3, 4}
    book = give_back(import_id)
    assert book.sheetnames == ["Sheet1", "失败明细"]
    sheet = book["Sheet1"]
    assert [row[:3] for row in texts(sheet)[1:]] == [[None, "教师〇〇〇〇二", "1"], [None, "填表人：张三", None]]
    sheet["C2"], sheet["B3"] = "13900000002", None
    assert problems(lite, checked(lite, book, tmp_path / "b")) == {}


def test_bad_cells_of_a_protected_sheet_can_be_corrected(lite: World, give_back: Return, tmp_path: Path) -> None:
    book = load_workbook(workbook(tmp_path / "a.xlsx", [HEADER, teacher(1), teacher(2, 性别="不详")]))
    book.worksheets[0].protection.sheet = True
    sheet = give_back(checked(lite, book, tmp_path / "a.xlsx"))["Sheet1"]
    assert (sheet.protection.sheet, sheet["D2"].protection.locked, sheet["A2"].protection.locked) == (True, False, True)
