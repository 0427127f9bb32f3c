"""One photo: what is good, what is refused with the figure that was measured, and what is taken away from it."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image, ImageCms

from domain.demo.portraits import BLUE, RED, WHITE, Pose, draw
from jobs.photos.looking import MOST, MOST_READ, SIZE, look, stripped
from tests.jobs.photos.samples import blue, good, jpeg, other, png, png_of, turned, wide


def archive_of(name: str) -> bytes:
    """What a workbook begins with."""
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, "<workbook/>")
    return written.getvalue()


pytestmark = pytest.mark.row("5.2.3.3")
SECRET = b"Kamera 9"


def heavy(picture: Image.Image) -> bytes:
    """A file of more than five megabytes."""
    return jpeg(picture) + bytes(MOST)


def opened(content: bytes | None) -> Image.Image:
    assert content is not None
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def apart(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart on average, of 255."""
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (3 * one.width * one.height)


@pytest.mark.parametrize(
    "content",
    [
        jpeg(),
        jpeg(progressive=True),
        jpeg(subsampling=0),
        jpeg(good().convert("CMYK")),  # as print shops save
        png(),
        png(good().convert("RGBA")),  # a channel of transparency in which nothing is transparent
        png(good().quantize(128)),
        turned(good()),
    ],
    ids=["jpeg", "progressive", "fine colours", "CMYK", "png", "opaque", "palette", "turned"],
)
def test_a_good_photo_is_kept_as_a_jpeg_that_looks_the_same(content: bytes) -> None:
    seen = look(content)
    assert seen.problem is None
    kept = opened(seen.kept)
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", SIZE)
    assert apart(kept, good()) < 8


def test_a_jpeg_is_not_encoded_again_and_loses_what_cameras_write() -> None:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    content = jpeg(exif=exif, comment=SECRET, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert SECRET in content
    kept = stripped(content + b"behind the end " + SECRET)
    assert kept is not None
    assert SECRET not in kept
    assert not opened(kept).getexif()
    assert opened(kept).tobytes() == opened(content).tobytes()
    seen = look(jpeg(comment=SECRET))
    assert seen.kept is not None
    assert SECRET not in seen.kept
    turned_one = look(turned(good())).kept
    assert turned_one is not None
    assert SECRET not in turned_one


def test_a_jpeg_with_nothing_to_leave_out_stays_byte_for_byte() -> None:
    content = jpeg()
    assert stripped(content) == content
    assert stripped(content[:2] + b"\xff\xff" + content[2:]) == content  # fill bytes before a marker (ITU-T T.81, B.1.1.2)
    assert stripped(content[:-2]) is None  # no end


def test_a_profile_that_is_none_is_left_out() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for profile in (lab[:300], bytes(300)):  # cut off, and none at all: the numbers are taken as they are
        assert look(jpeg(icc_profile=profile)).problem is None


def test_damaged_exif_turns_nothing() -> None:
    seen = look(jpeg(exif=b"Exif\0\0" + b"no TIFF at all" * 9))
    assert (seen.problem, seen.size) == (None, SIZE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "照片文件是空的"),
        (b"x" * (MOST + 1), "照片大小为 5.1 MB，应在 5 MB 以内；照片不是 JPG、PNG 格式"),
        (b"x" * (MOST_READ + 1), "照片大小为 20.1 MB，应在 5 MB 以内"),
        (heavy(blue()), "照片大小为 5.1 MB，应在 5 MB 以内；照片底色不是红色（底色偏蓝：检测到 #"),
        (jpeg()[:4000], "照片已损坏或不完整"),
        (png()[:9000], "照片已损坏或不完整"),
        (jpeg()[:200], "照片已损坏或不完整"),
        (other("GIF"), "照片不是 JPG、PNG 格式（检测到 GIF）"),
        (other("BMP"), "照片不是 JPG、PNG 格式（检测到 BMP）"),
        (other("WEBP"), "照片不是 JPG、PNG 格式（检测到 WEBP）"),
        (other("TIFF"), "照片不是 JPG、PNG 格式"),
        (b"%PDF-1.4 not a photo", "照片不是 JPG、PNG 格式（检测到 PDF）"),
        (b"just a text", "照片不是 JPG、PNG 格式，"),
        (b"\0" * 5000, "照片不是 JPG、PNG 格式，"),  # which the library calls XXX
        (png_of(60_000, 60_000), "照片像素过多"),
        (png_of(9_000, 8_000), "照片像素 9000×8000，过大"),
        (png_of(300, 66_000), "照片像素 300×66000，过大"),
        (archive_of("xl/workbook.xml"), "照片不是 JPG、PNG 格式（检测到 Office 文档）"),
        (jpeg(progressive=True).replace(b"\xff\xd9", b"\xff\xda\0\2" * 100 + b"\xff\xd9"), "照片文件结构异常"),
        (jpeg(blue()), "照片底色不是红色（底色偏蓝：检测到 #"),
        (jpeg(draw(1, WHITE).picture), "照片底色不是红色（底色偏白：检测到 #"),
        (jpeg(good().convert("L")), "照片底色不是红色（底色偏灰：检测到 #"),
        (jpeg(good().resize((100, 140))), "照片像素 100×140，应为 295×413；像素太少，放大后会模糊"),
        (jpeg(draw(1, BLUE, (590, 826)).picture), "照片像素 590×826，应为 295×413；照片底色不是红色（底色偏蓝：检测到 #"),
    ],
)
def test_a_refused_photo_is_told_with_what_was_measured(content: bytes, told: str) -> None:
    seen = look(content)
    assert seen.problem is not None
    assert seen.problem.startswith(told)
    assert seen.kept is None


def test_a_transparent_ground_is_no_ground() -> None:
    picture = good().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 295, 60))
    assert (look(png(picture)).problem or "").startswith("照片有透明部分（占 15%），没有底色")


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (jpeg(wide().picture), (800, 900)),
        (png(wide().picture), (800, 900)),
        (turned(wide().picture), (800, 900)),
        (jpeg(draw(1, RED, (590, 826)).picture), (590, 826)),
        (jpeg(draw(1, RED, (3000, 4200), Pose()).picture, quality=70), (3000, 4200)),
        (jpeg(good().resize((285, 399))), (285, 399)),
    ],
)
def test_a_photo_of_another_size_is_refused_and_comes_with_the_crop_that_mends_it(content: bytes, size: tuple[int, int]) -> None:
    seen = look(content)
    assert seen.problem == f"照片像素 {size[0]}×{size[1]}，应为 295×413"
    assert seen.size == size
    assert seen.kept is not None
    assert look(seen.kept).problem is None
    assert seen.preview is not None
    assert max(opened(seen.preview).size) <= 248
    assert seen.box is not None
    left, top, right, bottom = seen.box
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert abs((right - left) / (bottom - top) - 295 / 413) < 0.02


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (heavy(good()), "照片大小为 5.1 MB，应在 5 MB 以内"),
        (heavy(wide().picture), "照片大小为 5.1 MB，应在 5 MB 以内；照片像素 800×900，应为 295×413"),
        (png(draw(1, RED, (1475, 2065)).picture, compress_level=0), "照片大小为 8.8 MB，应在 5 MB 以内；照片像素 1475×2065，应为 295×413"),
    ],
)
def test_a_photo_of_too_many_bytes_is_refused_and_comes_with_a_small_one_that_mends_it(content: bytes, told: str) -> None:
    seen = look(content)
    assert seen.problem == told
    assert seen.kept is not None
    assert len(seen.kept) < 200_000
    assert look(seen.kept).problem is None
    assert seen.box is not None


def test_another_ground_is_asked_for_by_its_name() -> None:
    assert look(jpeg(blue()), "蓝").problem is None
    assert (look(jpeg(), "蓝").problem or "").startswith("照片底色不是蓝色（底色偏红：检测到 #")
    assert look(jpeg(draw(2, WHITE).picture), "白").problem is None
