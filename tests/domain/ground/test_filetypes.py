"""What a file really is."""

from __future__ import annotations

import io

import pytest

from domain.ground.filetypes import WrongType, media_type_of
from tests.domain.ground.contents import PDF, png, zipped


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("申报书.pdf", PDF, "application/pdf"),
        ("大写.PDF", PDF, "application/pdf"),
        ("照片.png", png(), "image/png"),
        ("通知.docx", zipped("[Content_Types].xml", "word/document.xml"), None),
        ("明细.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), None),
    ],
)
def test_real_files_pass(name: str, content: bytes, media_type: str | None) -> None:
    found = media_type_of(name, io.BytesIO(content))
    assert media_type is None or found == media_type


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("程序.exe", b"MZ" + b"\0" * 200, "类型不能上传"),  # not asked for
        ("没有后缀", PDF, "类型不能上传"),
        ("页面.pdf", b"<html><script>alert(1)</script></html>", "内容不是 pdf"),  # renamed
        ("照片.pdf", png(), "内容不是 pdf"),
        ("断.pdf", PDF[:20] + b" " * 4000, "内容不是 pdf"),  # cut short
        ("空.pdf", b"", "内容不是 pdf"),
        ("网页.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "内容不是 jpg"),
    ],
)
def test_others_are_refused_with_the_reason(name: str, content: bytes, says: str) -> None:
    with pytest.raises(WrongType, match=says):
        media_type_of(name, io.BytesIO(content))


def test_only_what_the_form_accepts() -> None:
    with pytest.raises(WrongType, match="请上传 pdf 格式"):
        media_type_of("照片.png", io.BytesIO(png()), ("pdf",))
