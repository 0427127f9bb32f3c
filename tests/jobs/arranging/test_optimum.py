"""Small plans made at random: an arranging is lawful, and as good as trying everything shows that one can be."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from jobs.arranging import Arranging, Bounds, Help, Placed, Reason, Room, Wanted, arrange, planning
from jobs.arranging.index import Index
from jobs.arranging.ledger import own_faults
from tests.jobs.arranging.plans import Tried, at_random
from webapp.benches.seats import broken_rules

pytestmark = pytest.mark.row("5.2.8.1")


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_as_many_are_seated_as_can_be(first: int) -> None:
    lacking = 0
    for seed in range(first, first + 50):
        wanted = at_random(Random(seed))
        found = arrange(wanted)
        assert broken_rules(found) == [], seed
        assert len(found.placed) == Tried(wanted).best[0], seed
        assert found.proved, seed
        lacking += any(one.reason in (Reason.SEATS, Reason.OVERLAP) for one in found.missing)
    assert lacking > 5  # else nothing was scarce


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_the_fewest_move_whatever_was_there_before(first: int) -> None:
    """Seats held at random: on no room of theirs, twice, overlapping. Where people may move, the most sit and the fewest move."""
    kept = 0
    for seed in range(first, first + 50):
        wanted = replace(at_random(Random(seed), placed=True), making_room=True)
        found = arrange(wanted)
        assert broken_rules(found) == [], seed
        assert (len(found.placed), _kept(found)) == Tried(wanted).best, seed
        kept += _kept(found)
    assert kept > 10


@pytest.mark.parametrize("seed", [161, 734, 2698])
def test_whoever_got_another_seat_of_the_room_has_moved_already(seed: int) -> None:
    """Plans in which it matters that such a person may move on for others at no cost."""
    wanted = replace(at_random(Random(seed), placed=True), making_room=True)
    found = arrange(wanted)
    assert (len(found.placed), _kept(found)) == Tried(wanted).best


@pytest.mark.parametrize("making_room", [False, True])
def test_after_a_change_whoever_sits_lawfully_stays(making_room: bool) -> None:
    changed = moved = 0
    for seed in range(200):
        random = Random(seed)
        before = arrange(at_random(random))
        wanted = replace(_changed(random, before.wanted), placed=before.placed, duties=before.duties, making_room=making_room)
        found = arrange(wanted)
        index = Index(wanted)
        lawful = frozenset((one.registration, one.subject) for one in before.placed if not own_faults(index, one))
        assert broken_rules(found) == [], seed
        assert (len(found.placed), _kept(found)) == Tried(wanted, frozenset() if making_room else lawful).best, seed
        changed += len(lawful) < len(before.placed)
        moved += len(found.moved)
        if not making_room:
            assert {(one.was.registration, one.was.subject) for one in found.moved}.isdisjoint(lawful), seed
            assert all(one.rules for one in found.moved), seed
    assert changed > 20
    assert moved > 20


def test_the_same_is_arranged_the_same_way() -> None:
    for seed in range(40):
        wanted = at_random(Random(seed), placed=True)
        assert arrange(wanted) == arrange(wanted)


def test_in_whatever_order_it_is_given() -> None:
    """What is given stands in no order: rows of a database may come in any."""
    for seed in range(40):
        wanted = at_random(Random(seed), placed=True)
        turned = replace(
            wanted,
            subjects=wanted.subjects[::-1],
            sittings=wanted.sittings[::-1],
            rooms=wanted.rooms[::-1],
            registrations=wanted.registrations[::-1],
            invigilators=wanted.invigilators[::-1],
            placed=wanted.placed[::-1],
        )
        one, other = arrange(wanted), arrange(turned)
        assert (one.placed, one.duties, one.missing, one.moved) == (other.placed, other.duties, other.missing, other.moved), seed


def test_without_time_it_is_lawful_all_the_same() -> None:
    fewer = 0
    for seed in range(300):
        wanted = at_random(Random(seed), placed=seed % 2 == 1)
        found = arrange(wanted, Bounds(seconds=0))
        assert broken_rules(found) == [], seed
        best = Tried(wanted).best[0]
        assert len(found.placed) == best or not found.proved, seed
        fewer += len(found.placed) < best
    assert fewer > 0  # a plain greedy is not as good, which is why there is a search


def test_sites_that_are_too_large_for_one_search_are_decided_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lawful all the same, and where somebody finds nothing at the second site it does not claim that there was nothing."""
    monkeypatch.setattr(planning, "TOGETHER", 0)
    cut = 0
    for seed in range(300):
        wanted = at_random(Random(seed), placed=seed % 3 == 0)
        found = arrange(replace(wanted, making_room=True))
        assert broken_rules(found) == [], seed
        best = Tried(wanted).best[0]
        assert len(found.placed) == best or (len(found.placed) < best and not found.proved), seed
        cut += len({one.site for one in wanted.registrations}) > 1
    assert cut > 30


def test_the_rooms_that_it_asks_for_are_enough() -> None:
    """Each remedy of rooms is taken at its word: with those rooms, everybody whom it names has a seat, and nobody moves."""
    asked = 0
    for seed in range(300):
        found = arrange(at_random(Random(seed)))
        for remedy in found.remedies:
            if remedy.help is not Help.ROOMS:
                continue
            asked += 1
            subjects = frozenset(one.id for one in found.wanted.subjects)
            first = 100
            more = tuple(
                Room(first + at, remedy.site or 0, size, frozenset([remedy.kind]), subjects) for at, size in enumerate(remedy.sizes)
            )
            then = arrange(replace(found.wanted, rooms=found.wanted.rooms + more, placed=found.placed))
            assert len(then.placed) >= len(found.placed) + remedy.people, seed
            assert then.moved == (), seed
    assert asked > 20


def _kept(found: Arranging) -> int:
    held = {(one.registration, one.subject): one for one in reversed(found.wanted.placed)}
    return sum(_same(held.get((one.registration, one.subject)), one) for one in found.placed)


def _same(held: Placed | None, now: Placed) -> bool:
    return held is not None and (held.sitting, held.room, held.seat) == (now.sitting, now.room, now.seat)


def _changed(random: Random, wanted: Wanted) -> Wanted:
    """A room shrinks, one closes, somebody's photo is gone, and two more register."""
    rooms = [replace(one, capacity=max(one.capacity - random.randint(0, 2), 1)) for one in wanted.rooms]
    rooms[0] = replace(rooms[0], closed=rooms[0].closed | {random.randrange(3)})
    people = [replace(one, has_photo=one.has_photo and random.random() < 0.9) for one in wanted.registrations]
    more = [replace(one, id=100 + one.id, identity=f"新{one.id}") for one in people if len(one.subjects) == 1][:2]
    return replace(wanted, rooms=tuple(rooms), registrations=(*people, *more))
