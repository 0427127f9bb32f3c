"""Files as people make them: Excel, WPS, LibreOffice; columns in another order, titles, blanks, CSV."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from domain.demo.numbers import in_characters
from forms import read_forms
from jobs.imports import marks, reading
from jobs.imports.cells import extra_problem, reader
from jobs.imports.columns import columns_of
from jobs.imports.guarding import BadFile
from jobs.imports.marks import _of_pieces
from jobs.imports.reading import FoundSheet, SeveralSheets, open_table
from tests.jobs.imports.files import HEADER, NAMESPACE, teacher, with_parts, with_sheet, workbook

pytestmark = pytest.mark.row("7.1")
COLUMNS = columns_of(read_forms()["teacher.json"])


def read(path: Path, name: str = "教师.xlsx") -> list[tuple[int, dict[str, str]]]:
    """Row numbers, and the texts of the form's columns."""
    with open_table(path, name, COLUMNS) as table:
        return [(number, {k: cells[at] for k, at in table.places.items() if at < len(cells)}) for number, cells in table.rows]


def refusal(path: Path, name: str = "教师.xlsx") -> str:
    with pytest.raises(BadFile) as caught:
        read(path, name)
    return str(caught.value)


def test_a_plain_file(tmp_path: Path) -> None:
    ((number, row),) = read(workbook(tmp_path / "a", [HEADER, teacher(7)]))
    assert number == 2
    assert row["mobile"] == "13900000007"
    assert list(row) == ["name", "mobile", "id_number", "sex", "major", "rank", "email"]


def test_other_order_extra_columns_other_names_title_and_blank_rows(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "某某学院教师信息表"
    sheet.merge_cells("A1:E1")
    for at, heading in enumerate(["序号", "手机号码*", " 姓 名 ", "身份证号（18位）", "备注"], 1):
        sheet.cell(3, at, heading)
    for at, value in enumerate([1, 13900000001, "张三", "11010519491231002X", "无"], 1):
        sheet.cell(6, at, value)
    book.save(tmp_path / "a")
    assert read(tmp_path / "a") == [(6, {"name": "张三", "mobile": "13900000001", "id_number": "11010519491231002X"})]


def test_a_table_that_begins_in_the_middle_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[], [], [None, None, "姓名", "手机号"], [None, None, "张三", "13900000001"]]
    assert read(workbook(tmp_path / "a", rows)) == [(4, {"name": "张三", "mobile": "13900000001"})]


def test_the_sheet_with_the_headings_is_found(tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first["A1"] = "填写说明"
    hidden = book.create_sheet("旧")
    hidden.append(["姓名", "手机号"])
    hidden.sheet_state = "hidden"
    last = book.create_sheet("教师")
    last.append(["姓名", "手机号"])
    last.append(["张三", "13900000001"])
    book.save(tmp_path / "a")
    assert [row["name"] for _, row in read(tmp_path / "a")] == ["张三"]


def test_values_of_formulas_dates_and_errors(tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c t="str"><v>姓名</v></c><c t="str"><v>手机号</v></c><c t="str"><v>职称</v></c><c t="str"><v>专业</v></c></row>'
        '<row r="2"><c t="str"><f>"张"&amp;"三"</f><v>张三</v></c><c><f>13900000000+1</f><v>13900000001</v></c>'
        '<c t="e"><f>VLOOKUP(1,A:A,9)</f><v>#N/A</v></c><c t="str"><f>""</f><v></v></c></row>'
    )
    ((_, row),) = read(with_sheet(tmp_path / "a", cells))
    assert row == {"name": "张三", "mobile": "13900000001", "rank": "公式错误值 #N/A", "major": ""}


def test_a_date_in_a_text_column(tmp_path: Path) -> None:
    ((_, row),) = read(workbook(tmp_path / "a", [HEADER, teacher(1, 职称=date(2026, 9, 1))]))
    assert row["rank"] == "2026-09-01"


def test_an_id_number_kept_as_a_number(tmp_path: Path) -> None:
    ((_, row),) = read(workbook(tmp_path / "a", [HEADER, teacher(1, 证件号=110105194912310026)]))
    assert row["id_number"] == "1.10105194912310E+17"


@pytest.mark.parametrize("sex", [None, "男"])  # as earlier templates had it
def test_the_example_of_the_template_is_skipped(tmp_path: Path, sex: str | None) -> None:
    example = [column.schema.get("x-example", sex) for column in COLUMNS]
    assert [n for n, _ in read(workbook(tmp_path / "a", [HEADER, example, teacher(1)]))] == [3]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "x'; DROP TABLE person; --", "甲" * 500]
    rows = [[name, "13900000001"] for name in names]
    assert [row["name"] for _, row in read(workbook(tmp_path / "a", [["姓名", "手机号"], *rows]))] == names


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
def test_csv(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a"
    path.write_bytes('姓名,手机号,备注\r\n张三,="13900000001",甲\r\n\r\n李四,13900000002\r\n'.encode(encoding))
    assert read(path, "教师.csv") == [(2, {"name": "张三", "mobile": "13900000001"}), (4, {"name": "李四", "mobile": "13900000002"})]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "没有找到表头"),
        ([["甲", "乙"], [1, 2]], "没有“姓名”、“手机号”等列"),
        ([["姓名", "证件号"], ["张三", ""]], "表头缺少“手机号”列"),
        ([["姓名", "手机号", "手机"], ["张三", "", ""]], "“手机号”列出现了不止一次"),
    ],
)
def test_headings_that_do_not_match(tmp_path: Path, rows: list[list[Any]], said: str) -> None:
    assert said in refusal(workbook(tmp_path / "a", rows))


def test_only_headings(tmp_path: Path) -> None:
    assert read(workbook(tmp_path / "a", [HEADER])) == []


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.imports.reading.MAX_ROWS", 2)
    assert "超过 2 行" in refusal(workbook(tmp_path / "a", [HEADER, *map(teacher, range(3))]))


def test_broken_xml(tmp_path: Path) -> None:
    assert "不能读取" in refusal(with_sheet(tmp_path / "a", '<row r="1"><c r="A1"><v>1</c></row>'))


def test_a_text_with_tabs_or_semicolons(tmp_path: Path) -> None:
    for sign in "\t;":
        path = tmp_path / "a"
        path.write_bytes(f"某某学院教师\r\n姓名{sign}手机号\r\n张三{sign}13900000001\r\n".encode("gbk"))
        assert read(path, "教师.txt") == [(3, {"name": "张三", "mobile": "13900000001"})]


def test_texts_as_other_programs_keep_them(tmp_path: Path) -> None:
    """Rich text, readings of characters, escapes, prefixes of names, days counted from 1904: as WPS, LibreOffice and libraries write."""
    strings = (
        "<si><t>姓名</t></si><si><r><t>手机</t></r><r><rPr><b/></rPr><t>号</t></r></si><si><t>职称</t></si>"
        '<si><r><t>张</t></r><r><t>三</t></r><rPh sb="0" eb="1"><t>ZHANG</t></rPh></si><si><t>_x0031_3900000001</t></si>'
    )
    cells = "".join(f'<x:c t="s"><x:v>{n}</x:v></x:c>' for n in range(3))
    more = '<x:c t="s"><x:v>3</x:v></x:c><x:c t="s"><x:v>4</x:v></x:c><x:c t="d"><x:v>2026-09-01T00:00:00</x:v></x:c>'
    prefixed = NAMESPACE.replace("xmlns=", "xmlns:x=")
    data = f"<x:sheetData><x:row>{cells}</x:row><x:row>{more}</x:row></x:sheetData>"
    sheet = f"<x:worksheet {prefixed}>{data}</x:worksheet>"
    parts = {"xl/worksheets/sheet1.xml": sheet.encode(), "xl/sharedStrings.xml": f"<sst {NAMESPACE}>{strings}</sst>".encode()}
    assert read(with_parts(tmp_path / "a", parts)) == [(2, {"name": "张三", "mobile": "13900000001", "rank": "2026-09-01"})]


def sheets(path: Path, **rows: list[list[Any]]) -> Path:
    """A workbook with a sheet for each keyword."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, lines in rows.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


PLAIN = ["姓名", "手机号"]
INCOMPLETE = [["姓名", "专业"], ["张三", "软件"]]


def test_cells_merged_downwards_hold_their_value_in_every_row(tmp_path: Path) -> None:
    rows = [[f"教师{in_characters(n)}", f"1390000000{n}", "软件技术", "讲师"] for n in range(4)]
    path = workbook(tmp_path / "a.xlsx", [[*PLAIN, "专业", "职称"], *rows])
    book = load_workbook(path)
    sheet = book.worksheets[0]
    sheet.append(["填表人：张三"])
    for area in ("C2:C3", "C4:C5", "D2:D5", "A6:B8"):
        sheet.merge_cells(area)
    book.save(path)
    found = read(path)
    assert [(number, row["major"], row["rank"]) for number, row in found[:4]] == [(n, "软件技术", "讲师") for n in range(2, 6)]
    assert [number for number, _ in found[4:]] == [6]  # a remark over several lines is one row


def test_cells_merged_downwards_in_a_table_that_begins_at_another_column(tmp_path: Path) -> None:
    rows = [["教师〇", "13900000000", "软件技术", "讲师"], ["教师一", "13900000001", None, None]]
    path = workbook(tmp_path / "a.xlsx", [[None, *row] for row in ([*PLAIN, "专业", "职称"], *rows)])
    book = load_workbook(path)
    book.worksheets[0].merge_cells("D2:D3")
    book.save(path)
    assert [(row["major"], row["rank"]) for _, row in read(path)] == [("软件技术", "讲师"), ("软件技术", "")]


def test_a_filled_sheet_behind_an_empty_one_is_found(tmp_path: Path) -> None:
    path = sheets(tmp_path / "a", 说明=[PLAIN, ["王小明", "13900000000"]], 数据=[PLAIN, ["李四", "13900000002"]], 空=[PLAIN])
    with open_table(path, "教师.xlsx", COLUMNS[:2]) as table:
        assert (table.sheet, list(table.rows)) == ("数据", [(2, ["李四", "13900000002"])])
    assert table.others == ()


def test_several_filled_sheets_are_to_be_chosen_from(tmp_path: Path) -> None:
    people = [["张三", "13900000001"], ["李四", "13900000002"]]
    first, second = [["教师名单"], PLAIN, people[0]], [PLAIN, *people]
    path = sheets(tmp_path / "a", 软件学院=first, 封面=[["某某学院"]], 商学院=second, 缺列=INCOMPLETE)
    with pytest.raises(SeveralSheets) as caught, open_table(path, "教师.xlsx", COLUMNS):
        pass
    assert caught.value.sheets == (
        FoundSheet("软件学院", 1, 2),
        FoundSheet("商学院", 2, 1),
        FoundSheet("缺列", 1, 1, "表头缺少“手机号”列"),
    )
    with open_table(path, "教师.xlsx", COLUMNS, sheet="商学院") as table:
        assert (table.sheet, table.head, len(list(table.rows))) == ("商学院", 1, 2)


def test_filled_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    earlier = [PLAIN, ["王五", "13900000003"]]
    path = sheets(tmp_path / "a", 教师=[PLAIN, ["张三", "13900000001"]], 外聘=INCOMPLETE, 往年=earlier)
    book = load_workbook(BytesIO(path.read_bytes()))
    book["往年"].sheet_state = "hidden"
    book.save(path)
    with open_table(path, "教师.xlsx", COLUMNS) as table:
        assert table.sheet == "教师"
        assert table.others == (FoundSheet("外聘", 1, 1, "表头缺少“手机号”列"), FoundSheet("往年", 1, 1, "工作表已隐藏"))


def test_no_sheet_is_too_far_behind(tmp_path: Path) -> None:
    covers = {f"封面{n}": [["某某学院"]] for n in range(20)}
    assert read(sheets(tmp_path / "a", **covers, 教师=[PLAIN, ["张三", "13900000001"]])) == [(2, {"name": "张三", "mobile": "13900000001"})]
    many = {f"{n}": [["某某学院"]] for n in range(101)}
    assert "超过 100 个" in refusal(sheets(tmp_path / "b", **many))


@pytest.mark.parametrize(
    "head",
    [
        [["姓名", "联系方式", None, "工作信息", None], [None, "手机号", "邮箱", "专业", "职称"]],
        [["姓名", "手机号", "邮箱", "工作信息", None], [None, None, None, "专业", "职称"]],
        [["某某学院教师名单"], ["姓名", "手机", "邮", "专", "职"], [None, "号码", "箱", "业", "称"]],
        [["姓名", "手机号", "邮箱", "工作信息", None], ["姓名", "手机号", "邮箱", "专业", "职称"]],  # as cells merged downwards are read
    ],
)
def test_headings_over_two_lines(tmp_path: Path, head: list[list[Any]]) -> None:
    path = workbook(tmp_path / "a", [*head, ["张三", "13900000001", "z@example.com", "软件技术", "讲师"]])
    ((number, row),) = read(path)
    assert number == len(head) + 1
    assert row == {"name": "张三", "mobile": "13900000001", "email": "z@example.com", "major": "软件技术", "rank": "讲师"}


def test_a_row_of_data_is_no_second_line_of_headings(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a", [[*PLAIN, "备注"], ["张三", "13900000001", "邮箱"]])
    assert read(path) == [(2, {"name": "张三", "mobile": "13900000001"})]


def test_another_telephone_beside_the_mobile_number(tmp_path: Path) -> None:
    for mobile in ("手机号", "手机", "移动电话"):
        path = workbook(tmp_path / "a", [["联系电话", "姓名", mobile], ["025-83000000", "张三", "13900000001"]])
        assert read(path) == [(2, {"name": "张三", "mobile": "13900000001"})]
    path = workbook(tmp_path / "a", [["联系电话", "姓名"], ["13900000001", "张三"]])
    assert read(path) == [(2, {"name": "张三", "mobile": "13900000001"})]


def test_rows_of_a_csv_are_numbered_by_the_lines_of_the_file(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        path = tmp_path / "a"
        lines = ["姓名,手机号,备注", '张三,13900000001,"甲', '乙"', "", "李四,13900000002,无"]
        path.write_bytes(end.join(lines).encode())
        assert [(number, row["name"]) for number, row in read(path, "教师.csv")] == [(2, "张三"), (5, "李四")]


def test_the_delimiter_is_that_of_the_headings(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('sep=;\n姓名;手机号;备注\n张三;13900000001;"a,b,c,d,e,f"\n李四;13900000002;"a,b,c,d"\n', encoding="utf-8")
    assert [row["mobile"] for _, row in read(path, "教师.csv")] == ["13900000001", "13900000002"]
    path.write_text("甲，乙，丙；一，二;三;四;五;六;七\n姓名,手机号\n张三,13900000001\n", encoding="utf-8")
    assert [row["mobile"] for _, row in read(path, "教师.csv")] == ["13900000001"]


def test_other_columns_are_not_kept(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a", [["备注", "姓名", "部门", "手机号"], ["无", "张三", "信息学院", "13900000001", "再见"], ["只有备注"]])
    with open_table(path, "教师.xlsx", COLUMNS) as table:
        assert list(table.rows) == [(2, ["", "张三", "", "13900000001"]), (3, ["", "", "", ""])]
        assert table.header == ("备注", "姓名", "部门", "手机号", "")


def test_a_cell_longer_than_excel_keeps(tmp_path: Path) -> None:
    long = "x" * 32_768
    cells = '<row r="1"><c t="str"><v>姓名</v></c><c t="str"><v>手机号</v></c><c t="str"><v>备注</v></c></row><row r="2">{}</row>'
    inline = "<c t='inlineStr'><is><t>{}</t></is></c>"
    named = with_sheet(tmp_path / "a", cells.format(inline.format(long) + inline.format("1")))
    assert refusal(named) == "第 2 行有超过 32767 个字的单元格，请删减后重新上传"
    other = with_sheet(tmp_path / "b", cells.format(inline.format("张三") + inline.format("1") + inline.format(long)))
    assert read(other) == [(2, {"name": "张三", "mobile": "1"})]
    (tmp_path / "c").write_text(f"姓名,手机号\n{long},1\n", "utf-8")
    assert "第 2 行有超过 32767 个字的单元格" in refusal(tmp_path / "c", "教师.csv")


def test_all_texts_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_TEXT", 90_000)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["姓名", "手机号"], ["张" * 30_000, 1], [None, 2], [None, 3], [None, 4]):
        sheet.append(row)
    book.save(tmp_path / "a")
    assert len(read(tmp_path / "a")) == 4
    sheet.merge_cells("A2:A5")  # read as four times the text
    book.save(tmp_path / "b")
    assert "万字，请拆分为几个文件后分别上传" in refusal(tmp_path / "b")


def test_very_long_headings_are_cut_and_names_of_sheets_bounded(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a", [["姓名（" + "请填写" * 500 + "）", "说明" * 3000, "手机号"], ["张三", "无", "1"]])
    assert read(path) == [(2, {"name": "张三", "mobile": "1"})]
    path = workbook(tmp_path / "b", [["姓名", "说明" * 3000, "手机号"], ["张三", "无", "1"]])
    with open_table(path, "教师.xlsx", COLUMNS) as table:
        assert [len(heading) for heading in table.header] == [2, reading.MAX_HEADING, 3]
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'name="Sheet1"', b'name="' + b"x" * 300 + b'"')
    assert "名称超过 255 个字" in refusal(with_parts(tmp_path / "c", parts))


def test_sheets_that_are_large_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PLACES", 100)
    book = Workbook()
    for at, sheet in enumerate([*book.worksheets, book.create_sheet(), book.create_sheet()]):
        sheet["A1"], sheet["H5"] = "姓名", f"{at}"
    book.save(tmp_path / "a")
    assert "工作表过大" in refusal(tmp_path / "a")


def test_more_columns_of_a_text_file_than_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("姓名,手机号\n张三,1" + "," * 200 + "\n", "utf-8")
    assert len(read(tmp_path / "a", "教师.csv")) == 1  # nothing stands there
    (tmp_path / "b").write_text("姓名,手机号\n张三,1" + "," * 200 + "x\n", "utf-8")
    assert "第 2 行超过 100 列" in refusal(tmp_path / "b", "教师.csv")


def test_what_stands_in_columns_without_a_heading_is_known_afterwards(tmp_path: Path) -> None:
    rows = [["姓名", None, "手机号", None], ["张三", None, 1, None], ["李四", "男", 2, None], ["王五", "女", 3, None, "再见"]]
    with open_table(workbook(tmp_path / "a", rows), "教师.xlsx", COLUMNS) as table:
        assert table.unnamed == set()
        assert len(list(table.rows)) == 3
        assert table.unnamed == {1, 4}
    (tmp_path / "b").write_text("姓名,手机号\n张三,1\n李四,2,,再见\n", "utf-8")
    with open_table(tmp_path / "b", "教师.csv", COLUMNS) as table:
        assert len(list(table.rows)) == 2
        assert table.unnamed == {3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('姓名,手机号\n张三,1\n"李四,2\n王五,3\n', "文件第 3 行有引号没有结束"),
        ('姓名,手机号,备注\n张三,1,"无\n李四,2,无\n', "文件第 2 行有引号没有结束"),
        ('姓名,手机号\n"张三\n",1\n', ""),
        ('姓名,手机号\n张三,1\n"李四",2', ""),
        ('姓名,手机号\n"张"三,"1"\n', ""),
    ],
)
def test_a_quotation_that_does_not_end_swallows_no_rows(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a").write_text(text, "utf-8")
    if said:
        assert said in refusal(tmp_path / "a", "教师.csv")
    else:
        assert read(tmp_path / "a", "教师.csv")


@pytest.mark.parametrize("sign", [",", "\t", ";"])
@pytest.mark.parametrize("closed", [True, False])
def test_a_quotation_mark_without_its_pair_swallows_no_rows(tmp_path: Path, sign: str, closed: bool) -> None:
    rows = [
        ["姓名", "手机号", "备注"],
        *(["张三", f"1390000000{at}", '"待定' if at == 2 or (closed and at == 5) else ""] for at in range(7)),
    ]
    (tmp_path / "a").write_text("\n".join(sign.join(row) for row in rows))
    assert f"第 4 行有引号没有{'配对' if closed else '结束'}" in refusal(tmp_path / "a", "教师.csv")


def test_a_quoted_text_over_several_lines_is_one_cell(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('姓名,手机号,备注\n张三,13900000001,"一、甲,乙\n二、""丙"",丁"\n李四,13900000002,\n')
    assert [row["mobile"] for _, row in read(tmp_path / "a", "教师.csv")] == ["13900000001", "13900000002"]


def test_error_values_are_told_and_not_left_out(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["姓名", "手机号", "专业"], ["张三", "13900000001", "#N/A"], ["#REF!", "#REF!", "#N/A"], ["李四", "13900000002", "软件"]):
        sheet.append(row)
    for cell in (*sheet[2][2:], *sheet[3]):
        cell.data_type = "e"
    book.save(tmp_path / "a")
    first, last = read(tmp_path / "a")  # the row between them says nothing
    assert first == (2, {"name": "张三", "mobile": "13900000001", "major": "公式错误值 #N/A"})
    assert last == (4, {"name": "李四", "mobile": "13900000002", "major": "软件"})
    check = reader(read_forms()["teacher.json"]["properties"]["major"])
    assert check(first[1]["major"]) == (None, "单元格的公式有错误，没有结果，请改正公式，或直接填写")
    assert check("#N/A") == ("#N/A", None)  # somebody wrote that


@pytest.mark.parametrize(
    "cell",
    [
        "<c r='C2' t='e'><v>#REF!</v></c>",
        '<c t="e" r="C2">\n<f>VLOOKUP(A2,X!A:B,2,0)</f>\n<v>#REF!</v></c>',
        '<c r="C2" s="1" t="e"><f t="shared" si="0"/><v>#REF!</v></c>',
    ],
)
def test_error_values_as_programs_write_them(tmp_path: Path, cell: str) -> None:
    texts = [f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>' for at, text in (("A1", "姓名"), ("B1", "手机号"), ("C1", "专业"))]
    below = f'<c r="A2" t="inlineStr"><is><t>张三</t></is></c><c r="B2"><v>13900000001</v></c>{cell}'
    with_sheet(tmp_path / "a", f'<row r="1">{"".join(texts)}</row><row r="2">{below}</row>')
    assert read(tmp_path / "a") == [(2, {"name": "张三", "mobile": "13900000001", "major": "公式错误值 #REF!"})]


@pytest.mark.parametrize(
    "text", [b"<c " * 300_000, b"<c " + b" t" * 400_000, b'<c t="e" r="A1"><f>' * 50_000, b'<c t="e" r="A1">' + b" " * 900_000]
)
def test_the_look_for_error_values_is_linear(text: bytes) -> None:
    assert not _of_pieces([text], {}).zeros


def test_a_sheet_that_goes_on_without_headings_is_named(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, teacher(1)):
        sheet.append(list(row))
    for title, rows in (("续表", [teacher(2), [], teacher(3)]), ("说明", [["填表说明"], ["张三", "请核对"]]), ("隐藏", [teacher(4)])):
        more = book.create_sheet(title)
        for row in rows:
            more.append(list(row))
    book["隐藏"].sheet_state = "hidden"
    book.save(tmp_path / "a")
    with open_table(tmp_path / "a", "教师.xlsx", COLUMNS) as table:
        assert [number for number, _ in table.rows] == [2]
        assert table.others == (FoundSheet("续表", 2, 0, "没有表头"), FoundSheet("隐藏", 1, 0, "没有表头"))


def test_a_row_with_more_cells_than_headings_is_marked(tmp_path: Path) -> None:
    rows = (
        "姓名,专业,手机号",
        "张三,软件技术,13900000001",
        "李四,软件,网络,13900000002",
        '王五,"软件,网络",13900000003,,',  # programs part empty cells, too
        "赵六,软件,网络,数据,13900000004,,再见",
        "钱七,软件技术,13900000005",
    )
    (tmp_path / "a").write_text("\n".join(rows), "utf-8")
    with open_table(tmp_path / "a", "教师.csv", COLUMNS) as table:
        marked = {number: extra_problem(table.places, cells) for number, cells in table.rows}
    assert [number for number, problem in marked.items() if problem] == [3, 5]
    assert str(marked[3]).startswith("这一行比表头多出 1 格（“13900000002”），可能有未加引号的逗号")
    assert str(marked[5]).startswith("这一行比表头多出 4 格（“数据”、“13900000004”、“再见”）")


@pytest.mark.parametrize("sign", ["\t", ";"])
def test_commas_in_a_file_that_they_do_not_part_are_text(tmp_path: Path, sign: str) -> None:
    rows = (("姓名", "专业", "手机号"), ("张三", "软件,网络,数据", "13900000001"))
    (tmp_path / "a").write_text("\n".join(map(sign.join, rows)), "utf-8")
    ((_, row),) = read(tmp_path / "a", "教师.csv")
    assert row == {"name": "张三", "major": "软件,网络,数据", "mobile": "13900000001"}


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("000000", 1234, "001234"),
        ("[$-804]000000", 1234, "001234"),
        ("000000;@", 1234, "001234"),
        ("000000", 1234567, "1234567"),
        ("000000", 12.5, "12.5"),  # it is shown rounded: the value counts
        ("000000", "1234", "1234"),  # a text is shown as it is
        ("0", 7, "7"),
        ("0000-0000", 1234, "1234"),  # more than zeros: nothing clever
        ("#,##0", 1234, "1234"),
    ],
)
def test_leading_zeros_that_only_the_format_shows_are_read(tmp_path: Path, form: str, value: object, text: str) -> None:
    book = load_workbook(workbook(tmp_path / "a.xlsx", [("姓名", "手机号", "专业"), ("张三", 1, "甲"), ("李四", 2, value)]))
    sheet = book.worksheets[0]
    sheet["C3"].number_format = form
    sheet["B2"].number_format = "0000"
    book.save(tmp_path / "b")
    assert [row["major"] for _, row in read(tmp_path / "b")] == ["甲", text]
    assert [row["mobile"] for _, row in read(tmp_path / "b")] == ["0001", "2"]


def test_a_number_that_is_shown_with_zeros_is_a_number_in_a_column_of_numbers() -> None:
    assert reader({"type": "integer"})("000000000000001234") == (1234, None)


def test_formats_are_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a", [HEADER, teacher(1)])
    monkeypatch.setattr(marks, "MAX_STYLES", 100)
    assert "单元格样式过多" in refusal(path)
    monkeypatch.undo()
    assert "已损坏" in refusal(with_parts(tmp_path / "b", {"xl/styles.xml": b"<styleSheet><a></styleSheet>"}))


def test_what_a_sheet_does_not_show_is_read_and_told(tmp_path: Path) -> None:
    book = load_workbook(workbook(tmp_path / "a.xlsx", [HEADER, *(teacher(n) for n in range(1, 6)), [], ["（完）"]]))
    sheet = book.worksheets[0]
    for row in (1, 3, 5, 7):  # the headings and a blank row are none of those that are imported
        sheet.row_dimensions[row].hidden = True
    sheet.column_dimensions["F"].hidden = True
    sheet.column_dimensions["Z"].hidden = True
    book.save(tmp_path / "b")
    with open_table(tmp_path / "b", "教师.xlsx", COLUMNS) as table:
        assert len(list(table.rows)) == 6
        assert table.hidden_rows == {3, 5}
        assert table.hidden_columns == ("职称",)
