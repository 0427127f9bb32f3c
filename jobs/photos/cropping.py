"""Where a portrait of another size is to be cut out of a picture: around the head, where one is found before its ground.

No detector of faces: before a ground of one colour the head is what rises highest out of the shoulders, and this was found more often
and more closely than by the detector that was tried (docs/decisions/photos.md). A crop cuts and scales; it paints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from PIL import Image, ImageChops, ImageFilter

from jobs.photos.grounds import colour_of, edge_of

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; the last two are not part of it."""

SIZE = (295, 413)  # pixels (manual 5.2.3.3, row 5.2.3.3)
HEAD = 0.55  # of the height of a portrait is the head with its hair
ABOVE = 0.11  # of the height is ground above the hair
SAME_SHAPE = 0.02  # the part by which the sides of a picture may be off 295 : 413 and it counts as framed already
LARGER = 1.25  # times at most that a crop is enlarged: more looks blurred in print
_TALL = 160  # rows of the small picture in which the head is looked for
_APART = 48  # of 255: how far a pixel is from the ground in one of red, green and blue at least, to be no ground
_GROWN = 1.30  # height of a head with its hair over its width


@dataclass(frozen=True)
class Head:
    """A head with its hair, in pixels."""

    middle: float
    top: float
    width: float

    @property
    def height(self) -> float:
        """From the hair to the chin: heads are of one shape, nearly, while long hair hides where a chin is."""
        return self.width * _GROWN


def crop_of(picture: Image.Image) -> Box | None:
    """Where to cut an RGB picture for a portrait of `SIZE`; None where that would have to be enlarged until it looks blurred."""
    width, height = picture.size
    if abs(width * SIZE[1] / (height * SIZE[0]) - 1) <= SAME_SHAPE:
        box = _largest(picture.size, width / 2, 0.5)
    else:
        head = head_of(picture)
        box = _largest(picture.size, width / 2, 0.2) if head is None else _around(picture.size, head)
    return box if (box[3] - box[1]) * LARGER >= SIZE[1] and (box[2] - box[0]) * LARGER >= SIZE[0] else None


def cropped(picture: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """The portrait in a box of a picture."""
    return picture.resize(SIZE, Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def head_of(picture: Image.Image) -> Head | None:
    """The head in an RGB picture; None where nothing before its ground looks like one."""
    scale = _TALL / picture.height
    across = max(round(picture.width * scale), 1)
    small = picture.resize((across, _TALL), Image.Resampling.BOX, reducing_gap=2.0)
    apart = ImageChops.difference(small, Image.new("RGB", small.size, colour_of(edge_of(small))))
    strongest = reduce(ImageChops.lighter, apart.split())
    figure = strongest.point([255 * (one > _APART) for one in range(256)]).filter(ImageFilter.MedianFilter(5)).tobytes()
    rows = [figure[at * across : (at + 1) * across] for at in range(_TALL)]
    top = next((at for at in range(_TALL - 8) if all(row.count(255) >= 2 for row in rows[at : at + 4])), None)
    if top is None or top < 2:  # no figure, or one that is cut off above
        return None
    width = _plateau([_run(row) for row in rows[top:]])
    if width is None or width > 0.9 * across:
        return None
    runs = [_ends(row) for row in rows[top + round(width * 0.3) : top + round(width * 0.9)]]
    middles = sorted((left + right) / 2 for left, right in runs if right > left)
    return Head(middles[len(middles) // 2] / scale, top / scale, width / scale) if middles else None


def _ends(row: bytes) -> tuple[int, int]:
    return row.find(255), row.rfind(255) + 1


def _run(row: bytes) -> int:
    left, right = _ends(row)
    return right - left if left >= 0 else 0


def _plateau(widths: Sequence[int]) -> int | None:
    """The width at which a figure, from its top down, grows no more for a while: that of the head, before the shoulders begin."""
    least = 8
    for at in range(4, len(widths) - least):
        now, later = widths[at], widths[at + max(least, widths[at] // 4)] if at + max(least, widths[at] // 4) < len(widths) else None
        if later is None:
            return None
        if now >= 12 and at >= now * 0.35 and later <= now * 1.06:
            return max(widths[: at + 1])
    return None


def _around(size: tuple[int, int], head: Head) -> Box:
    """The portrait around a head, moved and made smaller where it would reach beyond the picture."""
    width, height = size
    tall = min(head.height / HEAD, height, width * SIZE[1] / SIZE[0])
    wide = tall * SIZE[0] / SIZE[1]
    top = min(max(head.top - ABOVE * tall, 0), height - tall)
    left = min(max(head.middle - wide / 2, 0), width - wide)
    return _pixels(left, top, wide, tall, size)


def _largest(size: tuple[int, int], middle: float, down: float) -> Box:
    """The largest portrait in a picture; `down` is the part of what is left over in height that lies above it."""
    width, height = size
    tall = min(height, width * SIZE[1] / SIZE[0])
    wide = tall * SIZE[0] / SIZE[1]
    return _pixels(min(max(middle - wide / 2, 0), width - wide), (height - tall) * down, wide, tall, size)


def _pixels(left: float, top: float, wide: float, tall: float, size: tuple[int, int]) -> Box:
    x, y = round(left), round(top)
    return x, y, min(round(x + wide), size[0]), min(round(y + tall), size[1])
