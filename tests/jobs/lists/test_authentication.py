"""批量认证 on bad days: a worker that is killed, a comparison that is away, an edit and an answer at the same moment.

A candidate is never between two states: what the diagram says of one holds for each of them, and the books are sound.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate, store_candidates
from domain.exams.photos import keep_photo
from domain.ground.base import utc_now
from domain.ground.handling import BusinessError
from domain.platform.background import BackgroundFailure, BackgroundTask, begin
from handlers.candidates import MISMATCH
from jobs import background, outbox, scheduler
from jobs.lists.batches import Act, Chosen
from processes import tables
from processes.monitor.verify import verify
from processes.outside import answers
from processes.states import JobState
from processes.steps import acting, bulk_start
from tests.conftest import World
from tests.domain.exams.pupils import pupil
from tests.jobs.conftest import Live, wait_for
from tests.racing import race, transaction

pytestmark = pytest.mark.row("5.2.3.6")
AUTHENTICATE = Act("candidate", "认证")


def with_photos(world: World, number: int) -> list[tuple[int, int]]:
    """(id, instance) of so many candidates of school1 who wait to be authenticated."""
    engine, school = world.runtime.engine, world.actor("school1")
    photo = keep_photo(world.runtime.settings.home, b"photo")
    with world.runtime.database.writing() as session:
        ids = store_candidates(session, school, [pupil(n) for n in range(1, number + 1)], world.clock())
        bulk_start.start_many(engine, session, school, "candidate", Candidate.load_all(session, ids))
        table = tables.instance.c
        found = session.execute(select(table.subject_id, table.id).where(table.key == "candidate").order_by(table.subject_id)).all()
        for _, instance in found:
            acting.put(engine, session, school, instance, "photo", photo)
    return [(subject, instance) for subject, instance in found]


def begun(world: World, chosen: Chosen) -> int:
    with world.runtime.database.writing() as session:
        params = {"act": asdict(AUTHENTICATE), "chosen": asdict(chosen)}
        return begin(session, world.actor("school1"), "batch", "批量认证", params, world.runtime.engine.clock()).id


def jobs_of(world: World) -> dict[str, str]:
    """Job → its state."""
    with world.runtime.database.reading() as session:
        return {id: state for id, state in session.execute(select(tables.job.c.id, tables.job.c.state))}


def statuses(world: World) -> Counter[str]:
    with world.runtime.database.reading() as session:
        return Counter(session.scalars(select(Candidate.status)))


def sound(world: World) -> bool:
    with world.runtime.database.reading() as session:
        return verify(world.runtime.engine, session) == []


def test_a_worker_killed_in_the_middle_authenticates_everybody_once(live: Live, redis: Redis) -> None:
    world, runtime = live.world, live.world.runtime
    with_photos(world, 40)
    task_id = begun(world, Chosen("candidate", values={"status": "信息待认证"}))
    background.hand_out(runtime.settings.redis_url, [task_id])
    worker = live.start_worker()

    def task() -> BackgroundTask:
        with runtime.database.reading() as session:
            return session.get_one(BackgroundTask, task_id)

    wait_for(lambda: task().done)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at WHERE state = 'running'"))
        session.execute(update(tables.job).where(tables.job.c.state == JobState.RUNNING).values(next_at=utc_now() - timedelta(seconds=1)))
    live.start_worker()

    def over() -> bool:
        scheduler.turn(runtime, "test")
        return task().state == "done" and set(jobs_of(world).values()) == {JobState.DONE}

    wait_for(over)
    assert (task().done, task().failed, task().total) == (40, 0, 40)
    assert statuses(world) == {"信息准确": 40}
    assert len(live.outside.compared) == len(jobs_of(world)) == 40  # each was asked about under one key
    assert sound(world)


def test_each_fails_alone_with_its_reason(world: World) -> None:
    made = with_photos(world, 3)
    runtime, school = world.runtime, world.actor("school1")
    with runtime.database.writing() as session:
        acting.send(runtime.engine, session, school, made[0][1], "waiting")
        acting.send(runtime.engine, session, school, made[1][1], "delete_early")
    task_id = begun(world, Chosen("candidate", tuple(id for id, _ in made)))
    assert background.run_task(runtime, task_id)
    with runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, task_id)
        reasons = session.scalars(select(BackgroundFailure.reason).where(BackgroundFailure.task_id == task_id)).all()
    assert (task.done, task.failed) == (1, 2)
    assert sorted(reasons) == ["正在与公安系统照片比对，请稍候；有结果后状态会自动变化。", "记录不存在、已被办理，或您无权办理"]
    assert statuses(world) == {"信息待认证": 2}
    assert sound(world)


def test_a_comparison_that_is_away_for_an_hour_loses_nothing(world: World) -> None:
    """Nobody listens at its address. It is tried for more than an hour; then a supervisor sees it, and tries again."""
    ((_, instance),) = with_photos(world, 1)
    runtime, school = world.runtime, world.actor("school1")
    with runtime.database.writing() as session:
        (job,) = acting.send(runtime.engine, session, school, instance, "waiting")
    began = world.clock.now
    while jobs_of(world)[job] == JobState.PENDING:
        with runtime.database.reading() as session:
            world.clock.now = session.scalars(select(tables.job.c.next_at).where(tables.job.c.id == job)).one() or world.clock.now
        assert outbox.run_job(runtime, job)
    assert world.clock.now - began > timedelta(hours=1)
    with runtime.database.reading() as session:
        row = session.execute(select(tables.instance).where(tables.instance.c.id == instance)).one()
    assert (jobs_of(world)[job], row.incident) == (JobState.FAILED, "公安系统照片比对没有应答，系统会自动重试，请稍后查看")
    assert statuses(world) == {"信息待认证": 1}
    assert sound(world)


def answered(world: World, job: str, refused: bool) -> Callable[[Session], Any]:
    """The step in which an answer comes in."""
    engine = world.runtime.engine
    with world.runtime.database.writing() as session:
        session.execute(update(tables.job).where(tables.job.c.id == job).values(state=JobState.RUNNING, attempt=1, tries=1))
    if refused:
        return lambda session: answers.refuse(engine, session, job, 1, BusinessError(MISMATCH, "不一致"))
    return lambda session: answers.answer(engine, session, job, 1, {})


@pytest.mark.parametrize("refused", [False, True], ids=["matched", "refused"])
@pytest.mark.parametrize("first", ["edit", "answer"])
def test_an_edit_and_an_answer_at_the_same_moment(world: World, first: str, refused: bool) -> None:
    ((id, instance),) = with_photos(world, 1)
    engine, school = world.runtime.engine, world.actor("school1")
    with world.runtime.database.writing() as session:
        (job,) = acting.send(engine, session, school, instance, "waiting")
    answer = answered(world, job, refused)
    edit = partial(_renamed, world, instance)
    one, other = (edit, answer) if first == "edit" else (answer, edit)
    race(world, one, transaction(world, other))
    with world.runtime.database.reading() as session:
        candidate = session.get_one(Candidate, id)
        found = (candidate.name, candidate.status)
    renamed = ("王晓明", "信息待认证")  # the answer was about somebody else's name: it counts for nothing
    assert found == (renamed if first == "edit" or refused else (pupil(1)["name"], "信息准确"))
    assert sound(world)


def _renamed(world: World, instance: int, session: Session) -> Sequence[str]:
    return acting.save(world.runtime.engine, session, world.actor("school1"), instance, pupil(1, name="王晓明"))


def test_a_photo_and_an_answer_at_the_same_moment(world: World) -> None:
    ((id, instance),) = with_photos(world, 1)
    engine, school = world.runtime.engine, world.actor("school1")
    with world.runtime.database.writing() as session:
        (job,) = acting.send(engine, session, school, instance, "waiting")
    answer = answered(world, job, False)
    told = race(world, answer, transaction(world, lambda session: acting.put(engine, session, school, instance, "photo", "b" * 64)))
    assert told == "当前状态为“信息准确”，不能修改“照片”"
    with world.runtime.database.reading() as session:
        assert session.get_one(Candidate, id).photo != "b" * 64
    assert sound(world)
