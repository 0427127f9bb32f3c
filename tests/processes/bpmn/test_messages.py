"""Messages between instances: who receives them, once, when, and who does not."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.ground.handling import BusinessError, Inline
from jobs import messages as delivering
from jobs import scheduler
from processes import tables
from processes.checks import problems
from processes.checks.messages import unheard
from processes.definitions import store
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.errors import DiagramInvalid, ProcessError
from processes.monitor import managing
from processes.monitor.verify import faults
from processes.outside import messages
from tests.processes.bpmn.play import Play, boundary, catch, diagram, end, flows, gateway, properties, start, subprocess, throw, timer, user
from tests.processes.checks.diagrams import FORMS, HANDLERS

NAMES = '<message id="m_ask" name="询问"/><message id="m_answer" name="答复"/>'

OPEN = '在w"/><s:property name="messageFrom" value="any'


def carries(ref: str, payload: str = "number = number") -> str:
    inside = f"<extensionElements><s:messagePayload>{payload}</s:messagePayload></extensionElements>"
    return f'<messageEventDefinition messageRef="{ref}">{inside}</messageEventDefinition>'


def awaits(ref: str = "m_ask") -> str:
    return f'<messageEventDefinition messageRef="{ref}"/>'


def correlated(*refs: str, read: str = "number", expected: str = "number") -> tuple[str, str]:
    """What stands beside the process, and what stands in it."""
    tag = "correlationPropertyRetrievalExpression"
    retrievals = "".join(f'<{tag} messageRef="{ref}"><messagePath>{read}</messagePath></{tag}>' for ref in refs)
    binding = (
        f'<correlationPropertyBinding id="cb" correlationPropertyRef="cp"><dataPath>{expected}</dataPath></correlationPropertyBinding>'
    )
    head = f'<correlationProperty id="cp" name="编号">{retrievals}</correlationProperty>'
    return NAMES + head, f'<correlationSubscription id="cs" correlationKeyRef="ck">{binding}</correlationSubscription>'


def sets(text: str, id: str = "set") -> str:
    return f'<scriptTask id="{id}" name="设"><script>{text}</script></scriptTask>'


def sender(number: int = 7, ref: str = "m_ask", key: str = "sender", payload: str = "number = number", last: str = "") -> bytes:
    inside = start() + sets(f"number = {number}") + user("a") + (throw("t", carries(ref, payload)) + user("b") + end())
    return diagram(inside + flows("start>set set>a a>t t>b b>end"), key=key, head=NAMES)


def waiting(number: int = 7, ref: str = "m_ask", key: str = "waiter", **more: str) -> bytes:
    head, inside = correlated(ref, expected="mine")
    event = catch("w", awaits(ref), "系统").replace(properties(status="在w"), properties(status="在w", **more))
    body = start() + sets(f"mine = {number}") + event + user("x") + end()
    return diagram(inside + body + flows("start>set set>w w>x x>end"), key=key, head=head)


def deliver(play: Play) -> None:
    """Lets the scheduler look, and the clock go on so far that what was put off is due."""
    play.world.clock.now += timedelta(seconds=1)
    store._CACHE.clear()
    delivering.deliver_due(play.world.runtime)


def begun(play: Play, key: str, account: str = "school1") -> Play:
    other = Play(play.world)
    other.begin(key, account)
    return other


def kept(play: Play) -> list[Any]:
    table = tables.message
    with play.world.runtime.database.reading() as session:
        return list(session.execute(select(table).where(table.c.sender_id == play.instance).order_by(table.c.id)).all())


@pytest.fixture(autouse=True)
def nothing_under_way(play: Play) -> None:
    """The tests of this module share a database: what an earlier one left waiting is not to be received here."""
    with play.world.runtime.database.writing() as session:
        session.execute(tables.message.delete())
        session.execute(tables.subscription.delete())
        session.execute(tables.definition.update().values(starts_by=None))


def test_it_reaches_the_instance_that_correlates_and_both_say_so(play: Play) -> None:
    play.deploy(waiting(8, key="eight"), waiting(7, messageGives="number"), sender())
    wrong, right = begun(play, "eight"), begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    assert (right.tasks(), play.tasks()) == ([], ["b"])  # the sender's step does not wait for it
    deliver(play)
    assert (wrong.tasks(), right.tasks()) == ([], ["x"])
    (row,) = kept(play)
    assert (row.state, row.instance_id, row.target, row.payload) == ("delivered", right.instance, "w", {"number": 7})
    assert ("sent", "发出消息“询问”") in play.history()
    assert ("received", "等w") in right.history()
    for one in (play, right, wrong):
        one.sound()
    deliver(play)
    right.complete("x")
    assert right.ended


def test_it_has_one_receiver_the_one_that_has_waited_longest(play: Play) -> None:
    play.deploy(waiting(), sender())
    first = begun(play, "waiter")
    play.world.clock.now += timedelta(hours=1)
    second = begun(play, "waiter", "school1")
    play.begin("sender")
    play.complete("a")
    deliver(play)
    assert (first.tasks(), second.tasks()) == (["x"], [])


def test_it_is_kept_for_who_waits_later(play: Play) -> None:
    play.deploy(waiting(), sender())
    play.begin("sender")
    play.complete("a")
    deliver(play)
    deliver(play)
    assert [row.state for row in kept(play)] == ["waiting"]
    late = begun(play, "waiter")
    deliver(play)
    assert late.tasks() == ["x"]


def test_a_message_that_nobody_receives_in_seven_days_expires(play: Play) -> None:
    play.deploy(sender(), waiting())
    play.begin("sender")
    play.complete("a")
    for _ in range(9):
        play.world.clock.now += timedelta(days=1)
        deliver(play)
    (row,) = kept(play)
    assert (row.state, row.error) == ("expired", "7 天内没有流程接收")
    late = begun(play, "waiter")
    deliver(play)
    assert late.tasks() == []


@pytest.mark.parametrize("allows", [False, True])
def test_another_partys_instance_is_reached_only_where_its_diagram_allows(play: Play, allows: bool) -> None:
    play.deploy(waiting(**({"messageFrom": "any"} if allows else {})), sender())
    theirs = begun(play, "waiter", "school2")
    play.begin("sender")
    play.complete("a")
    deliver(play)
    assert theirs.tasks() == (["x"] if allows else [])


def test_a_button_is_no_door_for_other_instances(play: Play) -> None:
    button = start() + sets("mine = 7") + catch("w", awaits()) + user("x") + end() + flows("start>set set>w w>x x>end")
    play.deploy(diagram(button, key="waiter", head=NAMES), sender())
    other = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    deliver(play)
    assert (other.tasks(), other.waits) == ([], ["w"])


def test_the_receiver_takes_only_the_names_it_asks_for(play: Play) -> None:
    head, inside = correlated("m_ask", expected="mine")
    event = catch("w", awaits(), "系统").replace(properties(status="在w"), properties(status="在w", messageGives="until"))
    body = start() + sets("mine = 7; number = 1") + event + user("x", due="until") + gateway("exclusive", "g", "g_bad") + end() + end("bad")
    play.deploy(diagram(inside + body + flows("start>set set>w w>x x>g g>end:number==1 g>bad"), key="waiter", head=head))
    play.deploy(sender(payload="number = number\nuntil = now + days(2)"))
    other = begun(play, "waiter")
    play.begin("sender")
    sent = play.world.clock.now
    play.complete("a")
    deliver(play)
    (task,) = other.open()
    assert task.due_at == sent + timedelta(days=2)
    other.complete("x")
    assert other.status == "到end"


def shape(kind: str) -> str:
    """What waits for the message, named `w` or behind it; then `x`."""
    event = awaits()
    if kind == "receive task":
        inside = properties(status="在w")
        return f'<receiveTask id="w" name="等w" lane="系统" messageRef="m_ask">{inside}</receiveTask>' + flows("set>w w>x")
    if kind == "boundary":
        return user("y") + boundary("w", "y", event, lane="系统") + end("e2") + flows("set>y y>e2 w>x")
    if kind == "event subprocess":
        begin = f'<startEvent id="w" name="触发" lane="系统">{event}</startEvent>'
        inner = begin + user("x") + end("ie") + flows("w>x x>ie")
        return user("y") + flows("set>y y>end") + subprocess("ev", inner, ' triggeredByEvent="true"')
    if kind == "subprocess":
        inner = start("is") + catch("w", event, "系统") + end("ie") + flows("is>w w>ie")
        return subprocess("p", inner) + flows("set>p p>x")
    gate = f'<eventBasedGateway id="g" name="等">{properties(status="在等")}</eventBasedGateway>'
    return gate + catch("w", event, "系统") + catch("n", timer(timeDuration="days(1)")) + end("e2") + flows("set>g g>w g>n n>e2 w>x")


@pytest.mark.parametrize("kind", ["receive task", "boundary", "event subprocess", "subprocess", "event gateway"])
@pytest.mark.parametrize("how", ["throw", "send task", "end"])
def test_every_way_to_throw_and_to_wait(play: Play, kind: str, how: str) -> None:
    head, inside = correlated("m_ask", expected="mine")
    body = start() + sets("mine = 7") + shape(kind) + end() + ("" if kind == "event subprocess" else user("x") + flows("x>end"))
    play.deploy(diagram(inside + body + flows("start>set"), key="waiter", head=head))
    payload = "<extensionElements><s:messagePayload>number = 7</s:messagePayload></extensionElements>"
    thrown = {
        "throw": throw("t", carries("m_ask", "number = 7")) + end() + flows("a>t t>end"),
        "send task": f'<sendTask id="t" name="发" messageRef="m_ask">{payload}</sendTask>' + end() + flows("a>t t>end"),
        "end": end("t", carries("m_ask", "number = 7")) + flows("a>t"),
    }[how]
    play.deploy(diagram(start() + user("a") + flows("start>a") + thrown, key="sender", head=NAMES))
    other = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    assert play.ended
    deliver(play)
    assert other.tasks() == ["x"]
    other.sound()
    other.complete("x")
    assert other.ended


def test_there_and_back(play: Play) -> None:
    head, inside = correlated("m_ask", expected="mine")
    event = catch("w", awaits(), "系统").replace(properties(status="在w"), properties(status="在w", messageGives="number"))
    body = start() + sets("mine = 7") + event + throw("t", carries("m_answer", "number = number")) + end()
    play.deploy(diagram(inside + body + flows("start>set set>w w>t t>end"), key="answers", head=head))
    head, inside = correlated("m_answer", expected="number")
    body = start() + sets("number = 7") + throw("t", carries("m_ask")) + catch("w", awaits("m_answer"), "系统") + user("x") + end()
    play.deploy(diagram(inside + body + flows("start>set set>t t>w w>x x>end"), key="asks", head=head))
    other = begun(play, "answers")
    play.begin("asks")
    assert play.status == "在w"
    deliver(play)
    assert other.ended
    deliver(play)
    assert play.tasks() == ["x"]


def started(key: str = "follow", more: str = "", **properties_of_start: str) -> bytes:
    given = properties(**{"messageSubject": "report", "messageGives": "number", **properties_of_start})
    begin = f'<startEvent id="start" name="收到" lane="系统">{given}{awaits()}</startEvent>'
    head = NAMES
    return diagram(begin + user("x") + (more or end()) + flows("start>x x>end"), key=key, head=head)


def test_it_starts_a_process_about_the_record_that_it_names(play: Play) -> None:
    play.deploy(started(), sender(payload="report = number; number = 1"))
    about = Play(play.world)
    play.deploy(diagram(start() + user("z") + end() + flows("start>z z>end"), key="plain"))
    about.begin("plain")
    about.complete("z")
    play.deploy(sender(about.report, payload="report = number; number = 1"))
    play.begin("sender")
    play.complete("a")
    deliver(play)
    (row,) = kept(play)
    assert row.state == "delivered"
    born = Play(play.world, row.instance_id, about.report)
    assert (born.tasks(), born.status, born.row.key, born.row.started_by) == (["x"], "在x", "follow", 0)
    assert born.history() == [("start", "收到"), ("received", "收到")]
    born.sound()
    deliver(play)
    born.complete("x")
    assert born.ended


@pytest.mark.parametrize("report", ["theirs", "nobody", "running"])
def test_what_cannot_be_started_is_the_senders_incident(play: Play, report: str) -> None:
    play.deploy(diagram(start() + user("z") + end() + flows("start>z z>end"), key="plain"))
    about = begun(play, "plain", "school2" if report == "theirs" else "school1")
    number = 987654 if report == "nobody" else about.report
    play.deploy(started(key="plain" if report == "running" else f"follow_{report}"), sender(number, payload="report = number"))
    play.begin("sender")
    play.complete("a")
    for _ in range(messages.MAX_TRIES + 1):
        play.world.clock.now += messages.LONGEST
        deliver(play)
    (row,) = kept(play)
    assert row.state == "failed"
    assert "消息不能送达：由消息“询问”开始的流程" in play.row.incident
    assert play.tasks() == ["b"]  # the sender's own work is untouched


def test_a_receiver_that_fails_does_not_take_the_sender_with_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = True

    def handler(*_: Any) -> dict[str, Any]:
        if broken:
            raise BusinessError("no", "接收方出错")
        return {}

    engine = play.world.runtime.engine
    monkeypatch.setattr(
        play.world, "runtime", replace(play.world.runtime, engine=replace(engine, handlers={"test.fails": Inline(handler)}))
    )
    head, inside = correlated("m_ask", expected="mine")
    fails = '<serviceTask id="f" name="办"><extensionElements><s:serviceTaskOperator id="test.fails"/></extensionElements></serviceTask>'
    body = start() + sets("mine = 7") + catch("w", awaits(), "系统") + fails + user("x") + end()
    play.deploy(diagram(inside + body + flows("start>set set>w w>f f>x x>end"), key="waiter", head=head), sender())
    other = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    for _ in range(messages.MAX_TRIES):
        assert play.row.incident is None
        assert other.row.incident is None
        play.world.clock.now += messages.LONGEST
        deliver(play)
    assert (play.row.incident, other.row.incident) == (None, "消息不能送达：接收方出错")
    assert other.history()[-1][0] == "incident"
    assert [row.state for row in kept(play)] == ["failed"]
    broken = False
    with play.world.runtime.database.writing() as session:
        managing.retry(play.world.runtime.engine, session, play.world.actor("supervisor"), other.instance)
    deliver(play)
    assert (other.tasks(), other.row.incident) == (["x"], None)


def test_two_deliverers_deliver_once(play: Play) -> None:
    play.deploy(waiting(), sender())
    first = begun(play, "waiter")
    play.world.clock.now += timedelta(hours=1)
    second = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    (row,) = kept(play)
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        delivering.deliver(play.world.runtime, row.id)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (first.tasks(), second.tasks()) == (["x"], [])
    assert [row.state for row in kept(play)] == ["delivered"]
    for one in (first, second, play):
        one.sound()


def test_a_step_that_fails_sends_nothing(play: Play) -> None:
    inside = start() + user("a") + throw("t", carries("m_ask", "number = 7")) + sets("x = 1 / (2 - len(a_outcome))") + end()
    play.deploy(diagram(inside + flows("start>a a>t t>set set>end"), key="sender", head=NAMES))
    play.begin("sender")
    with pytest.raises((ProcessError, ValueError)):
        play.complete("a")
    assert kept(play) == []


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (lambda: started(messageSubject=""), "开始事件“收到”(start)：由消息开始的流程须写明是关于哪条记录的（属性 messageSubject"),
        (lambda: started(messageFrom="all"), "属性 messageFrom 应为 any"),
        (lambda: started(messageGives="title, _x"), "属性 messageGives 中的“title”由平台给出，不能改写"),
        (lambda: started(messageGives="period_end"), "“period_end”是业务记录的内容"),
        (lambda: started().replace('name="系统"'.encode(), 'name="省级"'.encode()), "由消息开始，请放在“系统”泳道"),
        (lambda: waiting().replace(b"<dataPath>mine</dataPath>", b""), "没有写明本流程期望的值"),
        (lambda: waiting().replace(b"<messagePath>number</messagePath>", b""), "应有 id，并写明从哪条消息"),
        (lambda: waiting().replace("询问".encode(), b" "), "所用的消息没有名称"),
        (lambda: waiting().replace("询问".encode(), "问".encode() * 101), "所用的消息没有名称，或名称超过 100 个字"),
        (lambda: waiting().replace("询问".encode(), "询\u202e问".encode()), "含有不可见的字符"),
        (lambda: sender(payload="number"), "消息内容不能使用：“number”不是“名称 = 表达式”形式的赋值"),
        (lambda: sender(payload="a_by = 1"), "名称“a_by”由平台给出，不能改写"),
        (
            lambda: diagram(start() + user("a", messageFrom="any") + end() + flows("start>a a>end")),
            "用户任务“办a”(a)：属性 messageFrom 只能用在等待消息的事件上",
        ),
        (
            lambda: diagram(start() + catch("w", awaits()).replace("在w", OPEN) + end() + flows("start>w w>end"), head=NAMES),
            "没有关联属性读取这条消息，其他流程的消息到不了这里",
        ),
    ],
)  # fmt: skip
def test_what_could_not_work_is_refused(play: Play, xml: Any, said: str) -> None:
    with pytest.raises(DiagramInvalid) as refused:
        play.deploy(xml())
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["().__class__", "'{0.x}'.format(1)", "open('x')", "9 ** 9 ** 9", "[x for x in [1]]", "__import__('os')"])
def test_no_python_runs_from_a_correlation(text: str) -> None:
    class Report:
        FACTS = {"amount": int}  # noqa: RUF012

    given = {"weekly_report": Report}
    assert problems(waiting(), None, HANDLERS, given, FORMS) == []
    for xml in (
        waiting().replace(b">number<", f">{text}<".encode()),
        waiting().replace(b"<dataPath>mine<", f"<dataPath>{text}<".encode()),
        started(messageSubject=text.replace('"', "'")),
        sender(payload=f"number = {text}"),
    ):
        assert problems(xml, None, HANDLERS, given, FORMS), xml


def test_a_message_that_no_diagram_of_the_folder_waits_for_is_named(tmp_path: Any) -> None:
    for name, xml in (("sender", sender()), ("waiter", waiting())):
        (tmp_path / f"{name}.bpmn").write_bytes(xml)
    assert list(unheard(tmp_path / "sender.bpmn", read_diagram(parse_diagram(sender())))) == []
    (tmp_path / "waiter.bpmn").unlink()
    assert list(unheard(tmp_path / "sender.bpmn", read_diagram(parse_diagram(sender())))) == [
        "消息“询问”由“t”发出，但同一文件夹的流程图都不等待它，请核对消息的名称，或加上等待它的流程图"
    ]


def test_a_suspended_receiver_gets_it_once_it_is_resumed(play: Play) -> None:
    play.deploy(waiting(), sender())
    other, boss = begun(play, "waiter"), play.world.actor("supervisor")
    with play.world.runtime.database.writing() as session:
        managing.suspend(play.world.runtime.engine, session, boss, other.instance, "核对材料")
    play.begin("sender")
    play.complete("a")
    for _ in range(messages.MAX_TRIES + 2):
        play.world.clock.now += messages.SUSPENDED
        deliver(play)
    assert (other.tasks(), other.row.incident, play.row.incident) == ([], None, None)
    with play.world.runtime.database.writing() as session:
        managing.resume(play.world.runtime.engine, session, boss, other.instance, "核对完毕")
    play.world.clock.now += messages.SUSPENDED
    deliver(play)
    assert other.tasks() == ["x"]


def test_a_cancelled_receiver_no_longer_waits(play: Play) -> None:
    play.deploy(waiting(), sender())
    other = begun(play, "waiter")
    with play.world.runtime.database.writing() as session:
        managing.cancel(play.world.runtime.engine, session, play.world.actor("supervisor"), other.instance, "重复")
    late = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    deliver(play)
    assert (late.tasks(), [row.state for row in kept(play)]) == (["x"], ["delivered"])


def test_verify_sees_a_wait_that_nobody_could_find(play: Play) -> None:
    play.deploy(waiting())
    play.begin("waiter")
    with play.world.runtime.database.writing() as session:
        session.execute(tables.subscription.delete().where(tables.subscription.c.instance_id == play.instance))
    with play.world.runtime.database.reading() as session:
        assert list(faults(play.world.runtime.engine, session, play.row)) == ["等待其他流程消息的登记与流程状态不一致"]


def test_the_scheduler_delivers(play: Play) -> None:
    play.deploy(waiting(), sender())
    other = begun(play, "waiter")
    play.begin("sender")
    play.complete("a")
    scheduler.turn(play.world.runtime, "test")
    assert other.tasks() == ["x"]
