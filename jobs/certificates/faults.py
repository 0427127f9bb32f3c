"""What is wrong with a layout that somebody has changed, in words for who changed it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jobs.certificates.drawing import draw, role_of
from jobs.certificates.facts import REQUIRED, ROLES, WORDS, CannotDraw, Certificate
from jobs.certificates.layouts import PLACEHOLDER, Box, Layout, Part, layout_of, parsed
from jobs.documents.fonts import clean, face_of

_PHOTO = 295 / 413  # width : height
_OFF = 0.02  # how far the place of the photo may be from that
_LEAST_QR, _LEAST_SEAL, _LEAST_PHOTO = 18.0, 20.0, 20.0  # mm: a phone reads a smaller code with luck alone


def faults(text: str) -> list[str]:
    """What is wrong with a layout; an empty list where certificates may be drawn by it.

    It is read, looked at part by part, then drawn with a made-up person.
    """
    layout, found = parsed(text)
    if layout is None or found:
        return list(dict.fromkeys(found))
    found = [*_counted(layout), *_named(layout), *_sized(layout), *_covered(layout), *_of_fonts(layout)]
    return list(dict.fromkeys(found)) or _of_trial(text)


def sample() -> Certificate:
    """A made-up certificate, by which an editor may show a layout."""
    return Certificate(
        number="32010003000000000017",
        name="测试考生",
        pinyin="CE SHI KAO SHENG",
        document="居民身份证",
        id_number="110105194912310021",
        photo=_grey_photo(),
        certificate="智能网联汽车检测与运维",
        grade="中级",
        organization="测试培训评价组织有限公司",
        site="测试职业技术学院",
        issued_on=date(2030, 6, 18),
        check_address="https://example.edu.cn/check/0123456789abcdef0123456789abcdef",
    )


def _counted(layout: Layout) -> Iterator[str]:
    for kind in ("照片", "二维码"):
        if (count := len(layout.of(kind))) != 1:
            yield f"证书上应有一个{kind}，现在有 {count} 个"
    for role, word in ROLES.items():
        if (count := sum(role_of(seal) == role for seal in layout.of("签章"))) != 1:
            yield f"证书上应有一个{word}的签章，现在有 {count} 个"


def _named(layout: Layout) -> Iterator[str]:
    named = {name for part in layout.of("文字") for name in PLACEHOLDER.findall(part.settings["文字"])}
    for name in REQUIRED:
        if name not in named:
            yield f"证书上没有{WORDS[name]}，请加上写有 {{{name}}} 的文字"


def _sized(layout: Layout) -> Iterator[str]:
    for kind, least in (("二维码", _LEAST_QR), ("签章", _LEAST_SEAL), ("照片", _LEAST_PHOTO)):
        for part in layout.of(kind):
            if min(part.box[2:]) < least:
                yield f"第 {part.line} 行：{kind}太小，宽和高至少 {least:g} 毫米"
    for part in layout.of("照片"):
        if part.box[3] and abs(part.box[2] / part.box[3] / _PHOTO - 1) > _OFF:
            yield f"第 {part.line} 行：照片的宽高比应为 295 : 413，例如 38 × 53.2 毫米"
    for part in (*layout.of("文字"), *layout.of("框"), *layout.of("花边"), *layout.of("团花")):
        if not min(part.box[2:]):
            yield f"第 {part.line} 行：{part.kind}的宽和高应大于 0"
    for part in layout.of("花边"):
        if min(part.box[2:]) < 4 * float(part.settings.get("宽度", 6)):
            yield f"第 {part.line} 行：花边太宽，“位置”的宽和高至少是“宽度”的 4 倍"


def _covered(layout: Layout) -> Iterator[str]:
    """A seal may stand over words, as on paper, but neither over the face nor over the code."""
    seals = layout.of("签章")
    for at, seal in enumerate(seals):
        for other in (*layout.of("照片"), *layout.of("二维码"), *seals[at + 1 :]):
            if _overlap(seal.box, other.box):
                yield f"第 {seal.line} 行：签章与第 {other.line} 行的{other.kind}重叠，请移开"
    for photo in layout.of("照片"):
        for code in layout.of("二维码"):
            if _overlap(photo.box, code.box):
                yield f"第 {photo.line} 行：照片与第 {code.line} 行的二维码重叠，请移开"
    yield from _hidden(layout, [*layout.of("照片"), *layout.of("二维码"), *layout.of("文字")])


def _hidden(layout: Layout, seen: list[Part]) -> Iterator[str]:
    order = {part: at for at, part in enumerate(layout.parts)}
    for frame in layout.of("框"):
        for part in seen:
            if "填充" in frame.settings and order[frame] > order[part] and _overlap(frame.box, part.box):
                yield f"第 {frame.line} 行：有填充的框盖住了第 {part.line} 行的{part.kind}，请写在它前面"


def _overlap(one: Box, other: Box) -> bool:
    return all(one[at] < other[at] + other[at + 2] and other[at] < one[at] + one[at + 2] for at in (0, 1))


def _of_fonts(layout: Layout) -> Iterator[str]:
    for part in layout.of("文字"):
        for one in dict.fromkeys(clean(PLACEHOLDER.sub("", part.settings["文字"]))):
            if face_of(one) is None:
                yield f"第 {part.line} 行：字符“{one}”（U+{ord(one):04X}）没有可用的字体，请改用其他字符"


def _of_trial(text: str) -> list[str]:
    try:
        draw(sample(), layout_of(text))
    except CannotDraw as error:
        return [str(error)]
    return []


def _grey_photo() -> bytes:
    from io import BytesIO

    from PIL import Image

    written = BytesIO()
    Image.new("RGB", (295, 413), (200, 200, 200)).save(written, "JPEG")
    return written.getvalue()
