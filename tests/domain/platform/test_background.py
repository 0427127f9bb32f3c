"""What a background task says about itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.platform.background import BackgroundTask, advance, begin, cancel, task_of
from tests.conftest import NOON, World


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


@pytest.mark.row("2.1.3")
def test_who_changes_to_another_party_leaves_the_results_behind(lite: World) -> None:
    """An export holds the rows of the party that it was made in."""
    school, now = lite.actor("school1"), lite.clock()
    with lite.runtime.database.writing() as session:
        task_id = begin(session, school, "export", "导出", {}, now).id
        assert task_of(session, school, task_id) is not None
        assert task_of(session, lite.actor("school2"), task_id) is None
        assert task_of(session, replace(school, party_id=lite.actor("school2").party_id), task_id) is None


@pytest.mark.row("2.1.3")
def test_only_the_current_attempt_writes(lite: World) -> None:
    """A worker that was stopped past its lease, and goes on while another one has the task."""
    with lite.runtime.database.writing() as session:
        task = begin(session, lite.actor("school1"), "export", "导出", {}, lite.clock())
        task.state, task.attempt = "running", 2
        session.flush()
        assert not advance(session, task.id, 1, {"done": 7})
        assert advance(session, task.id, 2, {"done": 8})
        session.refresh(task)
        assert task.done == 8
        assert cancel(session, task, lite.clock())
        assert not advance(session, task.id, 2, {"done": 9})
