"""Parts of the product are killed at random while people work: nothing acknowledged is lost, nothing is doubled, the books are right.

The short form runs with the tests; `make faults` runs it for as long as FAULTS_SECONDS says. The database keeps what it has committed
here: without that (PostgreSQL's `synchronous_commit` off) a crash takes back what people and the outside were told.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter, defaultdict

import pytest
from redis import Redis
from sqlalchemy import func, select

from domain.ground.parties import Person
from domain.ground.settings import Settings
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import FOREVER, World, world_of
from tests.faults.people import DELETE, WITHDRAW, Told, Workforce
from tests.faults.product import Product, kill_backends, product, until
from tests.jobs.conftest import _around_now

SECONDS = float(os.environ.get("FAULTS_SECONDS", "12"))
SEED = int(os.environ.get("FAULTS_SEED", "1"))
LINES = {
    "start": ("start", None),
    "again": ("task", "提交"),
    "review": ("task", "审核退回"),
    WITHDRAW: ("message", "撤回"),
    DELETE: ("message", "删除"),
}


@pytest.mark.row("9.1")
def test_kills_lose_and_double_nothing(filled_settings: Settings, redis_server: str, redis: Redis) -> None:
    there = filled_settings
    world = world_of(there)
    with world.runtime.database.writing() as session:
        _around_now(session)
    crash = None if there.database_url.startswith("sqlite") else kill_backends(there.database_url)
    try:
        with product(there.home, there.database_url, redis_server, SEED, crash) as running:
            told = work(running, there.database_url, redis)
            settle(world, running)
        judge(world, told, running)
    finally:
        world.runtime.database.engine.dispose()


def work(running: Product, url: str, redis: Redis) -> Told:
    """People work and parts die, for SECONDS."""
    chance = random.Random(SEED)
    force = Workforce(running.address, url, SEED)
    force.log_in()
    end, next_kill = time.monotonic() + SECONDS, time.monotonic() + 0.5
    deaths: Counter[str] = Counter()
    while time.monotonic() < end:
        force.act()
        if time.monotonic() < next_kill:
            continue
        what = chance.choice(["web", "worker", "worker", "scheduler", "redis", "database"])
        deaths[what] += 1
        if what == "redis":
            redis.flushall()
        elif what == "database":
            if running.crash is not None:
                running.crash()
        else:
            running.kill(what)
        running.revive()
        next_kill = time.monotonic() + chance.uniform(0.2, 3.0)
    force.close()
    print(f"deaths {dict(deaths)}, done {dict(force.told.done)}, unknown {dict(force.told.unknown)}")
    return force.told


def settle(world: World, running: Product) -> None:
    """All that was under way comes to its end, be it when a lost worker's lease is over, after a minute."""
    table = tables.job

    def over() -> bool:
        running.revive()
        with world.runtime.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(table.c.state.in_(("pending", "running")))) == 0

    until(over, FOREVER)


def judge(world: World, told: Told, running: Product) -> None:
    """What people and the outside were told against the books."""
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []
        mobiles = Counter(session.scalars(select(Person.account).where(Person.account.startswith("138"))))
        assert set(mobiles.values()) <= {1}
        assert told.teachers <= mobiles.keys()
        event, instance = tables.event.c, tables.instance.c
        lines = select(event.kind, event.name, func.count()).join(tables.instance, instance.id == event.instance_id)
        lines = lines.where(instance.key == "weekly_report").group_by(event.kind, event.name)
        kept: dict[tuple[str, str | None], int] = defaultdict(int)
        for line_kind, name, number in session.execute(lines):
            kept[line_kind, name if line_kind != "start" else None] += number
        for what, line in LINES.items():
            counts = (told.done[what], kept[line], told.done[what] + told.unknown[what])
            most = counts[2] + (told.done["start"] + told.unknown["start"] if what == "again" else 0)  # 保存并提交 hands in as well
            assert counts[0] <= kept[line] <= most, (what, counts)
        job = tables.job.c
        done = session.execute(select(job.id, job.payload).where(job.state == "done", job.payload.is_not(None))).all()
    texts: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for key, sent in running.gateway.asked:
        texts[key].add(sent)
    assert {key: sent for key, sent in texts.items() if len(sent) > 1} == {}
    assert [row.id for row in done if row.id not in texts] == []
    for row in done:
        wanted = [one["text"] for one in row.payload.get("messages", ())]
        assert not wanted or tuple(wanted) in texts[row.id]
