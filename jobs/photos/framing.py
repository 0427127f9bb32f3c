"""Where people move the frame of a crop to: three positions of sliders, of which each gives a frame of 295 : 413 within the photo."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from PIL import Image

from jobs.photos.cropping import LARGER, SIZE, Box

STEPS = 1000  # of a slider
FINE = 1.5  # times the pixels of a portrait that the offered frame has in the picture that is kept to be cut anew


@dataclass(frozen=True)
class Place:
    """A frame by the sliders, each from 0 to `STEPS`: from the smallest to the largest, from left to right, from top to bottom."""

    size: int
    x: int
    y: int

    @property
    def possible(self) -> bool:
        """Whether the sliders go so far."""
        return all(0 <= one <= STEPS for one in (self.size, self.x, self.y))


def source_of(picture: Image.Image, box: Box) -> tuple[Image.Image, float]:
    """The picture from which other frames may be cut, and how many pixels of it one of `picture` has: no more than they need."""
    part = min(1.0, FINE * SIZE[0] / (box[2] - box[0]))
    if part == 1:
        return picture, 1.0
    return picture.resize((round(picture.width * part), round(picture.height * part)), Image.Resampling.LANCZOS, reducing_gap=3.0), part


def least_of(part: float) -> int:
    """Pixels of the photo that a frame must be wide at least, where one of them has `part` of a pixel in the source: else it is blurred."""
    return ceil(SIZE[0] / LARGER / part)


def frame_at(place: Place, size: tuple[int, int], least: int) -> Box:
    """The frame at a place of a photo of this size; it is within it, and of the shape of a portrait, whatever the place."""
    narrow, wide = _widths(size, least)
    width = narrow + (wide - narrow) * place.size / STEPS
    height = width * SIZE[1] / SIZE[0]
    left, top = (size[0] - width) * place.x / STEPS, (size[1] - height) * place.y / STEPS
    return round(left), round(top), min(round(left + width), size[0]), min(round(top + height), size[1])


def place_of(box: Box, size: tuple[int, int], least: int) -> Place:
    """Where the sliders stand for a frame."""
    narrow, wide = _widths(size, least)
    width, height = box[2] - box[0], box[3] - box[1]
    return Place(_step(width - narrow, wide - narrow), _step(box[0], size[0] - width), _step(box[1], size[1] - height))


def _widths(size: tuple[int, int], least: int) -> tuple[float, float]:
    wide = min(size[0], size[1] * SIZE[0] / SIZE[1])
    return min(least, wide), wide


def _step(at: float, most: float) -> int:
    return min(max(round(at / most * STEPS), 0), STEPS) if most > 0 else 0
