"""Heads: what was published of all chains once a day stays as it was, or `pilot verify` says what is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.proofs import Proofs, proofs_of
from domain.ground.rows import columns_of
from domain.platform import heads
from domain.platform.heads import Head, Leaf
from domain.weekly.reports import WeeklyReport
from jobs.heads import begin, publish_daily
from jobs.verifying import verify
from processes import tables
from processes.history import GENESIS, chain_hash, events_of
from processes.proving import RULES
from tests.conftest import World
from tests.processes.reviews import waiting
from tests.processes.steps.test_weekly_report import ANSWERS, act, send
from tests.processes.steps.test_weekly_report import begin as begin_report

pytestmark = pytest.mark.row("8.4")


def a_day_later(world: World) -> Head:
    world.clock.now += timedelta(days=1)
    head = publish_daily(world.runtime.database, world.runtime.engine)
    assert head is not None
    return head


def rows_of(session: Session, instance: int) -> list[tuple[Any, list[dict[str, Any]]]]:
    """All that the engine keeps of an instance, the instance first."""
    found = [(tables.instance, tables.instance.c.id)] + [(t, t.c.instance_id) for t in (tables.task, tables.event, tables.job)]
    return [(t, [dict(row) for row in session.execute(select(t).where(key == instance)).mappings()]) for t, key in found]


def forget(session: Session, instance: int) -> None:
    for table in (tables.notice, tables.job, tables.event, tables.task):
        session.execute(delete(table).where(table.c.instance_id == instance))
    session.execute(delete(tables.instance).where(tables.instance.c.id == instance))


def test_one_a_day_over_what_has_grown(world: World) -> None:
    a_day_later(world)  # the versions
    _, instance, _ = waiting(world)
    first = a_day_later(world)
    assert publish_daily(world.runtime.database, world.runtime.engine) is None
    second = a_day_later(world)
    assert (first.leaves, second.leaves, second.number) == (1, 0, first.number + 1)
    send(world, "school1", instance, "withdraw")
    assert a_day_later(world).leaves == 1
    assert verify(world.runtime) == []


def test_an_instance_that_is_gone_with_all_its_rows_and_its_record(world: World) -> None:
    report, instance, _ = waiting(world)
    a_day_later(world)
    with world.runtime.database.writing() as session:
        forget(session, instance)
        session.execute(delete(WeeklyReport).where(WeeklyReport.id == report))
    assert verify(world.runtime) == [f"流程实例 {instance}：第 2 次公布时还在，现在没有了"]


def test_rows_of_an_earlier_day_are_not_put_back(world: World) -> None:
    """Every row then had its proof; only the head knows that it went on."""
    report, instance, _ = waiting(world)
    with world.runtime.database.reading() as session:
        before = rows_of(session, instance)
        said = session.get_one(WeeklyReport, report)
        said = {"status": said.status, "tone": said.tone}
    act(world, "province1", instance, "审核退回", {"quality": "差"}, "人数不对")
    a_day_later(world)
    with world.runtime.database.writing() as session:
        forget(session, instance)
        for table, rows in before:
            session.execute(insert(table), rows)
        session.execute(update(WeeklyReport).where(WeeklyReport.id == report).values(said))
    (fault,) = verify(world.runtime)
    assert fault.startswith(f"流程实例 {instance}：前 3 条历史与第 2 次公布时的不同")


def test_a_version_is_not_exchanged(world: World) -> None:
    table, head = tables.definition, a_day_later(world)
    assert head.leaves
    with world.runtime.database.writing() as session:
        session.execute(update(table).where(table.c.key == "weekly_report").values(digest="0" * 64))
    assert any(f"与第 {head.number} 次公布时的不同" in fault for fault in verify(world.runtime))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (update(Leaf).values(hash="0" * 64), "第 2 次公布的内容被改动过"),
        (delete(Leaf), "第 2 次公布的内容被改动过"),
        (update(Head).where(Head.number == 2).values(digest="0" * 64), "第 2 次公布的签名不正确"),
        (update(Head).where(Head.number == 2).values(signature="00"), "第 2 次公布的签名不正确"),
        (delete(Head).where(Head.number == 1), "第 2 次公布之前缺少一次"),
        (delete(Head), "还没有公布过"),
    ],
)
def test_heads_are_not_changed_by_hand(lite: World, change: Any, said: str) -> None:
    waiting(lite)
    a_day_later(lite)
    assert verify(lite.runtime) == []
    with lite.runtime.database.writing() as session:
        session.execute(change)
    assert any(said in fault for fault in verify(lite.runtime))


def test_whoever_has_the_key_too_is_seen_from_outside(lite: World) -> None:
    """The heads are made anew with the right key: only who kept one outside can tell."""
    waiting(lite)
    head = a_day_later(lite)
    with lite.runtime.database.reading() as session:
        kept = [heads.exported(one, proofs_of(session)) for one in heads.heads_since(session, 1)]
    assert verify(lite.runtime, kept) == []
    with lite.runtime.database.writing() as session:
        session.execute(delete(Leaf).where(Leaf.head == head.number))
        session.execute(delete(Head).where(Head.number == head.number))
        session.add(heads.signed_head(session, head.number, head.at))
    assert verify(lite.runtime) == []
    assert verify(lite.runtime, kept) == ["外部保存的第 2 次公布与数据库中的不一致"]
    with lite.runtime.database.writing() as session:
        session.execute(delete(Head).where(Head.number == head.number))
    assert verify(lite.runtime, kept) == ["外部保存的第 2 次公布在数据库中不存在"]


def test_a_signature_is_checked_with_the_public_key_alone(lite: World) -> None:
    head = a_day_later(lite)
    with lite.runtime.database.reading() as session:
        proofs = proofs_of(session)
    other = Proofs(lambda: ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",))
    assert proofs.signed(heads.statement(head), head.signature)
    assert not other.signed(heads.statement(head), head.signature)


def as_earlier_versions_wrote(session: Session) -> None:
    """Takes the proofs away, and what the histories say of records; then everything is as it was before there were heads."""
    for table, rules in RULES.items():
        session.execute(update(table).values(dict.fromkeys(rule.column for rule in rules)))
    for instance in session.scalars(select(tables.instance.c.id)).all():
        chain, mine = GENESIS, tables.event.c.instance_id == instance
        for line in events_of(session, instance):
            chain = chain_hash(chain, {**columns_of(line), "record": None})
            session.execute(update(tables.event).where(mine, tables.event.c.seq == line.seq).values(record=None, hash=chain))
        session.execute(update(tables.instance).where(tables.instance.c.id == instance).values(chain=chain))
    session.execute(delete(Leaf))
    session.execute(delete(Head))


def test_what_earlier_versions_wrote_is_proved_once(world: World) -> None:
    report, instance, task = waiting(world)
    begin_report(world, "school2")
    with world.runtime.database.writing() as session:
        as_earlier_versions_wrote(session)
    begin(world.runtime.database, world.runtime.engine)
    assert verify(world.runtime) == []
    changed = update(WeeklyReport).where(WeeklyReport.id == report).values(data={**ANSWERS, "summary": "别的"})
    with world.runtime.database.writing() as session:
        session.execute(changed)
    assert verify(world.runtime) == [f"流程实例 {instance}：记录的内容与第 1 次公布时的不同"]
    with world.runtime.database.writing() as session:
        session.execute(update(WeeklyReport).where(WeeklyReport.id == report).values(data=ANSWERS))
    act(world, "province1", instance, "审核通过")
    assert verify(world.runtime) == []
    with world.runtime.database.writing() as session:
        session.execute(update(tables.task).where(tables.task.c.id == task).values(proof=None))
    begin(world.runtime.database, world.runtime.engine)  # there is a head: no row without a proof is believed any more
    assert any("被改动过" in fault and "待办" in fault for fault in verify(world.runtime))


def test_several_who_publish_at_once_publish_one_head(world: World) -> None:
    """Two schedulers for a moment, or several machines that are upgraded at the same time."""
    runtime = world.runtime
    with runtime.database.writing() as session:
        session.execute(delete(Leaf))
        session.execute(delete(Head))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: begin(runtime.database, runtime.engine), range(4)))
    assert sum(head is not None for head in found) == 1
    world.clock.now += timedelta(days=1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: publish_daily(runtime.database, runtime.engine), range(4)))
    assert sum(head is not None for head in found) == 1
    assert list(verify(runtime)) == []
