"""The ground: which colours count as red, white and blue, however light falls and whoever stands before it."""

from __future__ import annotations

import pytest
from PIL import Image

from domain.demo.portraits import draw
from jobs.photos.grounds import edge_of, ground_problem, lab_of
from tests.jobs.photos.samples import blue, good

pytestmark = pytest.mark.row("5.2.3.3")
Colour = tuple[int, int, int]


def problem(picture: Image.Image, ground: str = "红") -> str | None:
    return ground_problem(edge_of(picture), ground)


@pytest.mark.parametrize(
    "colour",
    [(255, 0, 0), (230, 0, 18), (220, 20, 60), (200, 30, 38), (178, 34, 34), (160, 10, 16), (214, 47, 47), (236, 62, 62)],
)
def test_reds_of_studios_are_red(colour: Colour) -> None:
    assert [number for number in range(12) if problem(draw(number, colour).picture) is not None] == []


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((60, 120, 200), "偏蓝"),
        ((67, 142, 219), "偏蓝"),
        ((250, 250, 250), "偏白"),
        ((150, 150, 150), "偏灰"),
        ((20, 20, 20), "偏黑"),
        ((255, 140, 0), "偏橙"),
        ((255, 182, 193), "偏粉"),
        ((240, 150, 140), "偏粉"),
        ((139, 69, 19), "偏棕"),
        ((199, 21, 133), "偏紫红"),
        ((90, 0, 4), "偏暗"),
        ((0, 160, 70), "偏绿"),
        ((240, 220, 60), "偏黄"),
    ],
)
def test_other_colours_are_told_by_name(colour: Colour, name: str) -> None:
    told = {problem(draw(number, colour).picture) for number in range(6)}
    assert all(one is not None and one.startswith(f"照片底色不是红色（底色{name}：检测到 #") for one in told), told


def test_the_figure_is_the_colour_that_was_measured() -> None:
    assert problem(Image.new("RGB", (295, 413), (60, 120, 200))) == "照片底色不是红色（底色偏蓝：检测到 #3C78C8）"


def test_half_a_ground_is_none() -> None:
    picture = good()
    picture.paste(blue().crop((0, 0, 120, 413)), (0, 0))
    told = problem(picture)
    assert told is not None
    assert told.startswith("照片底色不是红色（四周只有 ")
    assert "其余偏蓝：检测到 #" in told


def test_a_frame_or_a_strip_at_the_side_is_no_ground() -> None:
    framed = Image.new("RGB", (295, 413), (255, 255, 255))
    framed.paste(good().resize((255, 373)), (20, 20))
    assert problem(framed) is not None


def test_hair_that_touches_the_top_does_not_matter() -> None:
    picture = good()
    picture.paste((20, 20, 20), (110, 0, 185, 30))
    assert problem(picture) is None


@pytest.mark.parametrize(
    ("colour", "lab"),
    [
        ((255, 0, 0), (53.2, 104.6, 40.0)),  # the values of the literature
        ((255, 255, 255), (100.0, 0.0, None)),
        ((0, 0, 255), (32.3, 133.8, 306.3)),
    ],
)
def test_colours_are_measured_as_the_norm_says(colour: Colour, lab: tuple[float, float, float | None]) -> None:
    found = lab_of(colour)
    assert found[0] == pytest.approx(lab[0], abs=0.1)
    assert found[1] == pytest.approx(lab[1], abs=0.1)
    assert lab[2] is None or found[2] == pytest.approx(lab[2], abs=0.1)
