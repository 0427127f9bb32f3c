"""Parts of the product are killed at random while people work: nothing acknowledged is lost, nothing is doubled, the books are right.

The short form runs with the tests; `make faults` runs it for as long as FAULTS_SECONDS says.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ground.parties import Person
from jobs.verifying import verify
from processes import tables
from tests.conftest import FOREVER, World, world_of
from tests.faults.conftest import Ground
from tests.faults.people import DELETE, WITHDRAW, Told, Workforce
from tests.faults.product import Product, crashes_of, product, until
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
def test_kills_lose_and_double_nothing(ground: Ground, redis_server: str, redis: Redis) -> None:
    there = ground.settings
    world = world_of(there)
    with world.runtime.database.writing() as session:
        _around_now(session)
    crashes = crashes_of(ground.server, there.database_url)
    try:
        with product(there.home, there.database_url, redis_server, SEED, crashes) as running:
            told = work(running, there.database_url, redis)
            settle(world, running)
        found = judge(world, told, running)
        assert not found, "\n".join(found)
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
        what = chance.choice(["web", "worker", "worker", "scheduler", "redis", *running.crashes])
        deaths[what] += 1
        if what == "redis":
            redis.flushall()
        elif what in running.crashes:
            running.crashes[what]()
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


def judge(world: World, told: Told, running: Product) -> list[str]:
    """What people and the outside were told against the books: a line for each difference."""
    with world.runtime.database.reading() as session:
        found = verify(world.runtime)
        mobiles = Counter(session.scalars(select(Person.account).where(Person.account.startswith("138"))))
        found += [f"teacher {mobile} is there {number} times" for mobile, number in mobiles.items() if number > 1]
        found += [f"teacher {mobile} was added and is not there" for mobile in sorted(told.teachers - mobiles.keys())]
        found += _acts(session, told)
        found += _texts(session, running)
    return found


def _acts(session: Session, told: Told) -> Iterator[str]:
    event, instance = tables.event.c, tables.instance.c
    lines = select(event.kind, event.name, func.count()).join(tables.instance, instance.id == event.instance_id)
    lines = lines.where(instance.key == "weekly_report").group_by(event.kind, event.name)
    kept: dict[tuple[str, str | None], int] = defaultdict(int)
    for line_kind, name, number in session.execute(lines):
        kept[line_kind, name if line_kind != "start" else None] += number
    for what, line in LINES.items():
        done, most = told.done[what], told.done[what] + told.unknown[what]
        most += told.done["start"] + told.unknown["start"] if what == "again" else 0  # 保存并提交 hands in as well
        if not done <= kept[line] <= most:
            yield f"{what} was done {done} to {most} times, the histories have it {kept[line]} times"


def _texts(session: Session, running: Product) -> Iterator[str]:
    """What the gateway had against what the books say was sent: of jobs, and of notices that were bundled."""
    texts: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key, sent in running.gateway.asked:
        if sent not in texts[key]:
            texts[key].append(sent)
    yield from (f"{key} went out with {len(sent)} texts: {sent}" for key, sent in texts.items() if len(sent) > 1)
    for table in (tables.job, tables.text):
        for row in session.execute(select(table.c.id, table.c.payload).where(table.c.state == "done")):
            wanted = None if row.payload is None else tuple(one["text"] for one in row.payload.get("messages", ()))
            if row.id not in texts or (wanted and wanted != texts[row.id][0]):
                yield f"{table.name} {row.id} is done, and the gateway had {texts.get(row.id)} instead of {wanted}"
