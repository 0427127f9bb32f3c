"""What a file really is: what people upload in good faith is taken, whatever printers and scanners made of it; the rest is refused."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import xlsxwriter

from domain.ground.filetypes import MEDIA_TYPES, WrongType, media_type_of
from tests.domain.ground.contents import PDF, compound, docx, package, png, xlsx, zipped

pytestmark = pytest.mark.row("8.3")
PJL = b'\x1b%-12345X@PJL JOB NAME="a"\r\n@PJL SET RESOLUTION=600\r\n@PJL ENTER LANGUAGE = PDF\r\n'
PROGRAM = (
    b"MZ\x90\0" + b"\0" * 60 + b"\x0e\x1f\xba\x0e\0\xb4\t\xcd!\xb8\x01L\xcd!This program cannot be run in DOS mode.\r\r\n$" + b"\0" * 400
)
ZIP = zipped(**{"a.txt": "x"})


def linearized(whole: bool = True) -> bytes:
    """A PDF made for the web: a first end near its beginning, and its length there."""
    first = b"%%PDF-1.5\n1 0 obj\n<< /Linearized 1 /L %010d /H [ 500 30 ] >>\nendobj\nstartxref\n0\n%%%%EOF\n"
    rest = b"2 0 obj\n<< /Type /Catalog >>\nendobj\n" + b"% filling\n" * 300 + b"startxref\n45\n%%EOF\n"
    length = len(first % 0) + len(rest)
    return (first % length) + (rest if whole else rest[:200])


def workbook() -> bytes:
    """As XlsxWriter makes it, with a picture."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "MZ")
        sheet.insert_image(1, 1, "x.png", {"image_data": io.BytesIO(png())})
    return out.getvalue()


GOOD = {
    "pdf": {
        "plain": PDF,
        "a mark of UTF-8": b"\xef\xbb\xbf" + PDF,
        "blanks and lines": b"\r\n \t\0" + PDF,
        "a mark and blanks": b"\xef\xbb\xbf\r\n" + PDF,
        "words to a printer": PJL + PDF + b"\x1b%-12345X@PJL EOJ\r\n\x1b%-12345X",
        "zeros of a scanner": PDF + b"\0" * 5000,
        "lines": PDF + b"\n" * 300_000,
        "what a mail gateway adds": PDF + b"<!-- checked -->\n" * 300,
        "written to again": PDF + b"2 0 obj\n<< >>\nendobj\nxref\nstartxref\n130\n%%EOF\n",
        "for the web": linearized(),
        "Windows lines": PDF.replace(b"\n", b"\r\n"),
    },
    "docx": {
        "plain": docx(),
        "an absolute target": package("wordprocessingml.document", target="/word/document.xml"),
        "a picture": docx(**{"word/media/image1.png": png()}),
        "a workbook in it": docx(**{"word/embeddings/Microsoft_Excel_Sheet1.xlsx": xlsx()}),
        "an old object": docx(**{"word/embeddings/oleObject1.bin": compound("\x01Ole", "Equation Native", content=b"x = 1")}),
        "a text file put in": docx(
            **{"word/embeddings/oleObject1.bin": compound("\x01Ole10Native", content=b"\x02\0list.txt\0C:\\list.txt\0")}
        ),
    },
    "xlsx": {
        "plain": xlsx(),
        "made by a program": workbook(),
        "printer settings": xlsx(**{"xl/printerSettings/printerSettings1.bin": b"H\0P\0"}),
    },
    "doc": {"plain": compound("WordDocument", "1Table")},
    "xls": {"plain": compound("Workbook"), "older": compound("Book")},
    "png": {"plain": png()},
}


@pytest.mark.parametrize(("ending", "name"), [(ending, name) for ending, files in GOOD.items() for name in files])
def test_files_of_good_faith_are_taken(ending: str, name: str) -> None:
    stream = io.BytesIO(GOOD[ending][name])
    assert media_type_of(f"附件.{ending.upper()}", stream, tuple(MEDIA_TYPES)) == MEDIA_TYPES[ending]
    assert stream.tell() == 0


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    """The package with a text in its parts replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zipped(**{name: archive.read(name).replace(old, new) for name in archive.namelist()})


def locked() -> bytes:
    """A zip whose parts a password locks."""
    content = bytearray(docx())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    return bytes(content)


RUNS, OTHER = "可执行的程序", "内容不是"
BAD = [
    ("程序.exe", PROGRAM, "类型不能上传"),  # not asked for
    ("没有后缀", PDF, "类型不能上传"),
    ("页面.pdf", b"<html><script>alert(1)</script></html>", OTHER),  # renamed
    ("页面与申报.pdf", b"<html><script>alert(1)</script>" + PDF, OTHER),  # a page that is a PDF too
    ("照片.pdf", png(), OTHER),
    ("断.pdf", PDF[:20] + b" " * 4000, OTHER),  # cut short
    ("续写断.pdf", PDF + b"2 0 obj\n<< /Length 9 >>\nstream\n" + b"x" * 4000, OTHER),  # cut short after an earlier end
    ("网页版断.pdf", linearized(whole=False), OTHER),
    ("行.pdf", b"\n" * 1024, OTHER),  # these three would take for ever, were a pattern not linear
    ("打印.pdf", b"@PJL " * 200, OTHER),
    ("数字.pdf", PDF + b"1 " * 500_000 + b"1 0 obj", OTHER),
    ("很靠后.pdf", b" " * 1100 + PDF, OTHER),  # what shows a PDF finds no version
    ("空.pdf", b"", OTHER),
    ("网页.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", OTHER),
    ("压缩包.docx", ZIP, OTHER),  # any zip
    ("像.docx", zipped(**{"[Content_Types].xml": "x", "word/document.xml": "x"}), OTHER),
    ("表.docx", xlsx(), OTHER),
    ("表.docx", workbook(), OTHER),
    ("文.xlsx", docx(), OTHER),
    ("文.xlsx", package("presentationml.presentation", "ppt/presentation.xml"), OTHER),
    ("无正文.docx", package("wordprocessingml.document", target="word/other.xml"), OTHER),
    ("自解压.docx", PROGRAM + docx(), OTHER),
    ("旧.docx", compound("WordDocument"), OTHER),
    ("新.doc", docx(), OTHER),
    ("表.doc", compound("Workbook"), OTHER),
    ("加密.docx", compound("EncryptedPackage", "EncryptionInfo"), "打开密码"),
    ("压缩密码.docx", locked(), "已损坏"),
    ("断.xlsx", workbook()[:-40], "已损坏"),
    ("坏.docx", replaced(docx(), b"<Types", b"<!DOCTYPE x [<!ENTITY a '&#x"), "已损坏"),
    ("程序.docx", docx(**{"word/setup.exe": PROGRAM}), RUNS),
    ("改名.docx", docx(**{"word/media/image1.png": PROGRAM}), RUNS),
    ("脚本.docx", docx(**{"word/open.vbs": "CreateObject"}), RUNS),
    ("对象.docx", docx(**{"word/embeddings/oleObject1.bin": compound("\x01Ole10Native", content=b"\x02\0a.txt\0" + PROGRAM)}), RUNS),
    ("对象.xlsx", xlsx(**{"xl/embeddings/oleObject1.bin": compound("\x01Ole10Native", content=b"\x02\0a.JS\0C:\\a.js\0")}), RUNS),
    ("宏.docx", package("application/vnd.ms-word.document.macroEnabled.main+xml"), "含有宏"),
    ("宏.xlsx", xlsx(**{"xl/vbaProject.bin": compound("VBA")}), "含有宏"),
]


@pytest.mark.parametrize(("name", "content", "says"), BAD)
def test_others_are_refused_with_the_reason(name: str, content: bytes, says: str) -> None:
    with pytest.raises(WrongType, match=says) as refused:
        media_type_of(name, io.BytesIO(content), tuple(MEDIA_TYPES))
    assert str(refused.value).startswith(f"“{name}”")
    assert "请" in str(refused.value)  # what to do


def test_an_object_that_unpacks_without_end_is_not_unpacked() -> None:
    content = docx(**{"word/embeddings/oleObject1.bin": compound("\x01Ole10Native") + b"\0" * (80 * 1024 * 1024)})
    assert len(content) < 200_000
    with pytest.raises(WrongType, match="嵌入的对象过大"):
        media_type_of("大.docx", io.BytesIO(content))


def test_a_list_of_types_that_unpacks_without_end_is_not_unpacked() -> None:
    with pytest.raises(WrongType, match="已损坏"):
        media_type_of("大.docx", io.BytesIO(replaced(docx(), b"<Types", b" " * 5_000_000 + b"<Types")))


def test_lies_about_sizes_are_damage() -> None:
    content = bytearray(docx(**{"word/big.bin": b"\0" * 5000}))
    at = content.rfind(b"PK\x01\x02", 0, content.rfind(b"word/big.bin"))
    struct.pack_into("<L", content, at + 20, 3)  # packed size in the directory
    with pytest.raises(WrongType, match="已损坏"):
        media_type_of("谎.docx", io.BytesIO(bytes(content)))


def test_only_what_the_form_accepts() -> None:
    with pytest.raises(WrongType, match="请上传 pdf 格式"):
        media_type_of("照片.png", io.BytesIO(png()), ("pdf",))
