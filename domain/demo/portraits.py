"""Made-up portrait photos, drawn: no real person is in them. Good ones, and each kind of one that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

SIZE = (295, 413)  # pixels of a small one-inch photo (manual 5.2.3.3)
RED: Colour = (200, 30, 38)
BLUE: Colour = (60, 120, 200)
WHITE: Colour = (248, 248, 248)
_SKINS: tuple[Colour, ...] = ((244, 208, 180), (232, 190, 160), (218, 172, 138), (250, 220, 196))
_HAIRS: tuple[Colour, ...] = ((28, 24, 26), (46, 34, 28), (18, 18, 22), (70, 52, 40), (150, 146, 142))
_CLOTHES: tuple[Colour, ...] = ((250, 250, 250), (38, 52, 84), (70, 74, 80), (120, 140, 170), (96, 40, 56), (34, 86, 66))
_FINER = 2  # times as many pixels each way while drawing, for smooth edges


@dataclass(frozen=True)
class Pose:
    """Where the head is in a picture: its middle (parts of width and height), and its height from crown to chin (part of the height)."""

    x: float = 0.5
    y: float = 0.43
    head: float = 0.52


@dataclass(frozen=True)
class Portrait:
    """A drawn photo, and where its head is: left, crown, right and chin in pixels."""

    picture: Image.Image
    head: Box


def draw(number: int, ground: Colour = RED, size: tuple[int, int] = SIZE, pose: Pose | None = None) -> Portrait:
    """The portrait of this number: face, hair and clothes follow from it, whatever the ground, size and pose."""
    random = Random(f"portrait {number}")  # noqa: S311  # a picture, no secret
    pose = pose or Pose(0.5 + random.uniform(-0.015, 0.015), 0.43 + random.uniform(-0.012, 0.012), random.uniform(0.49, 0.55))
    width, height = size[0] * _FINER, size[1] * _FINER
    picture = _studio(random, ground, (width, height))
    pen = ImageDraw.Draw(picture)
    tall = pose.head * height
    wide = tall * random.uniform(0.70, 0.76)
    x, y = pose.x * width, pose.y * height
    box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
    skin, hair, cloth = random.choice(_SKINS), random.choice(_HAIRS), random.choice(_CLOTHES)
    style = random.choice(("short", "short", "parted", "long", "bun", "crew"))
    _behind(pen, box, hair, style)
    _body(pen, box, skin, cloth, random)
    _head(pen, box, skin, hair, style)
    _features(pen, box, skin, hair, random)
    small = picture.resize(size, Image.Resampling.LANCZOS)
    grain = Image.effect_noise(size, 12).convert("RGB")
    crown = box[1] - tall * (0.22 if style == "bun" else 0.05)
    return Portrait(Image.blend(small, grain, 0.03), tuple(one / _FINER for one in (box[0], crown, box[2], box[3])))  # type: ignore[arg-type]


def as_jpeg(picture: Image.Image, quality: int = 92) -> bytes:
    """The picture as a file."""
    written = BytesIO()
    picture.save(written, "JPEG", quality=quality)
    return written.getvalue()


def as_png(picture: Image.Image) -> bytes:
    """The picture as a file."""
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _studio(random: Random, ground: Colour, size: tuple[int, int]) -> Image.Image:
    """A cloth, lit from above and a little from one side, soft as out of focus."""
    corners = [1 + random.uniform(-0.02, 0.05) for _ in range(2)] + [1 + random.uniform(-0.10, 0.0) for _ in range(2)]
    little = Image.frombytes("RGB", (2, 2), bytes(min(255, round(one * light)) for light in corners for one in ground))
    return little.resize(size, Image.Resampling.BICUBIC)


def _part(box: Box, left: float, top: float, right: float, bottom: float) -> Box:
    """A box in parts of the head's box."""
    wide, tall = box[2] - box[0], box[3] - box[1]
    return box[0] + left * wide, box[1] + top * tall, box[0] + right * wide, box[1] + bottom * tall


def _behind(pen: ImageDraw.ImageDraw, box: Box, hair: Colour, style: str) -> None:
    if style == "long":
        pen.rounded_rectangle(_part(box, -0.10, 0.12, 1.10, 1.22), radius=(box[2] - box[0]) * 0.3, fill=hair)
    if style == "bun":
        pen.ellipse(_part(box, 0.30, -0.22, 0.70, 0.08), fill=hair)


def _body(pen: ImageDraw.ImageDraw, box: Box, skin: Colour, cloth: Colour, random: Random) -> None:
    shoulders = random.uniform(0.52, 0.66)
    shade = _darker(skin, 0.86)
    pen.rounded_rectangle(_part(box, 0.5 - shoulders * 1.7, 1.16, 0.5 + shoulders * 1.7, 3.0), radius=(box[2] - box[0]) * 0.45, fill=cloth)
    pen.polygon([*_part(box, 0.24, 0.9, 0.76, 0.9), *_part(box, 0.86, 1.24, 0.14, 1.24)], fill=shade)
    pen.polygon([*_part(box, 0.18, 1.20, 0.82, 1.20), *_part(box, 0.5, 1.52, 0.5, 1.52)], fill=shade)
    dark = _darker(cloth, 0.8)
    for left in (0.10, 0.90):
        pen.line([*_part(box, left, 1.18, 0.5, 1.54)], fill=dark, width=round((box[2] - box[0]) * 0.05))


def _head(pen: ImageDraw.ImageDraw, box: Box, skin: Colour, hair: Colour, style: str) -> None:
    """Ears, hair and the face that it leaves free."""
    for left in (-0.06, 0.94):
        pen.ellipse(_part(box, left, 0.45, left + 0.12, 0.67), fill=_darker(skin, 0.88))
    pen.ellipse(_part(box, 0, 0, 1, 1), fill=skin)
    line = {"crew": 0.15, "short": 0.19, "parted": 0.20, "long": 0.17, "bun": 0.13}[style]
    pen.chord(_part(box, -0.045, -0.05, 1.045, 1.02), 180, 360, fill=hair)
    pen.ellipse(_part(box, 0.055, line, 0.945, 1.0), fill=skin)
    if style in ("short", "crew"):
        pen.ellipse(_part(box, 0.06, line - 0.14, 0.94, line + 0.18), fill=hair)
    if style == "parted":
        pen.pieslice(_part(box, -0.02, 0.02, 1.3, 0.60), 180, 268, fill=hair)
    if style == "long":
        for left, right in ((-0.09, 0.09), (0.91, 1.09)):
            pen.rounded_rectangle(_part(box, left, 0.30, right, 1.16), radius=(box[2] - box[0]) * 0.08, fill=hair)


def _features(pen: ImageDraw.ImageDraw, box: Box, skin: Colour, hair: Colour, random: Random) -> None:
    tall = box[3] - box[1]
    shade = _darker(skin, 0.86)
    for middle in (0.31, 0.69):
        pen.ellipse(_part(box, middle - 0.10, 0.62, middle + 0.10, 0.73), fill=(min(255, skin[0] + 4), skin[1] - 7, skin[2] - 7))
        pen.ellipse(_part(box, middle - 0.085, 0.478, middle + 0.085, 0.538), fill=(252, 250, 248))
        pen.ellipse(_part(box, middle - 0.045, 0.476, middle + 0.045, 0.540), fill=(44, 32, 28))
        pen.ellipse(_part(box, middle - 0.015, 0.485, middle + 0.008, 0.50), fill=(255, 255, 255))
        pen.line(_part(box, middle - 0.11, 0.428, middle + 0.11, 0.420), fill=_darker(hair, 0.9), width=max(2, round(tall * 0.016)))
    pen.line([*_part(box, 0.50, 0.54, 0.47, 0.675), *_part(box, 0.535, 0.685, 0.535, 0.685)], fill=shade, width=max(2, round(tall * 0.012)))
    smile = random.uniform(0.0, 0.03)
    pen.chord(_part(box, 0.37, 0.76 - smile, 0.63, 0.82 + smile), 10, 170, fill=(186, 96, 92))
    if random.random() < 0.35:
        line = max(2, round(tall * 0.014))
        for middle in (0.31, 0.69):
            pen.rounded_rectangle(_part(box, middle - 0.15, 0.445, middle + 0.15, 0.575), radius=line * 4, outline=(50, 50, 56), width=line)
        pen.line(_part(box, 0.46, 0.50, 0.54, 0.50), fill=(50, 50, 56), width=line)


def _darker(colour: Colour, light: float) -> Colour:
    red, green, blue = (round(one * light) for one in colour)
    return red, green, blue


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    """The picture as a camera out of focus sees it."""
    return picture.filter(ImageFilter.GaussianBlur(radius))
