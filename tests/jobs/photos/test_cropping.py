"""Crops: around the head, where one is found; the same shape always; nothing painted, nothing enlarged until it is blurred."""

from __future__ import annotations

import pytest
from PIL import Image

from domain.demo.portraits import BLUE, RED, Pose, draw
from jobs.photos.cropping import SIZE, crop_of, cropped, head_of
from jobs.photos.grounds import colour_of, edge_of

pytestmark = pytest.mark.row("5.2.3.3")
POSES = [
    ((600, 800), Pose(0.5, 0.42, 0.4)),
    ((1200, 900), Pose(0.4, 0.45, 0.45)),
    ((480, 640), Pose(0.55, 0.38, 0.33)),
    ((900, 1600), Pose(0.5, 0.3, 0.22)),
    ((413, 626), Pose(0.5, 0.4, 0.42)),
    ((800, 800), Pose(0.62, 0.5, 0.4)),
    ((1500, 1500), Pose(0.45, 0.35, 0.3)),
]


@pytest.mark.parametrize(("size", "pose"), POSES)
@pytest.mark.parametrize("ground", [RED, BLUE])
def test_the_crop_holds_the_head_in_its_middle_with_ground_above(size: tuple[int, int], pose: Pose, ground: tuple[int, int, int]) -> None:
    for number in range(6):
        drawn = draw(number, ground, size, pose)
        box = crop_of(drawn.picture)
        assert box is not None
        left, top, right, bottom = box
        head = drawn.head
        assert abs((right - left) / (bottom - top) - SIZE[0] / SIZE[1]) < 0.01
        assert abs((left + right) / 2 - (head[0] + head[2]) / 2) < 0.06 * (right - left) or left == 0 or right == size[0]
        assert top < head[1]
        assert bottom > head[3]
        assert 0.35 < (head[3] - head[1]) / (bottom - top) < 0.75


def test_a_picture_of_the_right_shape_is_taken_whole() -> None:
    assert crop_of(draw(1, RED, (590, 826)).picture) == (0, 0, 590, 826)


def test_where_no_head_is_found_the_largest_portrait_is_cut_out() -> None:
    plain = Image.new("RGB", (1000, 800), RED)
    assert head_of(plain) is None
    box = crop_of(plain)
    assert box is not None
    assert (box[1], box[3]) == (0, 800)
    assert abs(box[0] - (1000 - box[2])) <= 1


def test_what_would_be_blurred_is_not_offered() -> None:
    assert crop_of(draw(1, RED, (200, 280)).picture) is None
    assert crop_of(draw(1, RED, (400, 300), Pose(0.5, 0.5, 0.5)).picture) is None
    assert crop_of(draw(1, RED, (260, 364)).picture) is not None


def test_a_crop_keeps_the_colour_of_the_ground() -> None:
    picture = draw(3, RED, (800, 900), Pose(0.5, 0.45, 0.4)).picture
    box = crop_of(picture)
    assert box is not None
    small = cropped(picture, box)
    assert small.size == SIZE
    before, after = colour_of(edge_of(picture)), colour_of(edge_of(small))
    assert all(abs(one - other) < 12 for one, other in zip(before, after, strict=True))


def test_a_figure_cut_off_above_is_no_head() -> None:
    assert head_of(draw(1, RED, (800, 800), Pose(0.5, 0.15, 0.5)).picture) is None
