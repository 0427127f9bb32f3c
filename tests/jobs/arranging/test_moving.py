"""Moves by hand: each rule that one would break is named, at once and in words; and a move that is done stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.arranging import (
    Arranging,
    Broken,
    Duty,
    Hand,
    Invigilator,
    Names,
    Placed,
    Rule,
    Subject,
    Wanted,
    arrange,
    broken,
    broken_told,
    duty_told,
)
from tests.jobs.arranging.plans import DESK, LAB, person, room, sitting
from webapp.benches.seats import broken_rules

pytestmark = pytest.mark.row("5.2.8.1")
NAMES = Names(
    people={at: f"考生{at}" for at in range(9)},
    schools={1: "甲校"},
    certificates={1: "证书一", 2: "证书二"},
    subjects={1: "理论", 2: "实操", 3: "综合"},
    sites={1: "甲站", 2: "乙站"},
    rooms={1: "101", 2: "102", 3: "103", 4: "104"},
    sittings={1: "第1场", 2: "第2场", 3: "第3场"},
    invigilators={1: "监甲", 2: "监乙"},
)


def arranged() -> Arranging:
    """Sittings at nine, at ten and at two; 101 and 102 for theory, 103 a 机房 for practice, 104 at another site."""
    subjects = (Subject(1, 1, DESK), Subject(2, 1, LAB), Subject(3, 2, DESK))
    sittings = (sitting(1, 9, {1, 2}), sitting(2, 10, {1, 3}), sitting(3, 14, {1, 2}))
    rooms = (
        room(1, 2, {1}),
        room(2, 3, {1, 3}, closed=frozenset([3])),
        room(3, 5, {2}, kind=LAB),
        room(4, 5, {1}, site=2),
    )
    people = (person(1, (1, 2)), person(2, (1,)), person(3, (3,)), person(4, (1,), photo=False), person(5, (1,), site=None))
    held = (Placed(1, 1, 1, 1, 1), Placed(1, 2, 3, 3, 1), Placed(2, 1, 1, 1, 2), Placed(3, 3, 2, 2, 1))
    guards = (Invigilator(1, "监甲", 1, frozenset([1])), Invigilator(2, "监乙", 1, frozenset([1, 2])))
    found = arrange(Wanted(subjects, sittings, rooms, people, guards, held))
    assert found.placed == (held[0], held[2], held[3], held[1])
    return found


@pytest.mark.parametrize(
    ("move", "rules", "told"),
    [
        (Placed(1, 1, 1, 1, 1), [], ""),  # where it is
        (Placed(1, 2, 3, 3, 4), [], ""),
        (Placed(2, 2, 1, 3, 1), [Rule.NOT_REGISTERED], "考生2没有报考科目“实操”。"),
        (Placed(9, 1, 1, 1, 1), [Rule.NOT_REGISTERED], "9没有报考科目“理论”。"),
        (Placed(4, 1, 3, 1, 1), [Rule.NO_PHOTO], "考生4没有照片，不能排考：请先补照片。"),
        (Placed(5, 1, 3, 1, 1), [Rule.NO_SITE], "甲校的证书“证书一”还没有分配考核站点。"),
        (Placed(2, 1, 3, 4, 1), [Rule.SITE], "考场“104”属于乙站，甲校的证书“证书一”分配在甲站。"),
        (Placed(3, 3, 1, 2, 1), [Rule.SITTING], "第1场不考科目“综合”。"),
        (Placed(3, 3, 7, 2, 1), [Rule.SITTING], "7不考科目“综合”。"),
        (Placed(2, 1, 1, 9, 1), [Rule.ROOM], "没有这个考场。"),
        (Placed(1, 2, 3, 1, 1), [Rule.KIND, Rule.SUBJECT], "考场“101”不支持计算机机房，不能考科目“实操”。"),
        (Placed(3, 3, 2, 1, 1), [Rule.SUBJECT, Rule.ROOM_IN_USE], "考场“101”没有设科目“综合”。"),
        (Placed(2, 1, 3, 2, 1), [Rule.CLOSED], "考场“102”在第3场停用。"),
        (Placed(2, 1, 1, 1, 3), [Rule.SEAT], "考场“101”有 2 个考位，没有 3 号座位。"),
        (Placed(2, 1, 1, 1, 0), [Rule.SEAT], "考场“101”有 2 个考位，没有 0 号座位。"),
        (Placed(2, 1, 1, 1, 1), [Rule.SEAT_TAKEN], "考场“101”的 1 号座位在第1场已安排考生1。"),
        (Placed(2, 1, 2, 2, 2), [Rule.OTHER_SUBJECT], "考场“102”在第2场考科目“综合”，一场只考一个科目。"),
        (Placed(2, 1, 2, 1, 1), [Rule.ROOM_IN_USE], "考场“101”在第1场已有安排，与第2场时间重叠。"),
        (Placed(1, 2, 1, 3, 1), [Rule.TWO_PLACES], "考生1在第1场已有考试（101 1 号），与第1场时间重叠。"),
        (
            Placed(2, 1, 2, 2, 1),
            [Rule.SEAT_TAKEN, Rule.OTHER_SUBJECT],
            "考场“102”的 1 号座位在第2场已安排考生3。",
        ),
        (
            Placed(4, 1, 1, 4, 9),
            [Rule.NO_PHOTO, Rule.SITE, Rule.SEAT],
            "考生4没有照片，不能排考：请先补照片。",
        ),
    ],
)
def test_a_move_names_each_rule_that_it_breaks(move: Placed, rules: list[Rule], told: str) -> None:
    found = arranged()
    faults = broken(found, move)
    assert [one.rule for one in faults] == rules
    if faults:
        assert broken_told(faults[0], found.wanted, NAMES) == told


def test_each_rule_has_words() -> None:
    found = arranged()
    of_duties = {Rule.DUTY_SITE, Rule.DUTY_TWICE, Rule.DUTY_IDLE, Rule.NO_INVIGILATOR}
    for rule in set(Rule) - of_duties:
        told = broken_told(Broken(rule, Placed(1, 1, 1, 1, 1), Placed(2, 1, 2, 2, 2), 1), found.wanted, NAMES)
        assert told.endswith("。")
        assert "None" not in told


def test_whoever_guards_a_room_must_be_certified_for_what_moves_in() -> None:
    subjects = (Subject(1, 1, DESK), Subject(3, 2, DESK))
    rooms = (room(1, 3, {1, 3}, several=True, invigilators=1), room(2, 3, {3}))
    people = (person(1, (1,)), person(3, (3,)))
    held = (Placed(1, 1, 1, 1, 1), Placed(3, 3, 1, 2, 1))
    wanted = Wanted(subjects, (sitting(1, 9, {1, 3}),), rooms, people, (Invigilator(1, "监甲", 1, frozenset([1])),), held)
    found = arrange(wanted)
    assert found.duties == (Duty(1, 1, 1),)
    (fault,) = broken(found, Placed(3, 3, 1, 1, 2))
    assert (fault.rule, fault.invigilator) == (Rule.INVIGILATOR, 1)
    assert broken_told(fault, wanted, NAMES) == "考场“101”在第1场的监考人员监甲没有获得证书“证书二”的认证。"


def test_a_move_that_is_done_stays() -> None:
    found = arranged()
    hand = Hand(found)
    then = hand.after(Placed(2, 1, 3, 1, 2))
    assert broken_rules(then) == []
    assert (Placed(2, 1, 3, 1, 2, fixed=True)) in then.placed
    assert [one.was for one in then.moved] == [Placed(2, 1, 1, 1, 2)]
    again = arrange(replace(then.wanted, placed=then.placed, making_room=True))
    assert again.placed == then.placed
    with pytest.raises(ValueError, match="SEAT"):
        hand.after(Placed(2, 1, 1, 1, 9))
    assert hand.broken(Placed(2, 1, 1, 1, 1))  # the hand is where it was
    assert not hand.broken(Placed(2, 1, 1, 1, 2))


def test_somebody_without_a_seat_is_given_one_by_hand() -> None:
    found = arrange(replace(arranged().wanted, placed=()))
    without = replace(found, placed=tuple(one for one in found.placed if one.registration != 2))
    then = Hand(without).after(Placed(2, 1, 3, 1, 2))
    assert then.moved == ()
    assert broken_rules(then) == []


def test_a_room_that_is_empty_now_is_guarded_no_longer() -> None:
    wanted = Wanted(
        (Subject(1, 1, DESK),),
        (sitting(1, 9, {1}),),
        (room(1, 1, {1}, invigilators=1), room(2, 1, {1}, invigilators=1)),
        (person(1, (1,)),),
        (Invigilator(1, "监甲", 1, frozenset([1])),),
        (Placed(1, 1, 1, 1, 1),),
    )
    found = arrange(wanted)
    assert found.duties == (Duty(1, 1, 1),)
    then = Hand(found).after(Placed(1, 1, 1, 2, 1))
    assert then.duties == ()
    assert [one.room for one in then.short] == [2]


def test_a_duty_names_each_rule_that_it_breaks() -> None:
    wanted = replace(arranged().wanted, rooms=tuple(replace(one, invigilators=1) for one in arranged().wanted.rooms))
    people = (*wanted.invigilators, Invigilator(3, "监丙", 2, frozenset()))
    found = arrange(replace(wanted, invigilators=people))
    hand = Hand(found)
    held = next(one for one in found.duties if one.room == 1)
    other = next(one for one in found.duties if one.sitting == 2)
    assert held.invigilator == 1  # only the second is certified for what 102 has
    assert other.invigilator == 2
    assert [one.rule for one in hand.broken_duty(Duty(9, 1, 1))] == [Rule.NO_INVIGILATOR]
    assert [one.rule for one in hand.broken_duty(Duty(1, 9, 1))] == [Rule.ROOM]
    assert [one.rule for one in hand.broken_duty(Duty(1, 1, 3))] == [Rule.DUTY_IDLE]
    assert [one.rule for one in hand.broken_duty(Duty(3, 1, 1))] == [Rule.DUTY_SITE, Rule.INVIGILATOR]
    twice = hand.broken_duty(Duty(2, 1, 1))
    assert [one.rule for one in twice] == [Rule.DUTY_TWICE]
    assert duty_told(twice[0], wanted, NAMES) == "监乙在第2场已监考“102”，与第1场时间重叠。"
    assert hand.broken_duty(Duty(2, 1, 1), instead_of=other) == ()
    for rule in (Rule.NO_INVIGILATOR, Rule.ROOM, Rule.DUTY_IDLE, Rule.DUTY_SITE, Rule.INVIGILATOR, Rule.DUTY_TWICE):
        assert duty_told(replace(twice[0], rule=rule), wanted, NAMES).endswith("。")
