"""`batch`: authenticating 5,000 candidates, by candidate, over a bare engine step (the floor of `step`).

Ours is all from the press on 批量认证 to the last answer: the background task that takes each candidate's step, the jobs on their way
through Redis and one worker, the HTTP call to a comparison that answers at once (the sandbox, in a process of its own), the step that takes
each answer. `growth` is the time a candidate at 5,000 over that at 500.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from sqlalchemy import func, select

from domain.demo.numbers import id_number
from domain.exams.candidates import Candidate, new_candidate
from domain.exams.photos import keep_photo
from domain.ground.base import utc_now
from domain.ground.id_numbers import CARD
from jobs import background, queue
from jobs.lists import batches
from jobs.runtime import Runtime
from jobs.worker import duties
from processes.steps import starting
from webapp.benches import step
from webapp.benches.measuring import actor, product, timed

FEW, MANY = 500, 5_000
PHOTO = b"\xff\xd8" + bytes(80_000)  # as large as one; nobody opens it here
AT_ONCE = 100  # candidates made in one transaction


def measure() -> tuple[float, float, dict[str, Any]]:
    """Seconds a candidate at `MANY`, the floor's, and the growth."""
    floor = step.measure()[1]
    with product() as made, _comparison() as address:
        runtime = replace(made, settings=replace(made.settings, compare_url=address))
        few = _authenticated(runtime, 0, FEW)
        many = _authenticated(runtime, FEW, MANY)
    also = {"candidates": MANY, "growth": round((many / MANY) / (few / FEW), 2), "few_ms": round(few / FEW * 1000, 2)}
    return many / MANY, floor, also


@contextmanager
def _comparison() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "jobs.sandbox", str(port)])  # noqa: S603  # our own code
    try:
        while not _answers(address):
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _authenticated(runtime: Runtime, after: int, number: int) -> float:
    """Makes candidates with photos, then authenticates them: how long that took, in seconds."""
    school = actor(runtime, "school1")
    ids = [one for at in range(after, after + number, AT_ONCE) for one in _waiting(runtime, range(at, at + AT_ONCE))]
    chosen = batches.Chosen("candidate", tuple(ids))
    with runtime.database.writing() as session:
        task, _ = batches.start(runtime.engine, session, school, batches.Act("candidate", "认证"), chosen, "批量认证", "/candidates/")
    took = timed(lambda: _work(runtime, task.id))
    with runtime.database.reading() as session:
        sure = session.scalar(select(func.count()).where(Candidate.id.in_(ids), Candidate.status == "信息准确"))
    if sure != number:
        raise ValueError(f"{sure} of {number} candidates were authenticated")
    return took


def _work(runtime: Runtime, task_id: int) -> None:
    background.hand_out(runtime.settings.redis_url, [task_id])
    queue.work(runtime.settings.redis_url, duties(runtime), until_empty=True)


def _waiting(runtime: Runtime, numbers: range) -> list[int]:
    """Ids of candidates who wait for their authentication."""
    school = actor(runtime, "school1")
    photo = keep_photo(runtime.settings.home, PHOTO)
    found = []
    with runtime.database.writing() as session:
        for number in numbers:
            body = f"110105{1990 + number // 8000}{1 + number // 700 % 12:02}{1 + number % 28:02}{number % 1000:03}"
            answers = {"kind": "社会考生", "name": "王小明", "pinyin": "WANG XIAOMING", "document": CARD, "mobile": "13900000000"}
            candidate = new_candidate(session, school, utc_now(), {**answers, "id_number": id_number(body)})
            candidate.photo = photo
            session.flush()
            starting.start(runtime.engine, session, school, "candidate", candidate)
            found.append(candidate.id)
    return found
