"""The picture of a 电子签章: a transparent PNG of at most 2 MB (domain.md, 试点院校), which is decoded before it is taken."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

from domain.ground.errors import DomainError

MOST = 2 * 1024 * 1024  # bytes
SIDES = (100, 2000)  # pixels of either side; a decoded picture thus takes 16 MB at most


class BadPicture(DomainError):
    """签章图片不能使用，请上传透明背景的 PNG 图片。"""


def checked_picture(content: bytes) -> bytes:
    """The picture, written anew without the other contents of the file: texts, further frames, bytes after its end.

    Raises:
        BadPicture: it is too large, no PNG, damaged, or has no transparent ground; the message says which.
    """
    if not content:
        raise BadPicture("请选择签章图片")
    if len(content) > MOST:
        raise BadPicture("签章图片超过 2 MB，请压缩后重新上传")
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise BadPicture("签章图片不是 PNG 格式，请转换为透明背景的 PNG 后重新上传")
    try:
        _check_size(content)
        return _decoded(content)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise BadPicture("签章图片已损坏，请重新导出后上传") from error


def _check_size(content: bytes) -> None:
    """Checks the size that the head states, before anything is unpacked: a small file may hold a picture of many gigabytes."""
    width, height = struct.unpack(">II", content[16:24])
    low, high = SIDES
    if not (low <= width <= high and low <= height <= high):
        raise BadPicture(f"签章图片为 {width}×{height} 像素，每边应为 {low}–{high} 像素，请调整后重新上传")


def _decoded(content: bytes) -> bytes:
    with Image.open(BytesIO(content), formats=["PNG"]) as picture:
        if not picture.has_transparency_data:
            raise BadPicture("签章图片没有透明背景，请去除底色（另存为带透明通道的 PNG）后重新上传")
        plain = picture.convert("RGBA")
    least, most = plain.getchannel("A").getextrema()
    if least == 255:
        raise BadPicture("签章图片没有透明的部分，请去除底色后重新上传")
    if most == 0:
        raise BadPicture("签章图片是全透明的，看不到印章，请重新导出后上传")
    written = BytesIO()
    plain.save(written, "PNG")
    return written.getvalue()
