"""Looks at one photo: whether it is a JPEG or PNG that holds a portrait of the right size before the right ground, and what mends it.

Runs in a confined process (`jobs.photos.apart`). What is kept is a JPEG without anything that its camera or its owner wrote into it.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil

import puremagic
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from jobs.photos.cropping import SIZE, Box, crop_of, cropped
from jobs.photos.framing import least_of, source_of
from jobs.photos.grounds import DEFAULT, edge_of, ground_problem

Image.preinit()  # loads the decoders: once in the server of confined processes, not in each of them
MEGABYTE = 1024 * 1024
MOST = 5 * MEGABYTE  # bytes (manual 5.2.3.3)
MOST_READ = 20 * MEGABYTE  # bytes of a file that is opened: one over `MOST` is refused, but a crop of it is small
FORMATS = ("JPEG", "PNG")  # the only decoders that ever see a photo
MOST_PIXELS = 50_000_000  # of a picture that is decoded: some 200 MB; cameras of telephones have 12 to 50 million
LONGEST_SIDE = 65_500  # pixels: no JPEG can be made of a crop's surroundings that are longer (libjpeg)
MOST_SCANS = 60  # of a progressive JPEG; programs write about ten, and each costs a pass over the whole picture
PREVIEW = (177, 248)  # pixels of the picture that shows a refused photo
_SMALL = (36, 51)  # an eighth of `SIZE`: decoded so, a JPEG is read to its end and its ground measured in less time
_LARGE = (1180, 1652)  # four times `SIZE`: larger JPEGs are decoded at a fraction of their size
_ORIENTATION = 0x0112  # the tag of EXIF
_CLEAR = 250  # of 255: what is less opaque is transparent
_NOT_READ = (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, IndexError, KeyError, TypeError, OverflowError)
_OFFICE = {"DOCX": "Office 文档", "XLSX": "Office 文档", "PPTX": "Office 文档"}  # by its beginning nobody knows which of them
_IMAGES = ("GIF", "BMP", "WEBP", "TIF", "TIFF", "HEIC", "HEIF", "AVIF", "JP2", "ICO", "PSD", "SVG")
_OTHERS = frozenset((*_IMAGES, "PDF", "DOC", "DOCX", "XLS", "XLSX", "PPTX", "ZIP", "RAR", "7Z", "MP4", "MOV", "HTML"))
"""What a file may be called that is no photo; the library's other guesses tell people nothing."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # inside a scan FF 00 is a stuffed FF, D0 to D7 are restarts, FF FF fills


@dataclass(frozen=True)
class Look:
    """What was seen. A photo without a `problem` is `kept`; a refused one that a crop mends has the crop there."""

    problem: str | None
    kept: bytes | None = None
    preview: bytes | None = None
    """Of a refused photo that could be decoded: a small picture of it."""
    box: Box | None = None
    """Where the crop is in the photo, turned upright."""
    size: tuple[int, int] | None = None
    """Pixels of the photo, turned upright."""
    source: bytes | None = None
    """With a crop: the picture from which another one may be cut."""
    least: int | None = None
    """With it: pixels of the photo that a crop must be wide at least."""


class BadPhoto(Exception):
    """Why a photo cannot be looked at, for people."""


def look(content: bytes, ground: str = DEFAULT) -> Look:
    """Looks at the bytes of a photo."""
    if problem := size_problem(len(content)):
        return Look(problem)
    heavy = _too_heavy(len(content)) if len(content) > MOST else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _look(content, ground, heavy)
    except BadPhoto as error:
        return Look(_joined(heavy, str(error)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Look(_joined(heavy, "照片像素过多，不能处理，请缩小后重新上传"))
    except _NOT_READ:  # what Pillow raises for files that are damaged, cut short or made to do harm
        return Look(_joined(heavy, "照片已损坏或不完整，不能打开，请重新导出后上传"))


def size_problem(size: int) -> str | None:
    """Why a file of so many bytes is not even opened, in Chinese; None where it is."""
    if size == 0:
        return "照片文件是空的，请重新导出后上传"
    return _too_heavy(size) if size > MOST_READ else None


def _too_heavy(size: int) -> str:
    return f"照片大小为 {ceil(size / MEGABYTE * 10) / 10} MB，应在 5 MB 以内"


def _joined(*problems: str | None) -> str:
    return "；".join(one for one in problems if one is not None)


def _look(content: bytes, ground: str, heavy: str | None) -> Look:
    """`heavy`: that the file has too many bytes, where it has."""
    picture = _opened(content)
    if (
        heavy is None
        and picture.format == "JPEG"
        and picture.size == SIZE
        and picture.mode == "RGB"
        and "exif" not in picture.info
        and not _coloured(picture)
    ):
        picture.draft("RGB", _SMALL)
        picture.load()
        if ground_problem(edge_of(picture), ground) is None and (kept := stripped(content)) is not None:
            return Look(None, kept, size=SIZE)
        picture = _opened(content)
    return _judged(_upright(picture), ground, heavy)


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadPhoto(f"照片不是 JPG、PNG 格式{_really(content)}，请另存为 JPG 后上传") from error
    width, height = picture.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise BadPhoto(f"照片像素 {width}×{height}，过大，不能处理，应为 {SIZE[0]}×{SIZE[1]}，请缩小后重新上传")
    if "progressive" in picture.info and content.count(b"\xff\xda") > MOST_SCANS:
        raise BadPhoto("照片文件结构异常，请用看图软件另存为 JPG 后上传")
    return picture


def _really(content: bytes) -> str:
    """What a file is that is no photo, in brackets; empty where nobody knows."""
    try:
        found = puremagic.from_string(content[:4096]).lstrip(".").upper()
    except (puremagic.PureError, ValueError):
        return ""
    return f"（检测到 {_OFFICE.get(found, found)}）" if found in _OTHERS else ""


def _coloured(picture: Image.Image) -> bool:
    """Whether the colours of a picture mean others than those of sRGB: it has a profile that says so."""
    profile: bytes = picture.info.get("icc_profile") or b""
    return profile != b"" and b"sRGB" not in profile[:4096] and "sRGB".encode("utf-16-be") not in profile[:4096]


def _upright(picture: Image.Image) -> tuple[Image.Image, tuple[int, int]]:
    """A picture turned as it is to be seen, in RGB, and its size in pixels; a large one comes smaller than that."""
    size = picture.size
    if picture.format == "JPEG" and picture.mode in ("RGB", "L"):
        picture.draft(picture.mode, _LARGE if size[0] < size[1] else (_LARGE[1], _LARGE[0]))
    turned = _orientation(picture) in (5, 6, 7, 8)
    picture.load()
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
        clear = sum(alpha.histogram()[:_CLEAR]) / (alpha.width * alpha.height)
        if clear > 0.001:
            raise BadPhoto(f"照片有透明部分（占 {max(clear, 0.01):.0%}），没有底色，请填充底色后重新上传")
    plain = _in_srgb(picture)
    if _orientation(plain) != 1:
        ImageOps.exif_transpose(plain, in_place=True)
    return plain, (size[1], size[0]) if turned else size


def _orientation(picture: Image.Image) -> object:
    """How a picture is to be turned, by its EXIF; 1 (as it is) where that says nothing, or is damaged: viewers show it all the same."""
    try:
        return picture.getexif().get(_ORIENTATION, 1)
    except _NOT_READ:
        return 1


def _in_srgb(picture: Image.Image) -> Image.Image:
    """A picture in RGB as sRGB means it. Keeps what says how it is to be turned."""
    source = picture if picture.mode in ("RGB", "CMYK", "L") else picture.convert("RGBA").convert("RGB")
    if _coloured(picture) and picture.mode in ("RGB", "CMYK"):
        try:
            profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
            found = ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if found is not None:
                return found
        except (ImageCms.PyCMSError, OSError):  # a profile that is no profile, or one of other colours
            pass
    return source.convert("RGB")


def _judged(upright: tuple[Image.Image, tuple[int, int]], ground: str, heavy: str | None) -> Look:
    picture, size = upright
    if size == SIZE and heavy is None:
        problem = ground_problem(edge_of(picture), ground)
        return Look(None, as_jpeg(picture), size=size) if problem is None else Look(problem, None, _preview(picture), None, size)
    problem = _joined(heavy, None if size == SIZE else f"照片像素 {size[0]}×{size[1]}，应为 {SIZE[0]}×{SIZE[1]}")
    box = crop_of(picture)
    if box is None:
        return Look(f"{problem}；像素太少，放大后会模糊，请换一张更清晰的照片", None, _preview(picture), None, size)
    portrait = cropped(picture, box)
    if other := ground_problem(edge_of(portrait), ground):
        return Look(f"{problem}；{other}", None, _preview(picture), None, size)
    scale = size[1] / picture.height
    left, top, right, bottom = (round(one * scale) for one in box)
    source, part = source_of(picture, box)
    least = least_of(part / scale)
    return Look(problem, as_jpeg(portrait), _preview(picture), (left, top, right, bottom), size, as_jpeg(source, 90), least)


def cut(source: bytes, size: tuple[int, int], box: Box, ground: str = DEFAULT) -> Look:
    """Another crop of a photo of this size, from the `source` that a look at it gave. `box` is in pixels of the photo."""
    picture = Image.open(BytesIO(source), formats=("JPEG",))
    part = picture.width / size[0]
    left, top, right, bottom = (one * part for one in box)
    portrait = cropped(picture, (left, top, min(right, picture.width), min(bottom, picture.height)))
    if problem := ground_problem(edge_of(portrait), ground):
        return Look(f"按这个位置裁剪时，{problem}，请移动裁剪框")
    return Look(None, as_jpeg(portrait), box=box, size=size)


def as_jpeg(picture: Image.Image, quality: int = 94) -> bytes:
    """An RGB picture as a JPEG with nothing else in it; colours as fine as lightness, or a red ground bleeds into the hair."""
    written = BytesIO()
    picture.save(written, "JPEG", quality=quality, subsampling=0, icc_profile=None, exif=b"", comment=b"")
    return written.getvalue()


def _preview(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail(PREVIEW, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return as_jpeg(small, 80)


def stripped(content: bytes) -> bytes | None:
    """A JPEG without EXIF, profiles, comments, thumbnails and what follows its end, not encoded again; None where it is oddly made.

    Of the application segments JFIF's head stays, and Adobe's, which says how colours are coded (ITU-T T.81, T.871).
    """
    parts, at = [(0, 2)], 2  # from and to where something stays: most photos stay whole, and are not copied
    while True:
        if content[at : at + 1] != b"\xff":
            return None
        while content[at + 1 : at + 2] == b"\xff":
            at += 1
        marker = content[at + 1 : at + 2]
        if marker == b"\xd9":
            return _of(content, [*parts, (at, at + 2)])
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(content) or not b"\xc0" <= marker <= b"\xfe" or b"\xd0" <= marker <= b"\xd8":
            return None
        stays = _stays(marker, content[at:end])
        if marker == b"\xda":
            end = _end_of_scan(content, end)
        if stays:
            parts.append((at, end))
        at = end


def _of(content: bytes, parts: Sequence[tuple[int, int]]) -> bytes:
    """These parts of it, one after the other; itself where they are all of it."""
    whole = sum(end - begin for begin, end in parts) == len(content)
    return content if whole else b"".join(content[begin:end] for begin, end in parts)


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the first marker behind a scan is; the end of the file where there is none."""
    found = _MARKER.search(content, at)
    return len(content) if found is None else found.start()


def _stays(marker: bytes, segment: bytes) -> bool:
    if marker == b"\xe0":
        return len(segment) == 18 and segment[4:9] == b"JFIF\0"
    if marker == b"\xee":
        return len(segment) == 16 and segment[4:9] == b"Adobe"
    return not (b"\xe1" <= marker <= b"\xef" or marker == b"\xfe")
