"""消息 by SMS: who gets one, that many make one, and what the gateway's faults come to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers import sms
from jobs import texting
from jobs.sandbox import Sandbox, make_server
from processes import tables
from processes.errors import NotFound
from processes.notices import comments, copies, notices, preferences
from processes.tasks import returning
from tests.conftest import FOREVER, World
from tests.jobs.choosing import choose, notices_shown
from tests.jobs.conftest import wait_for
from tests.processes.reviews import do, waiting
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin
from tests.processes.tiny import Play, diagram, flows, node, user

pytestmark = pytest.mark.row("8.1")


@pytest.fixture
def gateway() -> Iterator[Sandbox]:
    server = make_server(0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def outside(world: World, gateway: Sandbox) -> World:
    """The world with this gateway."""
    settings = replace(world.runtime.settings, sms_url=f"http://127.0.0.1:{gateway.server_port}")
    world.runtime = replace(world.runtime, settings=settings)
    return world


def bundle(world: World) -> list[str]:
    with world.runtime.database.writing() as session:
        return texting.bundle(session, world.clock())


def texts(world: World) -> list[Any]:
    with world.runtime.database.reading() as session:
        return list(session.execute(select(tables.text).order_by(tables.text.c.created_at)).all())


def unread(world: World, account: str) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(notices.unread_number(world.actor(account)))) or 0


def mention(world: World, instance: int, text: str = "请@王强 核对") -> None:
    do(world, comments.comment, "school1", instance, text)


def test_nobody_gets_an_sms_who_has_not_asked_for_it(world: World) -> None:
    _, instance, _ = waiting(world)
    mention(world, instance)
    world.clock.now += timedelta(minutes=5)
    assert bundle(world) == []
    assert unread(world, "province1") == 1


def test_many_messages_make_one_sms(world: World, gateway: Sandbox) -> None:
    _, instance, _ = waiting(outside(world, gateway))
    choose(world, "province1")
    mention(world, instance)
    assert bundle(world) == []  # not at once
    for _ in range(3):
        mention(world, instance)
    do(world, copies.send, "school1", instance, [world.actor("province1").person_id], "")
    world.clock.now += timedelta(minutes=1)
    (first,) = bundle(world)
    assert texting.send(world.runtime, first)
    assert not texting.send(world.runtime, first)
    said = gateway.outside.sent[first]["messages"]
    assert said == [{"to": "13900000003", "text": "您有 5 条新消息：提到我 4 条，抄送 1 条。请登录试点院校业务平台查看。"}]
    assert [row.state for row in texts(world)] == ["done"]
    mention(world, instance)
    world.clock.now += timedelta(minutes=5)
    assert bundle(world) == []  # ten minutes apart
    world.clock.now += timedelta(minutes=5)
    (second,) = bundle(world)
    assert texting.send(world.runtime, second)
    assert gateway.outside.sent[second]["messages"][0]["text"].startswith("张文（金陵职业技术学院）在“")
    assert unread(world, "province1") == 6


def test_a_clock_that_is_set_back_holds_nobodys_sms_up(world: World, gateway: Sandbox) -> None:
    _, instance, _ = waiting(outside(world, gateway))
    choose(world, "province1")
    mention(world, instance)
    world.clock.now += timedelta(minutes=1)
    assert len(bundle(world)) == 1
    world.clock.now -= timedelta(days=1)
    mention(world, instance)
    world.clock.now += timedelta(minutes=1)
    assert len(bundle(world)) == 1


def test_by_sms_alone_and_not_at_all(world: World) -> None:
    _, instance, _ = waiting(world)
    choose(world, "province1", shown=(), sms=("mention",))
    mention(world, instance)
    do(world, copies.send, "school1", instance, [world.actor("province1").person_id], "")
    assert unread(world, "province1") == 0
    world.clock.now += timedelta(minutes=1)
    assert len(bundle(world)) == 1
    with world.runtime.database.reading() as session:
        assert session.execute(notices.notices_of(world.actor("province1"))).all() == []
        assert session.scalars(select(tables.notice.c.kind)).all() == ["mention"]


@pytest.mark.parametrize(("mode", "states"), [("fail", ["pending", "pending", "done"]), ("refuse", ["failed", "failed", "done"])])
def test_a_gateway_that_is_away_or_refuses(lite: World, gateway: Sandbox, mode: str, states: list[str]) -> None:
    _, instance, _ = waiting(outside(lite, gateway))
    choose(lite, "province1")
    mention(lite, instance)
    lite.clock.now += timedelta(minutes=1)
    (text,) = bundle(lite)
    gateway.outside.mode = mode
    found = []
    for turn in range(3):
        if turn == 2:
            gateway.outside.mode = "ok"
        assert texting.send(lite.runtime, text) is True or turn
        (row,) = texts(lite)
        found.append(row.state)
        if row.state == "failed":
            assert "短信平台拒绝发送" in row.error
            with lite.runtime.database.writing() as session:
                with pytest.raises(NotFound):
                    preferences.send_again(session, lite.actor("province1b"), text, lite.clock())
                preferences.send_again(session, lite.actor("province1"), text, lite.clock())
    assert found == states
    assert len(gateway.outside.sent) == 1


def test_an_attempt_that_was_overtaken_writes_nothing(lite: World, gateway: Sandbox) -> None:
    _, instance, _ = waiting(outside(lite, gateway))
    choose(lite, "province1")
    mention(lite, instance)
    lite.clock.now += timedelta(minutes=1)
    (text,) = bundle(lite)
    gateway.outside.mode, gateway.outside.seconds = "delay", FOREVER
    slow = threading.Thread(target=texting.send, args=(lite.runtime, text))
    slow.start()
    wait_for(lambda: gateway.outside.asked)
    lite.clock.now += timedelta(minutes=5)  # its lease is over
    texting.turn(lite.runtime)
    gateway.outside.mode = "ok"
    assert texting.send(lite.runtime, text)
    gateway.outside.go_on.set()
    slow.join()
    (row,) = texts(lite)
    assert (row.state, row.attempt) == ("done", 2)
    assert len(gateway.outside.sent) == 1


@pytest.mark.parametrize(
    ("error", "state", "said"), [(ConnectionResetError("reset"), "pending", "网络或磁盘出错"), (KeyError("to"), "failed", "发送程序出错")]
)
def test_what_else_goes_wrong_is_kept_with_its_reason(
    lite: World, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, said: str
) -> None:
    def wrong(*_: Any) -> None:
        raise error

    _, instance, _ = waiting(lite)
    choose(lite, "province1")
    mention(lite, instance)
    lite.clock.now += timedelta(minutes=1)
    (text,) = bundle(lite)
    monkeypatch.setattr(sms, "call", wrong)
    assert texting.send(lite.runtime, text)
    (row,) = texts(lite)
    assert row.state == state
    assert said in row.error


def test_new_tasks_and_returned_ones_for_those_who_asked(world: World) -> None:
    waiting(world, "school2")  # before anybody asked
    world.clock.now += timedelta(minutes=1)
    for account in ("province1", "school1"):
        choose(world, account, shown=("task", "returned"), sms=())
    world.clock.now += timedelta(minutes=1)
    _, instance = begin(world)
    title = "金陵职业技术学院 2026年第48周周报"
    assert notices_shown(world, "school1") == [("task", f"新的待办：{title} · 填写周报")]
    act(world, "school1", instance, "提交", ANSWERS)
    for _ in range(2):  # once a task
        assert notices_shown(world, "province1") == [("task", f"新的待办：{title} · 审核周报")]
    assert notices_shown(world, "province1b") == []
    act(world, "province1", instance, "审核退回", comment="人数不对")
    assert notices_shown(world, "school1")[0] == ("returned", f"退回给您：{title} · 修改周报")


RETURNING = diagram(
    node("startEvent", "start")
    + user("fill")
    + user("review", returnable="fill")
    + node("endEvent", "end", status="完成")
    + flows("start fill", "fill review", "review end"),
    {"试点院校": "start fill", "省级": "review end"},
)


def test_what_a_reviewer_sends_back_is_returned(world: World) -> None:
    choose(world, "school1", shown=("returned",), sms=())
    play = Play(world, RETURNING)
    play.act("school1", "fill")
    assert notices_shown(world, "school1") == []
    world.clock.now += timedelta(minutes=1)
    play.call(returning.send_back, play.tasks()[0].id, "fill", "请补充", account="province1")
    for _ in range(2):
        assert notices_shown(world, "school1") == [("returned", "退回给您：金陵职业技术学院 2026年第48周周报 · fill")]


def test_a_deadline_that_comes_near(world: World) -> None:
    choose(world, "school1", shown=("due",), sms=("due",))
    begin(world)
    assert notices_shown(world, "school1") == []
    world.clock.now += timedelta(days=4)
    for _ in range(2):
        assert notices_shown(world, "school1") == [("due", "即将到期：金陵职业技术学院 2026年第48周周报 · 填写周报")]
    world.clock.now += timedelta(minutes=1)
    assert len(bundle(world)) == 1
