"""Made-up candidates: pupils of the school's majors and people of the public, a few of them with data that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from domain.demo import names, numbers
from domain.demo.majors import MAJORS
from domain.exams.candidates import OUTSIDER, PUPIL
from domain.ground.id_numbers import CARD
from domain.ground.pinyin import pinyin_of

_DIVISIONS = ("320102", "320106", "320205", "320508", "321002", "330106", "340104")
_OLD = 12  # one of so many pupils is from a year in which schools gave less than is asked for now


def made_up(pupils: int, others: int, level: str, year: int, random: Random) -> Iterator[dict[str, Any]]:
    """What is filled in of so many pupils of a school of this level in this year, and of so many others."""
    majors = [name for rows in MAJORS.values() for _, name, its in rows if its == level]
    for number in range(pupils + others):
        person = _person(number, year, random)
        if number >= pupils:
            yield {**person, "kind": OUTSIDER}
        elif number % _OLD == _OLD - 1:
            yield {**person, "kind": PUPIL}
        else:
            studies = {"major": random.choice(majors), "level": level, "entry_year": year - random.randrange(3)}
            yield {**person, "kind": PUPIL, **studies}


def _person(number: int, year: int, random: Random) -> dict[str, Any]:
    name = random.choice(names.SURNAMES) + random.choice(names.GIVEN)
    born = date(year - 20, 1, 1) + timedelta(days=random.randrange(900))
    body = f"{random.choice(_DIVISIONS)}{born:%Y%m%d}{number % 1000:03}"
    return {
        "name": name,
        "pinyin": pinyin_of(name),
        "document": CARD,
        "id_number": numbers.id_number(body),
        "mobile": numbers.mobile(8000 + number),
    }
