"""Bad days: nothing to seat anybody in, everything at once, and changes after people were seated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.arranging import (
    Arranging,
    Duty,
    Help,
    Invigilator,
    Order,
    Placed,
    Reason,
    Remedy,
    Room,
    Rule,
    Short,
    Subject,
    Wanted,
    arrange,
)
from tests.jobs.arranging.plans import DESK, LAB, person, room, sitting
from webapp.benches.seats import broken_rules

pytestmark = pytest.mark.row("5.2.8.1")
THEORY, PRACTICE = Subject(1, 1, DESK), Subject(2, 1, LAB)


def lawful(wanted: Wanted) -> Arranging:
    found = arrange(wanted)
    assert broken_rules(found) == []
    return found


def reasons(found: Arranging) -> list[Reason]:
    return [one.reason for one in found.missing]


def plan(rooms: list[Room], people: int, **more: object) -> Wanted:
    """One theory at nine, and so many people."""
    registrations = tuple(person(at, (1,)) for at in range(people))
    return Wanted((THEORY,), (sitting(1, 9, {1}),), tuple(rooms), registrations, **more)  # type: ignore[arg-type]


def test_nobody_is_registered() -> None:
    found = lawful(Wanted((THEORY,), (sitting(1, 9, {1}),), (room(1, 30, {1}),), ()))
    assert (found.placed, found.missing, found.remedies, found.proved) == ((), (), (), True)


def test_nothing_at_all() -> None:
    assert lawful(Wanted((), (), (), ())).placed == ()


def test_no_rooms() -> None:
    found = lawful(plan([], 63))
    assert set(reasons(found)) == {Reason.NO_ROOM}
    assert found.remedies == (Remedy(Help.ROOMS, 63, site=1, kind=DESK, sizes=(30, 30, 3)),)


def test_one_seat_short() -> None:
    found = lawful(plan([room(1, 30, {1})], 31))
    assert [one.seat for one in found.placed] == list(range(1, 31))
    assert [(one.registration, one.reason) for one in found.missing] == [(30, Reason.SEATS)]
    assert found.remedies == (Remedy(Help.ROOMS, 1, site=1, kind=DESK, sizes=(1,)),)
    assert found.proved


def test_each_reason_has_its_name() -> None:
    subjects = (THEORY, PRACTICE, Subject(3, 1, DESK), Subject(4, 1, DESK), Subject(5, 1, DESK))
    people = (
        person(1, (1,), photo=False),
        person(2, (1,), site=None),
        person(3, (2,)),  # the site has no 机房
        person(4, (3,)),  # no room is set for it
        person(5, (4,)),  # its only room is closed
        person(6, (5,)),  # no sitting examines it
        person(7, (1,), site=2),  # a site without rooms
        person(8, (1,), site=None, photo=False),
    )
    rooms = (room(1, 30, {1}), room(2, 30, {4}, closed=frozenset([1])))
    found = lawful(Wanted(subjects, (sitting(1, 9, {1, 2, 3, 4}),), rooms, people))
    assert {one.registration: one.reason for one in found.missing} == {
        1: Reason.NO_PHOTO,
        2: Reason.NO_SITE,
        3: Reason.NO_KIND,
        4: Reason.NOT_SET,
        5: Reason.CLOSED,
        6: Reason.NO_SITTING,
        7: Reason.NO_ROOM,
        8: Reason.NO_PHOTO,
    }
    assert [one.help for one in found.remedies] == [
        Help.PHOTOS,
        Help.SITES,
        Help.SITTINGS,
        Help.SET_SUBJECT,
        Help.ROOMS,
        Help.ROOMS,
        Help.ROOMS,
    ]


def test_everybody_sits_in_two_subjects_that_overlap() -> None:
    people = tuple(person(at, (1, 2)) for at in range(20))
    rooms = (room(1, 30, {1}), room(2, 30, {2}, kind=LAB))
    found = lawful(Wanted((THEORY, PRACTICE), (sitting(1, 9, {1}), sitting(2, 10, {2})), rooms, people))
    assert len(found.placed) == 20
    assert set(reasons(found)) == {Reason.OVERLAP}
    assert {one.clashing for one in found.missing} <= {(1,), (2,)}
    assert {one.help for one in found.remedies} == {Help.APART}
    apart = replace(found.wanted, sittings=(sitting(1, 9, {1}), sitting(2, 11, {2})))  # one ends as the other begins
    assert lawful(apart).missing == ()


def test_six_subjects_in_sittings_that_overlap() -> None:
    """Eleven sittings of two hours, one beginning each hour, each of two subjects: six do not overlap, and give six subjects."""
    subjects = tuple(Subject(at, 1, DESK) for at in range(6))
    sittings = tuple(sitting(at, 8 + at, {at // 2, (at // 2 + 1) % 6}) for at in range(11))
    rooms = tuple(room(at, 2, set(range(6))) for at in range(2))
    found = lawful(Wanted(subjects, sittings, rooms, (person(1, tuple(range(6))), person(2, (0, 5)))))
    assert found.missing == ()
    assert found.proved


def test_the_same_person_at_two_sites() -> None:
    """Two registrations, two certificates, two sites: the sittings must not overlap, though each site would have seats in both."""
    rooms = (room(1, 30, {1}), room(2, 30, {1}, site=2))
    people = (person(1, (1,), who="甲"), person(2, (1,), who="甲", site=2))
    found = lawful(Wanted((THEORY,), (sitting(1, 9, {1}), sitting(2, 10, {1}), sitting(3, 11, {1})), rooms, people))
    assert {one.sitting for one in found.placed} == {1, 3}
    found = lawful(Wanted((THEORY,), (sitting(1, 9, {1}), sitting(2, 10, {1})), rooms, people))
    assert reasons(found) == [Reason.OVERLAP]


def test_a_lending_site_is_withdrawn() -> None:
    """The borrowing school is allotted another site: its people go there, and nobody else moves."""
    people = tuple(person(at, (1,), school=1 + at % 2) for at in range(40))
    rooms = (room(1, 40, {1}), room(2, 30, {1}, site=2))
    before = lawful(Wanted((THEORY,), (sitting(1, 9, {1}),), rooms, people))
    moved = tuple(replace(one, site=2) if one.school == 2 else one for one in people)
    found = lawful(replace(before.wanted, registrations=moved, placed=before.placed))
    assert found.missing == ()
    assert len(found.moved) == 20
    assert {one.rules for one in found.moved} == {(Rule.SITE,)}
    nowhere = tuple(replace(one, site=None) if one.school == 2 else one for one in people)
    found = lawful(replace(before.wanted, registrations=nowhere, placed=before.placed))
    assert reasons(found) == [Reason.NO_SITE] * 20
    assert found.remedies == (Remedy(Help.SITES, 20, school=2, certificate=1),)


@pytest.mark.parametrize("order", list(Order))
def test_a_room_that_shrinks_by_three_moves_exactly_three(order: Order) -> None:
    people = tuple(person(at, (1,), school=at % 3) for at in range(70))
    rooms = (room(1, 30, {1}), room(2, 30, {1}), room(3, 30, {1}))
    before = lawful(Wanted((THEORY,), (sitting(1, 9, {1}),), rooms, people, order=order))
    smaller = (replace(rooms[0], capacity=27), *rooms[1:])
    found = lawful(replace(before.wanted, rooms=smaller, placed=before.placed))
    assert found.missing == ()
    assert sorted((one.was.room, one.was.seat, one.rules) for one in found.moved) == [(1, seat, (Rule.SEAT,)) for seat in (28, 29, 30)]


def test_a_room_that_shrinks_to_those_who_sit_there_only_changes_their_seats() -> None:
    """Seats 1, 2 and 9 of ten are taken; of eight, whoever had the ninth gets another one of the same room."""
    held = tuple(Placed(at, 1, 1, 1, seat) for at, seat in enumerate((1, 2, 9)))
    found = lawful(plan([room(1, 8, {1}), room(2, 10, {1})], 3, placed=held))
    assert [(one.was.seat, one.now and (one.now.room, one.now.seat)) for one in found.moved] == [(9, (1, 3))]


def test_whoever_loses_a_seat_stays_in_the_room_where_it_has_another() -> None:
    """Another room, which comes first, has seats left, and one who comes anew takes one of these."""
    held = (Placed(0, 1, 1, 1, 1), *(Placed(at, 1, 1, 2, seat) for at, seat in ((1, 1), (2, 9))))
    found = lawful(plan([room(1, 8, {1}), room(2, 3, {1})], 5, placed=held))
    assert [(one.was.seat, one.now and (one.now.room, one.now.seat)) for one in found.moved] == [(9, (2, 2))]


def test_newcomers_and_those_who_stay_share_rooms() -> None:
    """At nine six seats, four of them taken; three come who can only come at nine: one moves to the afternoon, and all fit."""
    sittings = (sitting(1, 9, {1}), sitting(2, 14, {1}), sitting(3, 14, {2}))
    rooms = (room(1, 3, {1}), room(2, 3, {1}), room(3, 3, {2}, kind=LAB))
    people = (*(person(at, (1,)) for at in range(4)), *(person(at, (1, 2)) for at in range(4, 7)))
    held = (*(Placed(at, 1, 1, 1, at + 1) for at in range(3)), Placed(3, 1, 1, 2, 1))
    for order in Order:
        found = lawful(Wanted((THEORY, PRACTICE), sittings, rooms, people, placed=held, making_room=True, order=order))
        assert found.missing == ()
        assert len(found.moved) == 1


def test_sittings_that_overlap_now_keep_as_many_as_can_be_kept() -> None:
    """One room, three sittings one after the other, of 15, 20 and 15 people; the second is moved into both others."""
    sittings = (sitting(1, 8, {1}), sitting(2, 10, {1}), sitting(3, 12, {1}))
    people = tuple(person(at, (1,)) for at in range(50))
    held = tuple(
        Placed(at, 1, 1 if at < 15 else 2 if at < 35 else 3, 1, at - (0 if at < 15 else 15 if at < 35 else 35) + 1) for at in range(50)
    )
    wanted = Wanted((THEORY,), sittings, (room(1, 20, {1}), room(2, 20, {1})), people, placed=held)
    assert lawful(wanted).moved == ()
    found = lawful(replace(wanted, sittings=(sittings[0], sitting(2, 9, {1}, hours=4), sittings[2])))
    assert found.missing == ()
    assert {one.was.sitting for one in found.moved} == {2}
    assert len(found.moved) == 20


def test_ten_more_registrations_move_nobody() -> None:
    before = lawful(plan([room(1, 30, {1}), room(2, 30, {1})], 45))
    more = tuple(person(at, (1,)) for at in range(45, 55))
    found = lawful(replace(before.wanted, registrations=before.wanted.registrations + more, placed=before.placed))
    assert found.missing == ()
    assert found.moved == ()


def test_people_move_for_others_only_where_that_is_allowed() -> None:
    """One who can come at nine only, and one who sits there and could come at two: nobody moves for her unless that is allowed."""
    sittings = (sitting(1, 9, {1}), sitting(2, 14, {1}), sitting(3, 14, {2}))
    rooms = (room(1, 1, {1}), room(2, 1, {2}, kind=LAB))
    people = (person(1, (1,)), person(2, (1, 2)))
    held = (Placed(1, 1, 1, 1, 1),)
    wanted = Wanted((THEORY, PRACTICE), sittings, rooms, people, placed=held)
    found = lawful(wanted)
    assert found.moved == ()
    assert len(found.missing) == 1
    assert Remedy(Help.MOVING, 1, site=1) in found.remedies
    found = lawful(replace(wanted, making_room=True))
    assert found.missing == ()
    assert [(one.was.registration, one.now and one.now.sitting, one.rules) for one in found.moved] == [(1, 2, ())]
    fixed = replace(wanted, making_room=True, placed=(replace(held[0], fixed=True),))
    assert len(lawful(fixed).missing) == 1


def test_a_closed_room_a_lost_photo_and_somebody_withdrawn() -> None:
    before = lawful(plan([room(1, 10, {1}), room(2, 10, {1})], 12))
    people = tuple(replace(one, has_photo=one.id != 3) for one in before.wanted.registrations if one.id != 5)
    found = lawful(replace(before.wanted, registrations=people, placed=before.placed))
    assert [(one.was.registration, one.now, one.rules) for one in found.moved] == [(3, None, (Rule.NO_PHOTO,))]
    assert {one.registration for one in found.placed} == set(range(12)) - {3, 5}
    rooms = (replace(before.wanted.rooms[0], closed=frozenset([1])), before.wanted.rooms[1])
    found = lawful(replace(before.wanted, rooms=rooms, placed=before.placed))
    assert [one.rules for one in found.moved] == [(Rule.CLOSED,)] * 10
    assert len(found.missing) == 2


def test_two_rooms_between_the_same_walls_are_one_at_a_time() -> None:
    walls = {"place": "实训楼 301"}
    rooms = (room(1, 30, {1}, **walls), room(2, 30, {2}, **walls))
    subjects = (THEORY, Subject(2, 2, DESK))
    people = (person(1, (1,)), person(2, (2,)))
    found = lawful(Wanted(subjects, (sitting(1, 9, {1}), sitting(2, 10, {2})), rooms, people))
    assert len(found.placed) == 1
    found = lawful(Wanted(subjects, (sitting(1, 9, {1}), sitting(2, 11, {2})), rooms, people))
    assert len(found.placed) == 2


def test_a_room_holds_several_subjects_only_where_it_may() -> None:
    subjects = (THEORY, Subject(2, 2, DESK))
    people = (person(1, (1,)), person(2, (2,)), person(3, (2,)))
    one = room(1, 3, {1, 2})
    wanted = Wanted(subjects, (sitting(1, 9, {1, 2}),), (one,), people)
    assert [each.subject for each in lawful(wanted).placed] == [2, 2]
    found = lawful(replace(wanted, rooms=(replace(one, several=True),)))
    assert sorted(each.seat for each in found.placed) == [1, 2, 3]


def guards(*certificates: set[int]) -> tuple[Invigilator, ...]:
    return tuple(Invigilator(at, f"监{at}", 1, frozenset(some)) for at, some in enumerate(certificates, 1))


def test_invigilators_are_certified_and_in_one_place() -> None:
    """Two sittings overlap; of three people one is certified for both certificates, and must take the one that nobody else can."""
    subjects = (THEORY, Subject(2, 2, DESK))
    rooms = (room(1, 30, {1}, invigilators=1), room(2, 30, {2}, invigilators=1))
    people = (person(1, (1,)), person(2, (2,)))
    wanted = Wanted(subjects, (sitting(1, 9, {1}), sitting(2, 10, {2})), rooms, people, guards({1, 2}, {1}, set()))
    found = lawful(wanted)
    assert found.duties == (Duty(2, 1, 1), Duty(1, 2, 2))
    assert found.short == ()
    found = lawful(replace(wanted, invigilators=guards({1, 2})))
    assert len(found.duties) == 1
    assert [(one.needed, one.given) for one in found.short] == [(1, 0)]
    assert [one.help for one in found.remedies] == [Help.INVIGILATORS]


def test_an_invigilator_entered_twice_is_one_person() -> None:
    rooms = (room(1, 1, {1}, invigilators=1), room(2, 1, {1}, invigilators=1), room(3, 1, {1}, site=2, invigilators=1))
    people = (person(1, (1,)), person(2, (1,)), person(3, (1,), site=2))
    two = (Invigilator(1, "监", 1, frozenset([1])), Invigilator(2, "监", 1, frozenset([1])), Invigilator(3, "监", 2, frozenset([1])))
    found = lawful(Wanted((THEORY,), (sitting(1, 9, {1}),), rooms, people, two))
    assert len(found.duties) == 1
    assert len(found.short) == 2


def test_duties_that_are_lawful_stay() -> None:
    wanted = Wanted((THEORY,), (sitting(1, 9, {1}),), (room(1, 30, {1}, invigilators=1),), (person(1, (1,)),), guards({1}, {1}, set()))
    assert lawful(replace(wanted, duties=(Duty(2, 1, 1),))).duties == (Duty(2, 1, 1),)
    assert lawful(replace(wanted, duties=(Duty(3, 1, 1, fixed=True),))).duties == (Duty(1, 1, 1),)  # not certified any more


def test_a_duty_moves_only_where_a_room_lacks_somebody() -> None:
    """The one who is certified for both certificates guards what the other could guard too."""
    subjects = (THEORY, Subject(2, 2, DESK))
    rooms = (room(1, 30, {1}, invigilators=1), room(2, 30, {2}, invigilators=1))
    people = (person(1, (1,)), person(2, (2,)))
    wanted = Wanted(subjects, (sitting(1, 9, {1, 2}),), rooms, people, guards({1, 2}, {1}), duties=(Duty(1, 1, 1),))
    assert lawful(wanted).duties == (Duty(2, 1, 1), Duty(1, 2, 1))
    fixed = replace(wanted, duties=(Duty(1, 1, 1, fixed=True),))
    assert lawful(fixed).short == (Short(2, 1, 1, 0),)


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="room 1 occurs twice"):
        arrange(plan([room(1, 3, {1}), room(1, 4, {1})], 1))
    with pytest.raises(ValueError, match="ends before it begins"):
        arrange(Wanted((THEORY,), (sitting(1, 9, {1}, hours=0),), (), ()))


class Stop(Exception):
    pass


def test_it_is_told_of_progress_and_can_be_stopped() -> None:
    wanted = Wanted(
        (THEORY,), (sitting(1, 9, {1}),), (room(1, 9, {1}), room(2, 9, {1}, site=2)), (person(1, (1,)), person(2, (1,), site=2))
    )
    told: list[tuple[int, int]] = []
    arrange(wanted, told=lambda done, total: told.append((done, total)))
    assert sorted(set(told)) == [(0, 2), (1, 2), (2, 2)]
    assert told == sorted(told)
    assert told[-1] == (2, 2)

    def stop(done: int, total: int) -> None:
        if done:
            raise Stop

    with pytest.raises(Stop):
        arrange(wanted, told=stop)
