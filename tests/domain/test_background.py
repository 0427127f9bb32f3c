"""What a background task says about itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.background import BackgroundTask
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("state", "total", "done", "failed", "seconds"),
    [
        ("running", 100, 20, 5, 30),  # a quarter in ten seconds
        ("running", 100, 0, 0, None),  # nothing to judge by yet
        ("running", None, 20, 0, None),  # not counted yet
        ("running", 10, 11, 0, 0),  # more than were counted
        ("done", 100, 100, 0, None),
    ],
)
def test_time_left(state: str, total: int | None, done: int, failed: int, seconds: int | None) -> None:
    task = BackgroundTask(state=state, total=total, done=done, failed=failed, started_at=NOON)
    left = task.time_left(NOON + timedelta(seconds=10))
    assert left == (None if seconds is None else timedelta(seconds=seconds))
