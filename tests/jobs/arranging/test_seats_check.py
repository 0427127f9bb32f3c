"""The check of arrangings sees what is wrong: each rule broken by hand in an arranging that is lawful."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.arranging import Arranging, Duty, Missing, Placed, Reason, Short
from tests.jobs.arranging.test_moving import arranged
from webapp.benches.seats import broken_rules

pytestmark = pytest.mark.row("5.2.8.1")


def with_seat(found: Arranging, new: Placed) -> Arranging:
    """One seat instead of the old one of the same registration and subject."""
    kept = tuple(one for one in found.placed if (one.registration, one.subject) != (new.registration, new.subject))
    gone = tuple(one for one in found.missing if (one.registration, one.subject) != (new.registration, new.subject))
    return replace(found, placed=(*kept, new), missing=gone)


@pytest.mark.parametrize(
    ("seat", "told"),
    [
        (Placed(4, 1, 3, 1, 1), "no photo"),
        (Placed(2, 1, 3, 4, 1), "another site"),
        (Placed(3, 3, 1, 2, 1), "not examined"),
        (Placed(1, 2, 3, 1, 1), "room cannot hold it"),
        (Placed(2, 1, 3, 2, 1), "closed"),
        (Placed(2, 1, 1, 1, 3), "no such seat"),
        (Placed(2, 1, 1, 1, 1), "two on one seat"),
        (Placed(2, 1, 2, 2, 2), "2 subjects"),
        (Placed(2, 1, 2, 1, 1), "room 1 in sitting 1 while room 1 in sitting 2"),
        (Placed(1, 2, 1, 3, 1), "sits twice at once"),
    ],
)
def test_a_seat_that_is_against_a_rule(seat: Placed, told: str) -> None:
    assert broken_rules(arranged()) == []
    assert any(told in one for one in broken_rules(with_seat(arranged(), seat)))


def test_duties_and_people_who_are_forgotten() -> None:
    found = arranged()
    assert "not registered" in broken_rules(replace(found, placed=(*found.placed, Placed(2, 2, 3, 3, 5))))[0]
    assert "seats are wanted" in broken_rules(replace(found, placed=found.placed[1:]))[0]
    assert "photo" in broken_rules(with_missing(found, Missing(2, 1, Reason.NO_PHOTO)))[0]
    assert "nobody to guard" in " ".join(broken_rules(replace(found, duties=(Duty(1, 1, 3),))))
    assert "not certified" in " ".join(broken_rules(replace(found, duties=(Duty(1, 2, 2),))))
    both = replace(found, duties=(Duty(2, 1, 1), Duty(2, 2, 2)))
    assert "guards twice at once" in " ".join(broken_rules(both))
    assert "told: (2, 1)" in " ".join(broken_rules(replace(found, short=(Short(1, 1, 2, 1),))))


def with_missing(found: Arranging, missing: Missing) -> Arranging:
    kept = tuple(one for one in found.placed if (one.registration, one.subject) != (missing.registration, missing.subject))
    return replace(found, placed=kept, missing=(*found.missing, missing))
