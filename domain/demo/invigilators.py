"""Invigilators of the demonstration, without processes: `jobs.demo` starts those and lets organizations answer."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from domain.demo import names, numbers

UNITS = ("信息工程学院", "经济管理学院", "智能制造学院", "教务处")
RANKS = ("讲师", "副教授", "高级实验师", "助教")


def answers(party_id: int, number: int, labels: Sequence[str], random: Random) -> dict[str, Any]:
    """A filled-in form of a school's invigilator of that number; every fifth has no certificate yet."""
    serial = party_id * 50 + number
    mine = [] if number % 5 == 4 else [labels[(number + step) % len(labels)] for step in range(min(1 + number % 3, len(labels)))]
    return {
        "name": random.choice(names.SURNAMES) + random.choice(names.GIVEN),
        "id_number": numbers.id_number(f"320102{1970 + number * 2 % 25}0{number % 9 + 1}1{number % 9}{serial % 1000:03}"),
        "mobile": numbers.mobile(9000 + serial % 1000),
        "unit": UNITS[number % len(UNITS)],
        "rank": RANKS[number % len(RANKS)],
        **({"certificates": mine} if mine else {}),
    }
