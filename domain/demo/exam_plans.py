"""考试计划 of the demonstration, as their organization fills them in: `jobs.demo.exam_plans` plays them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from domain.exams.windows import WINDOWS

DAYS: Mapping[str, tuple[int, int]] = {
    "registration": (0, 10),
    "arranging": (11, 15),
    "exam": (19, 20),
    "scoring": (21, 25),
    "publicity": (26, 33),
}
"""Window → its first and last day, counted from the first day of the plan."""
FEE = 260
_SITTINGS = (("09:00", "10:30"), ("14:00", "16:30"), ("11:00", "12:30"), ("17:00", "18:00"))


def answers(name: str, first: date, mode: str, subjects: Mapping[str, Sequence[str]], schools: Sequence[str]) -> dict[str, Any]:
    """The form of a plan whose 报考 begins on a day. `subjects`: label of each certificate → titles of its subjects."""
    windows: dict[str, str] = {}
    for window in WINDOWS:
        begins, ends = (first + timedelta(days=days) for days in DAYS[window])
        windows |= {f"{window}_from": f"{begins} {'08:00' if window == 'exam' else '09:00'}", f"{window}_to": f"{ends} 18:00"}
    sittings = [
        {"subject": subject, "starts_at": f"{day} {starts}", "ends_at": f"{day} {ends}", "fee": FEE // 2}
        for number, titles in enumerate(subjects.values())
        for day, times in [_times(first, number)]
        for subject, (starts, ends) in zip(titles, times, strict=False)
    ]
    return {
        **{"name": name, "year": first.year, "mode": mode, **windows},
        "note": "请各院校在报考截止前完成报考和缴费；考生凭准考证和身份证件参加考试，开考前三十分钟到达考场。",
        "certificates": [{"certificate": label, "fee": FEE} for label in subjects],
        "sittings": sittings,
        "schools": list(schools),
    }


def _times(first: date, number: int) -> tuple[date, Sequence[tuple[str, str]]]:
    """The day of a plan's certificate of this number, and its times: whoever registers for three of them can sit in all."""
    begins, ends = DAYS["exam"]
    turn = number // 2 * 2 % len(_SITTINGS)
    return first + timedelta(days=(begins, ends)[number % 2]), (*_SITTINGS[turn:], *_SITTINGS[:turn])
