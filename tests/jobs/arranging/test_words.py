"""What an arranging says to people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.arranging import Help, Missing, Reason, Remedy, Short, Subject, Wanted, arrange, missing_told, remedy_told, summary
from tests.jobs.arranging.plans import DESK, LAB, person, room, sitting
from tests.jobs.arranging.test_moving import NAMES

pytestmark = pytest.mark.row("5.2.8.1")


def test_seats_that_lack_and_the_rooms_that_would_help() -> None:
    people = tuple(person(at, (2,)) for at in range(103))
    found = arrange(Wanted((Subject(2, 1, LAB),), (sitting(1, 9, {2}),), (room(1, 40, {2}, kind=LAB),), people))
    assert summary(found, NAMES) == ["甲站，科目“实操”：缺 63 个考位。"]
    assert [remedy_told(one, NAMES) for one in found.remedies] == ["在甲站再设 2 个计算机机房，共 63 个考位（40、23），可再排 63 人次。"]
    assert missing_told(found.missing, found.wanted, NAMES)[0] == "40的科目“实操”未排考：甲站的考位已满。"


def test_each_site_has_a_line() -> None:
    people = (*(person(at, (1,), site=1) for at in range(3)), *(person(at, (1,), site=2) for at in range(3, 7)))
    rooms = (room(1, 2, {1}), room(2, 1, {1}, site=2))
    found = arrange(Wanted((Subject(1, 1, DESK),), (sitting(1, 9, {1}),), rooms, people))
    assert summary(found, NAMES) == ["乙站，科目“理论”：缺 3 个考位。", "甲站，科目“理论”：缺 1 个考位。"]


def test_each_reason_has_words() -> None:
    wanted = Wanted((Subject(1, 1, DESK),), (), (), (person(1, (1,)),))
    told = {reason: missing_told([Missing(1, 1, reason, (1, 2))], wanted, NAMES)[0] for reason in Reason}
    assert told[Reason.NO_PHOTO] == "考生1的科目“理论”未排考：没有照片。"
    assert told[Reason.NO_SITE] == "考生1的科目“理论”未排考：甲校的证书“证书一”还没有分配考核站点。"
    assert told[Reason.NO_KIND] == "考生1的科目“理论”未排考：甲站没有标准考场。"
    assert told[Reason.OVERLAP] == "考生1的科目“理论”未排考：只剩下与第1场、第2场时间重叠的场次，该考生在那时已有考试。"
    assert len(set(told.values())) == len(Reason)


def test_each_remedy_has_words() -> None:
    told = {one: remedy_told(Remedy(one, 3, 1, 1, 1, 1, 1, LAB, (30,)), NAMES) for one in Help}
    assert told[Help.ROOMS] == "在甲站再设 1 个计算机机房，共 30 个考位，可再排 3 人次。"
    assert told[Help.INVIGILATORS] == "在甲站再有 3 名获证书“证书一”认证的监考人员（第1场最缺）。"
    assert told[Help.MOVING] == "允许移动甲站已排的考生后再排一次，可再排 3 人次。"
    assert len(set(told.values())) == len(Help)
    assert not any("None" in one for one in told.values())


def test_what_is_short_and_what_was_cut_short() -> None:
    wanted = Wanted((Subject(1, 1, DESK),), (sitting(1, 9, {1}),), (), (person(1, (1,), photo=False), person(2, (1,), photo=False)))
    found = replace(arrange(wanted), short=(Short(1, 1, 2, 0), Short(2, 1, 2, 1)), proved=False)
    assert summary(found, NAMES) == [
        "甲站，科目“理论”：2 人未排考（没有照片）。",
        "2 个考场场次缺监考人员，共缺 3 人次。",
        "时间或搜索的上限已到：再排一次，或许能多排几人。",
    ]
