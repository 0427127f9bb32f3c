"""What the engine does not run is refused by name; what the table lets pass runs (tests/processes/bpmn/)."""

from __future__ import annotations

from pathlib import Path

import pytest

from processes.checks import problems
from processes.checks.support import RUNS
from processes.diagrams.elements import EVENTS
from tests.conftest import World
from tests.processes.bpmn.play import (
    Play,
    boundary,
    catch,
    diagram,
    end,
    flows,
    gateway,
    message,
    properties,
    start,
    subprocess,
    throw,
    timer,
    user,
)
from tests.processes.checks.diagrams import FORMS, HANDLERS

LINE = "start>a a>end"
SIGNAL, ERROR = '<signalEventDefinition signalRef="s_all"/>', '<errorEventDefinition errorRef="e_one"/>'
ESCALATION, CONDITION = (
    '<escalationEventDefinition escalationRef="x_up"/>',
    "<conditionalEventDefinition><condition>1 == 1</condition></conditionalEventDefinition>",
)
CYCLE = timer(timeCycle="[3, days(1)]")
BODY = start() + user("a") + end() + flows(LINE)
INNER = start("ps") + user("a") + end("pe") + flows("ps>a a>pe")


class Report:
    FACTS = {"amount": int}  # noqa: RUF012


def says(inside: str) -> list[str]:
    return problems(diagram(inside), None, HANDLERS, {"weekly_report": Report}, FORMS)


def around(inside: str) -> str:
    """Start, a subprocess `p`, end."""
    return start() + subprocess("p", inside) + end() + flows("start>p p>end")


def beside(boundary_event: str) -> str:
    """An end for a boundary event `b`."""
    return boundary_event + end("e2") + flows("b>e2")


def event_subprocess(event: str, attributes: str = "") -> str:
    begin = f'<startEvent id="evs" name="触发" lane="试点院校"{attributes}>{event}</startEvent>'
    return subprocess("ev", begin + user("evt") + end("eve") + flows("evs>evt evt>eve"), ' triggeredByEvent="true"')


def between(node: str) -> str:
    """Start, the node `k`, a task, end."""
    return start() + node + user("a") + end() + flows("start>k k>a a>end")


def behind_gateway(node: str, more: str = "") -> str:
    gate = f'<eventBasedGateway id="g" name="等"{more}>{properties(status="等")}</eventBasedGateway>'
    return start() + gate + node + catch("m", message()) + end() + end("e2") + flows("start>g g>k g>m k>end m>e2")


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (between(f'<adHocSubProcess id="k" name="随意">{user("b")}</adHocSubProcess>'), "自由子流程“随意”(k)：不支持自由子流程，"),
        (between(f'<transaction id="k" name="事务">{INNER.replace("a", "b")}</transaction>'), "事务子流程“事务”(k)：不支持事务子流程，"),
        (between(gateway("complex", "k")), "复杂网关“网关k”(k)：不支持复杂网关，请改为排他、并行或包容网关"),
        (BODY + boundary("c", "a", "<compensateEventDefinition/>"), "边界事件“边c”(c)：不支持补偿，"),
        (BODY + '<serviceTask id="u" name="撤" isForCompensation="true"/>', "服务任务“撤”(u)：不支持补偿，"),
        (between(throw("k", "<compensateEventDefinition/>")), "抛出事件“发k”(k)：不支持补偿，"),
        (BODY + end("x", "<cancelEventDefinition/>"), "结束事件“结束”(x)：不支持取消事件，请改为错误事件"),
        (between(throw("k", '<linkEventDefinition name="L"/>')), "不支持链接事件，请直接连线"),
        (between(catch("k", message() + message("m_stop"))), "捕获事件“等k”(k)：不支持一个事件中的多个事件定义，"),
        (between(throw("k", message() + SIGNAL)), "抛出事件“发k”(k)：不支持一个事件中的多个事件定义，"),
        (BODY + beside(boundary("b", "a", message() + CYCLE)), "边界事件“边b”(b)：不支持一个事件中的多个事件定义，"),
        (between('<task id="k" name="做"/>'), "任务“做”(k)：不支持没有类型的任务，没有人会办理它，"),
        (between('<sendTask id="k" name="告知"/>'), "发送任务“告知”(k)：不支持没有指明消息的收发，请选择消息"),
        (between('<receiveTask id="k" name="收到"/>'), "接收任务“收到”(k)：不支持没有指明消息的收发，请选择消息"),
        (between(catch("k", "<messageEventDefinition/>")), "捕获事件“等k”(k)：不支持没有指明消息的收发，请选择消息"),
        (between('<receiveTask id="k" name="收到" messageRef="m_go" instantiate="true"/>'), "不支持由接收任务或事件网关开始的流程，"),
        (behind_gateway(catch("k", SIGNAL), ' eventGatewayType="Parallel"'), "事件网关“等”(g)：不支持并行的事件网关，"),
        (behind_gateway(user("k")), "事件网关“等”(g)：不支持事件网关之后的这种环节，事件网关只能通往捕获事件和接收任务"),
        (behind_gateway(catch("k", CONDITION)), "捕获事件“等k”(k)：事件网关之后的捕获事件不支持“条件”类型，可用：消息、定时、信号"),
        (behind_gateway(catch("k", CYCLE)), "捕获事件“等k”(k)：不支持会中断或只等一次的循环定时，"),
        (between(catch("k", CYCLE)), "不支持会中断或只等一次的循环定时，"),
        (BODY + beside(boundary("b", "a", CYCLE)), "不支持会中断或只等一次的循环定时，"),
        (BODY + event_subprocess(CYCLE), "开始事件“触发”(evs)：不支持会中断或只等一次的循环定时，"),
        (around(INNER) + beside(boundary("b", "p", ERROR, False)), "不支持不中断的错误边界事件，"),
        (between(gateway("exclusive", "k")) + beside(boundary("b", "k", message())), "不支持不在任务或子流程上的边界事件，"),
        (BODY + event_subprocess(message()) + flows("a>ev"), "子流程“子ev”(ev)：不支持连着线的事件子流程，"),
        (BODY + event_subprocess(message()) + boundary("b", "ev", SIGNAL), "子流程“子ev”(ev)：不支持连着线的事件子流程，"),
        (between('<businessRuleTask id="k" name="判定"/>'), "业务规则任务“判定”(k)：不支持没有指明决策表的业务规则任务，"),
        (between('<callActivity id="k" name="调"/>'), "调用活动“调”(k)：不支持没有指明流程的调用活动，"),
        (
            start() + user("a") + end() + flows("start>a a>end:amount==1"),
            "顺序流“办a → 结束”(a_end)：不支持任务、事件和其他网关出去的连线上的条件，",
        ),
        (BODY + event_subprocess(CONDITION), "开始事件“触发”(evs)：事件子流程的开始事件不支持“条件”类型，"),
        *[
            (around(INNER + event_subprocess(event)), f"不支持“{name}”类型，可用：定时")
            for event, name in ((message(), "消息"), (SIGNAL, "信号"), (ERROR, "错误"), (ESCALATION, "升级"))
        ],
        *[
            (start(inside=event) + user("a") + end() + flows(LINE), f"流程的开始事件不支持“{name}”类型，可用：空白、消息")
            for event, name in ((timer(timeDuration="days(1)"), "定时"), (SIGNAL, "信号"), (CONDITION, "条件"))
        ],
        (around(INNER.replace(start("ps"), start("ps", message()))), "子流程的开始事件不支持“消息”类型，可用：空白"),
        (between(catch("k", ERROR)), "捕获事件不支持“错误”类型"),
        (between(catch("k", ESCALATION)), "捕获事件不支持“升级”类型"),
        (between(catch("k", "")), "捕获事件不支持“空白”类型"),
        *[
            (between(throw("k", event)), f"抛出事件不支持“{name}”类型")
            for event, name in ((ERROR, "错误"), ("<terminateEventDefinition/>", "终止"), (timer(timeDuration="days(1)"), "定时"))
        ],
        (BODY + end("x", timer(timeDuration="days(1)")), "结束事件不支持“定时”类型"),
        (BODY + boundary("b", "a", ""), "边界事件不支持“空白”类型"),
        (BODY + boundary("b", "a", "<strangeEventDefinition/>"), "边界事件不支持“strange”类型"),
    ],
)  # fmt: skip
def test_it_is_refused_by_name(inside: str, text: str) -> None:
    lines = says(inside)
    assert any(text in line for line in lines), lines


@pytest.mark.parametrize(
    "inside",
    [
        BODY,
        around(INNER + event_subprocess(timer(timeDuration="days(1)"))),
        BODY + event_subprocess(CYCLE, ' isInterrupting="false"'),
        behind_gateway(catch("k", SIGNAL)).replace(end("e2"), end("e2", SIGNAL)),
        between(catch("k", CONDITION)),
    ],
)
def test_what_runs_is_not_refused(inside: str) -> None:
    assert says(inside) == []


def test_each_kind_of_event_has_a_name() -> None:
    assert {kind for kinds in RUNS.values() for kind in kinds} <= {*EVENTS, ""}


VARIABLE = "<extensionElements><s:messageVariable>x</s:messageVariable></extensionElements>"


@pytest.mark.parametrize(
    "inside",
    [
        between(catch("k", f'<messageEventDefinition messageRef="m_go">{VARIABLE}</messageEventDefinition>')),
        between(f'<receiveTask id="k" name="收" messageRef="m_go">{VARIABLE}</receiveTask>'),
    ],
)  # fmt: skip
def test_where_a_message_goes_is_not_passed_over(inside: str) -> None:
    assert any("(k)：不支持消息变量（messageVariable），请改用属性 messageGives" in line for line in says(inside))


CANARY = "__import__('pathlib').Path('canary').touch()"


def test_names_and_documentation_are_words_and_never_run(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = f"<documentation>{CANARY} {{{{ 7 * 7 }}}} {{0.__class__}} ${{1+1}}</documentation>"
    inside = start(inside=words) + user("a", inside=words) + end(inside=words) + boundary("b", "a", words + message()) + end("e2")
    xml = diagram(inside + flows("start>a a>end b>e2")).decode().replace("办a", CANARY).replace('name="继续"', f'name="{CANARY}"')
    play = Play(lite)
    play.deploy(xml.encode())
    play.begin()
    (task,) = play.open()
    assert task.name == CANARY
    play.complete("a")
    assert play.ended
    assert list(tmp_path.glob("canary")) == []
