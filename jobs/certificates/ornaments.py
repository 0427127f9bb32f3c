"""Guilloche: the fine closed curves that certificates have as borders and grounds, as operators of PDF (ISO 32000-1, 8.5.2)."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, hypot, pi, sin

from jobs.documents.drawing import MM

Point = tuple[float, float]
Curve = Callable[[float], Point]
"""A closed curve: from 0–1 to a point."""
_KNOTS = 4  # a wave: cubic curves through so many points of a sine are off by less than a hundredth of its height
_WAVE = 9.0  # mm, about: the length of a wave of a border
_STRANDS = 4


def border(left: float, bottom: float, width: float, height: float, band: float) -> str:
    """Waves around a box, all in points; `band` is how far they reach from their middle to both sides together."""
    middle, amplitude = band / 2, band / 2
    inner = (left + middle, bottom + middle, width - band, height - band)
    along = _rounded(*inner, radius=min(band, inner[2] / 2, inner[3] / 2))
    waves = max(8, round(2 * (inner[2] + inner[3]) / (_WAVE * MM)))
    strands = [_waving(along, amplitude, waves, strand / _STRANDS) for strand in range(_STRANDS)]
    return " ".join(_smooth(strand, waves * _KNOTS * 2) for strand in strands)  # twice: the corners are bent besides


def rosette(left: float, bottom: float, width: float, height: float, petals: int) -> str:
    """A flower of interlaced curves that fills a box, in points."""
    x, y = left + width / 2, bottom + height / 2

    def strand(ring: float, shift: float) -> Curve:
        def at(part: float) -> Point:
            angle = 2 * pi * part
            reach = ring * (0.78 + 0.22 * sin(petals * angle + 2 * pi * shift))
            return x + width / 2 * reach * cos(angle), y + height / 2 * reach * sin(angle)

        return at

    rings = [(1.0 - 0.22 * ring, shift / 4) for ring in range(4) for shift in range(4)]
    return " ".join(_smooth(strand(*one), petals * _KNOTS) for one in rings)


def _waving(along: Curve, amplitude: float, waves: int, shift: float) -> Curve:
    def at(part: float) -> Point:
        x, y = along(part)
        across = _normal(along, part)
        reach = amplitude * sin(2 * pi * (waves * part + shift))
        return x + across[0] * reach, y + across[1] * reach

    return at


def _normal(along: Curve, part: float) -> Point:
    (x0, y0), (x1, y1) = along((part - 1e-4) % 1), along((part + 1e-4) % 1)
    long = hypot(x1 - x0, y1 - y0)
    return (y0 - y1) / long, (x1 - x0) / long


def _rounded(left: float, bottom: float, width: float, height: float, radius: float) -> Curve:
    """A box with round corners, walked at an even pace."""
    straight = (width - 2 * radius, height - 2 * radius)
    corner = pi * radius / 2
    lengths = (straight[0], corner, straight[1], corner) * 2
    total = sum(lengths)
    right, top = left + width, bottom + height
    starts = ((left + radius, bottom), (right, bottom + radius), (right - radius, top), (left, top - radius))
    centres = (
        (right - radius, bottom + radius),
        (right - radius, top - radius),
        (left + radius, top - radius),
        (left + radius, bottom + radius),
    )

    def at(part: float) -> Point:
        way = part * total
        for piece, long in enumerate(lengths):
            if way <= long or piece == len(lengths) - 1:
                side, turn = piece // 2, pi / 2 * (piece // 2)
                if piece % 2 == 0:
                    x, y = starts[side]
                    return x + way * round(cos(turn)), y + way * round(sin(turn))
                angle = turn - pi / 2 + way / radius
                return centres[side][0] + radius * cos(angle), centres[side][1] + radius * sin(angle)
            way -= long
        raise AssertionError  # the last piece is taken whatever is left

    return at


def _smooth(curve: Curve, knots: int) -> str:
    """Cubic curves through the knots, with the slopes that the curve has there."""
    step = 1 / knots
    points = [curve(at * step) for at in range(knots)]
    slopes = [_slope(curve, at * step, step) for at in range(knots)]
    pieces = [f"{points[0][0]:.1f} {points[0][1]:.1f} m"]
    for at in range(knots):
        (x0, y0), (x1, y1) = points[at], points[(at + 1) % knots]
        (u0, v0), (u1, v1) = slopes[at], slopes[(at + 1) % knots]
        numbers = (x0 + u0 / 3, y0 + v0 / 3, x1 - u1 / 3, y1 - v1 / 3, x1, y1)
        pieces.append(" ".join(f"{number:.1f}" for number in numbers) + " c")
    return " ".join([*pieces, "h"])


def _slope(curve: Curve, part: float, step: float) -> Point:
    near = step / 100
    (x0, y0), (x1, y1) = curve((part - near) % 1), curve((part + near) % 1)
    return (x1 - x0) / 2 * 100, (y1 - y0) / 2 * 100
