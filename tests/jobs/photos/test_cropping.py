"""Crops: around the head, where one is found; the same shape always; nothing painted, nothing enlarged until it is blurred."""

from __future__ import annotations

import pytest
from PIL import Image

from domain.demo.portraits import BLUE, RED, Pose, draw
from jobs.photos.cropping import SIZE, crop_of, cropped, head_of
from jobs.photos.framing import Place, frame_at, place_of
from jobs.photos.grounds import colour_of, edge_of
from jobs.photos.looking import cut, look
from tests.jobs.photos.samples import jpeg, wide

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


@pytest.mark.parametrize("size", [(800, 900), (1200, 900), (295, 413), (236, 331), (4000, 500)])
@pytest.mark.parametrize("place", [Place(0, 0, 0), Place(1000, 1000, 1000), Place(500, 20, 980), Place(0, 1000, 0)])
def test_a_frame_is_a_portrait_within_the_photo_wherever_the_sliders_stand(size: tuple[int, int], place: Place) -> None:
    left, top, right, bottom = frame_at(place, size, 236)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert abs((right - left) * SIZE[1] / SIZE[0] - (bottom - top)) <= 2
    assert right - left >= min(235, size[1] * SIZE[0] // SIZE[1])


def test_the_sliders_of_a_frame_give_the_frame() -> None:
    for box in ((100, 200, 395, 613), (0, 0, 236, 330), (505, 487, 800, 900)):
        again = frame_at(place_of(box, (800, 900), 236), (800, 900), 236)
        assert all(abs(one - other) <= 2 for one, other in zip(box, again, strict=True))
    assert [Place(size, x, y).possible for size, x, y in ((0, 0, 1000), (-1, 0, 0), (0, 1001, 0))] == [True, False, False]


def test_another_crop_is_cut_from_the_picture_that_is_kept() -> None:
    drawn = wide()
    seen = look(jpeg(drawn.picture))
    assert seen.source is not None
    assert seen.box is not None
    assert seen.least is not None
    assert seen.size == (800, 900)
    assert 236 <= seen.least < seen.box[2] - seen.box[0]  # a portrait may be enlarged by a quarter
    left, top, right, bottom = seen.box
    moved = cut(seen.source, (800, 900), (left + 10, top - 5, right + 10, bottom - 5))
    assert moved.problem is None
    assert moved.kept is not None
    assert look(moved.kept).problem is None
    below = cut(seen.source, (800, 900), (300, 574, 536, 900))  # the shirt, to its edges
    assert below.kept is None
    assert (below.problem or "").startswith("按这个位置裁剪时，照片底色不是红色")


def test_a_large_photo_keeps_no_more_than_frames_need() -> None:
    seen = look(jpeg(draw(1, RED, (3000, 4200), Pose()).picture, quality=70))
    assert seen.source is not None
    assert len(seen.source) < 200_000
    assert seen.least is not None
    assert seen.least > 1000
