"""Files made to do harm are refused at once, without being opened."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from jobs.imports import guarding
from jobs.imports.guarding import BadFile, inspect
from tests.jobs.imports.files import HEADER, NAMESPACE, teacher, with_parts, with_sheet, with_texts, workbook


def refusal(path: Path, name: str = "教师.xlsx") -> str:
    with pytest.raises(BadFile) as caught:
        inspect(path, name)
    return str(caught.value)


def test_a_good_file_passes(tmp_path: Path) -> None:
    assert inspect(workbook(tmp_path / "a", [HEADER, teacher(1)]), "教师.xlsx") == "xlsx"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空的"),
        (b"%PDF-1.7", "不是 Excel 文件"),
        (b"<html><table></table></html>", "不是 Excel 文件"),  # what other systems call .xls
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "另存为 .xlsx"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"PK\x03\x04" + bytes(50), "已损坏"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert said in refusal(path, "教师.xls")


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a", "w") as book:
        book.writestr("photo.jpg", b"x")
    assert "不是 Excel 文件" in refusal(tmp_path / "a")


def test_too_many_bytes(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(200 * 1024 * 1024)  # a hole: takes no room
    assert "20 MB" in refusal(tmp_path / "a")


def test_a_zip_bomb(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a", "w", ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "x")
        book.writestr("xl/worksheets/sheet1.xml", bytes(30 * 1024 * 1024))  # a thousand to one
    assert "压缩异常" in refusal(tmp_path / "a")


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = with_parts(tmp_path / "a", {"xl/big.xml": bytes(3_000_000)})
    content = path.read_bytes()
    path.write_bytes(content.replace((3_000_000).to_bytes(4, "little"), (300_000).to_bytes(4, "little")))
    assert "已损坏" in refusal(path)


def test_many_parts(tmp_path: Path) -> None:
    parts = {f"xl/{n}.xml": b"x" for n in range(guarding.MAX_ENTRIES + 1)}
    assert "结构异常" in refusal(with_parts(tmp_path / "a", parts))


def test_an_xml_bomb(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "' + "甲" * 20 + '">]><sst>&b;</sst>'
    assert "实体声明" in refusal(with_parts(tmp_path / "a", {"xl/sharedStrings.xml": bomb.encode()}))
    wide = bomb.encode("utf-16")
    assert "实体声明" in refusal(with_parts(tmp_path / "b", {"xl/sharedStrings.xml": wide}))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "50000 行"),
        ("<row r='1'><c t='n' s='1' r = 'XFD1'><v>1</v></c></row>", "100 列"),
        ('<row r="1"><c r="A99999999999"><v>1</v></c></row>', "50000 行"),
        ('<row r="50101"><c><v>1</v></c></row>', "50000 行"),
        ('<x:row r="1"><x:c  s="1" r="A50101"><x:v>1</x:v></x:c></x:row>', "50000 行"),
        ('<row r="1"><c r="CW1" r="A1"><v>1</v></c></row>', "100 列"),
    ],
)
def test_one_cell_far_out_needs_no_memory(tmp_path: Path, cells: str, said: str) -> None:
    assert said in refusal(with_sheet(tmp_path / "a", cells))


@pytest.mark.parametrize("cells", ['<row r="50100"><c r="A50100"><v>1</v></c></row>', "<row r='1'><c s='1' r = 'CV1'><v>1</v></c></row>"])
def test_the_last_row_and_column_that_may_hold_something(tmp_path: Path, cells: str) -> None:
    assert inspect(with_sheet(tmp_path / "a", cells), "教师.xlsx") == "xlsx"


def test_a_tag_without_end(tmp_path: Path) -> None:
    padding = os.urandom(1_500_000).hex()  # so that it does not count as a zip bomb
    assert "结构异常" in refusal(with_sheet(tmp_path / "a", f'<row><c s="{padding}" r="XFD1048576"><v>1</v></c></row>'))


def test_a_sheet_under_another_name(tmp_path: Path) -> None:
    sheet = f'<worksheet {NAMESPACE}><sheetData><row r="900000"><c r="A900000"><v>1</v></c></row></sheetData></worksheet>'
    assert "50000 行" in refusal(with_parts(tmp_path / "a", {"xl/media/image1.png": sheet.encode()}))


def test_styled_empty_cells_are_no_content(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c><c r="XFD1" s="2"/></row><row r="1048576" s="1"/>'
    assert inspect(with_sheet(tmp_path / "a", cells), "教师.xlsx") == "xlsx"


def test_formats_down_to_the_end_of_the_sheet_are_no_content(tmp_path: Path) -> None:
    drawn = "".join(f'<row r="{n}" ht="20" customHeight="1"><c r="A{n}" s="1"/></row>' for n in (2, 60_000, 1_048_576))
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row>'
    assert inspect(with_sheet(tmp_path / "a", first + drawn), "教师.xlsx") == "xlsx"
    for content in ("<c><v>1</v></c>", "<c r='A60000'><v>1</v></c>", "</row><row><c><v>1</v></c>"):
        assert "50000 行" in refusal(with_sheet(tmp_path / "b", f'{first}<row r="60000">{content}</row>'))
    again = '<row r="60000"><c r="A60000" s="1"/></row><row r="3"><c><v>1</v></c></row>'
    assert inspect(with_sheet(tmp_path / "c", first + again), "教师.xlsx") == "xlsx"


@pytest.mark.parametrize(
    ("cell", "calculated"),
    [
        ('<c r="A1"><f>1+1</f><v>2</v></c>', True),
        ('<c r="A1" t="str"><f>""</f><v></v></c>', True),
        ('<c r="A1"><f>1+1</f><v></v></c>', False),  # openpyxl
        ('<c r="A1"><f t="shared" si="0"/><v/></c>', False),
        ('<c r="A1" t="str"><f>B1</f></c>', False),
        ('<c r="A1">\n  <f>1+1</f>\n  <v>2</v>\n</c>', True),
        ('<c r="A1">\n  <f>1+1</f>\n</c>', False),
        ("<c r='A1' t='str'><f>\"\"</f><v xml:space='preserve'></v></c>", True),
        ('<c r="A1"><f>1+1</f><v xml:space="preserve"></v></c>', False),
        ('<x:c r="A1"><x:f>1+1</x:f><x:v/></x:c>', False),
        ('<x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c>', True),
    ],
)
def test_a_formula_without_its_value(tmp_path: Path, cell: str, calculated: bool) -> None:
    path = with_sheet(tmp_path / "a", f'<row r="1">{cell}</row>')
    assert inspect(path, "教师.xlsx") == "xlsx" if calculated else "公式没有计算结果（单元格 A1），请用" in refusal(path)


@pytest.mark.parametrize("text", [b"<c><f>" * 200_000, b"<c><f" + b" a" * 400_000, b"<c" + b" " * 900_000, b"<c><f/>" + b" " * 900_000])
def test_the_look_at_formulas_is_linear(text: bytes) -> None:
    guarding._must_be_calculated(text)


@pytest.mark.parametrize(
    "text",
    [b"<c " * 300_000, b"<c " + b" r" * 400_000, b"<c " + b' r="A1"' * 100_000, b"<c r" + b" " * 900_000, b"<" + b"a" * 900_000],
)
def test_the_look_at_places_is_linear(text: bytes) -> None:
    guarding._Places().look(text)  # would take hours where a pattern backtracks


def naming(count: int) -> str:
    """Cells that all name the first text."""
    return "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, count + 1))


@pytest.mark.parametrize("text", ["甲" * 32_768, "<r><t>a</t></r>" * 32_768, "&amp;" * 32_768])
def test_a_text_longer_than_a_cell_can_be(tmp_path: Path, text: str) -> None:
    for shared in (f"<si>{text}</si>", f"<si>{text}</si><si/>", f"<x:si >{text}</x:si>"):
        assert "超过 32767 个字" in refusal(with_texts(tmp_path / "a", shared, naming(1)))


@pytest.mark.parametrize("text", ["甲" * 32_767, "<r><t>a</t></r>" * 32_767, "&amp;" * 32_767])
def test_the_longest_text_of_a_cell_passes(tmp_path: Path, text: str) -> None:
    assert inspect(with_texts(tmp_path / "a", f"<si>{text}</si><si/>", naming(1)), "教师.xlsx") == "xlsx"


def test_texts_count_as_often_as_cells_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MAX_REFERENCED", 1_000_000)
    many = with_texts(tmp_path / "a", f"<si><t>{'a' * 30_000}</t></si><si/>", naming(34))
    assert "重复过多" in refusal(many)
    quoted = naming(34).replace('t="s"', "t = 's' s='1'").replace("<v>", "<v >\n")
    assert "重复过多" in refusal(with_texts(tmp_path / "b", f"<si><t>{'a' * 30_000}</t></si>", quoted))
    few = naming(10) + "".join(f'<row r="{n}"><c r="A{n}"><v>0</v></c></row>' for n in range(11, 2000))
    assert inspect(with_texts(tmp_path / "c", f"<si><t>{'a' * 30_000}</t></si>", few), "教师.xlsx") == "xlsx"


def test_a_text_that_is_read_in_pieces_is_measured_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_CHUNK", 10_000)
    texts = f"<si><t>{'a' * 9_000}</t></si><si><r><t>{'b' * 9_000}</t></r><r><t>{'c' * 9_000}</t></r></si><si/>"
    found = guarding._Texts()
    with ZipFile(with_texts(tmp_path / "a", texts, naming(1))) as book, book.open("xl/sharedStrings.xml") as part:
        guarding._part(part, found)
    assert [size // 1000 for size in found.sizes] == [9, 18, 0]
    assert found.longest // 1000 == 18


@pytest.mark.parametrize("text", [b"<si" * 300_000, b"<c" + b' t="s"' * 100_000, b"<c" + b" t" * 400_000, b'<c t="s"><v' + b" " * 900_000])
def test_the_look_at_texts_is_linear(text: bytes) -> None:
    found = guarding._Texts()
    found.look(text)  # would take hours where a pattern backtracks
    assert guarding._NAMING.findall(text) == []
