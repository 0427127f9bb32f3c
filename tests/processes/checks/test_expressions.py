"""Every expression of a diagram is inside the language, reads names that exist, and gives a time where one is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

from processes.definitions.definition import read
from processes.diagrams.expressions import ExpressionError
from processes.errors import DiagramInvalid
from processes.spiff.scripts import ScriptEngine
from tests.conftest import NOON
from tests.processes.checks.diagrams import END, LINE, START, STATUS, diagram, document, flows, found, gateway, process, says, service, task

TIMER = (
    '<boundaryEvent id="b" name="到期" attachedToRef="t"><timerEventDefinition><timeDate>{}</timeDate></timerEventDefinition>'
    "</boundaryEvent>"
)
CATCH = (
    '<intermediateCatchEvent id="c" name="等到"><extensionElements><s:properties>'
    + STATUS
    + ("</s:properties></extensionElements>{}</intermediateCatchEvent>")
)


def due(text: str) -> str:
    return START + task(f'{STATUS}<s:property name="due" value="{text}"/>') + END + LINE


def condition(text: str) -> str:
    return START + task() + gateway("exclusive", default="f3") + END + flows("a>t", "t>g", f"g>z:{text}", "g>t")


def several(tag: str, text: str) -> str:
    loop = f"<multiInstanceLoopCharacteristics><{tag}>{text}</{tag}></multiInstanceLoopCharacteristics>"
    return START + task(inside=loop) + END + LINE


PLACES = {
    "condition": condition,
    "due": due,
    "boundary timer": lambda text: START + task() + TIMER.format(text) + END + LINE + flows("b>z", prefix="h"),
    "catching timer": lambda text: (
        START + CATCH.format(f"<timerEventDefinition><timeDate>{text}</timeDate></timerEventDefinition>") + END + flows("a>c", "c>z")
    ),
    "duration": lambda text: (
        START
        + CATCH.format(f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>")
        + END
        + flows("a>c", "c>z")
    ),
    "cycle": lambda text: (
        START + CATCH.format(f"<timerEventDefinition><timeCycle>{text}</timeCycle></timerEventDefinition>") + END + flows("a>c", "c>z")
    ),
    "conditional event": lambda text: (
        START
        + CATCH.format(f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>")
        + END
        + flows("a>c", "c>z")
    ),
    "parameter": lambda text: START + service(value=text) + END + flows("a>v", "v>z"),
    "number of instances": lambda text: several("loopCardinality", text),
    "completion of instances": lambda text: several("completionCondition", text),
}
HOSTILE = [
    "__import__('pathlib').Path('canary').touch()",
    "().__class__.__base__.__subclasses__()",
    "'{0.__class__}'.format(now)",
    "(x for x in [1]).gi_frame",
    "[open('canary', 'w') for x in [1]]",
    "9 ** 9 ** 9",
    "{{ 7 * 7 }}",
    "ｅｖａｌ('1')",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_expressions_are_refused_everywhere(place: str, text: str) -> None:
    assert any("不能使用" in line for line in found(diagram(PLACES[place](text))))


@pytest.mark.parametrize("place", ["condition", "boundary timer", "catching timer", "parameter"])
@pytest.mark.parametrize("text", HOSTILE)
def test_and_when_run_without_the_checks(place: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec, specs = read(diagram(PLACES[place](text)), {}).specs

    def serve(*_: Any) -> bool:
        pytest.fail("the handler was called")

    workflow = BpmnWorkflow(spec, dict(specs), script_engine=ScriptEngine(NOON, dict, serve))

    def run() -> None:
        workflow.do_engine_steps()
        workflow.refresh_timers()
        for waiting in list(workflow.get_tasks(manual=True)):
            waiting.run()
        workflow.do_engine_steps()

    with pytest.raises((ExpressionError, WorkflowException)) as caught:  # the library wraps some in its own
        run()
    faults = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert any(isinstance(fault, ExpressionError) for fault in faults)
    assert list(tmp_path.iterdir()) == []


def test_correlation_and_message_contents() -> None:
    correlation = (
        '<correlationProperty id="k" name="编号"><correlationPropertyRetrievalExpression messageRef="msg">'
        "<messagePath>{0}</messagePath></correlationPropertyRetrievalExpression></correlationProperty>"
    )
    xml = document(correlation.format("().__class__") + process(START + task() + END + LINE))
    says(xml, "关联属性“编号”(k)：表达式不能使用")
    spiff = correlation.replace("messagePath", "formalExpression").format("open('x')")
    says(document(spiff + process(START + task() + END + LINE)), "关联属性“编号”(k)：表达式不能使用")
    payload = '<message id="n" name="通知"><extensionElements><s:messagePayload>eval(1)</s:messagePayload></extensionElements></message>'
    says(document(payload + process(START + task() + END + LINE)), "消息“通知”(n)：内容不能使用")


@pytest.mark.parametrize(
    "text", ["{{ 7 * 7 }}", "${T(java.lang.Runtime)}", "__import__('os')", "%s%n{0.__class__}", "&lt;script&gt;1&lt;/script&gt;"]
)
def test_in_names_and_documentation_it_is_only_text(text: str) -> None:
    named = task(name=text, inside=f"<documentation>{text}</documentation>")
    xml = diagram(START + named + END + LINE + f"<textAnnotation id='n'><text>{text}</text></textAnnotation>")
    assert found(xml) == []
    written = text.replace("&lt;", "<").replace("&gt;", ">")
    assert read(xml, {}).elements["t"].name == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amount &gt; 5", ""),  # facts of the record
        ("t_outcome == '提交'", ""),  # what a user task came to, and who did it
        ("t_by == 3", ""),
        ("title == 'x' and now &lt; deadline", ""),
        ("mount &gt; 5", "条件中的“mount”不是已有的名称，可用：deadline、amount、kind、now、title"),
        ("q_outcome == '提交'", "条件中的“q_outcome”没有对应的用户任务"),
        ("g_outcome == '提交'", "“g_outcome”没有对应的用户任务"),
        ("q_by == 1", "“q_by”没有对应的用户任务"),
        ("${approved}", "“${approved}”是其他平台的写法"),
        ("= approved", "“= approved”是其他平台的写法"),
        ("", ""),
        ("amount ＞ 5", "请用英文（半角）的"),
    ],
)
def test_names(text: str, message: str) -> None:
    lines = found(diagram(condition(text))) if text else []
    assert (lines == []) if not message else any(message in line for line in lines), lines


def test_what_is_said_of_unknown_names_grows_with_the_diagram_and_not_with_its_square() -> None:
    def said(count: int) -> int:
        lines = ["\n".join(f"a{at} = b{at}" for at in range(first, first + 50)) for first in range(0, count, 50)]
        payloads = [f"<extensionElements><s:messagePayload>{text}</s:messagePayload></extensionElements>" for text in lines]
        messages = "".join(f'<message id="n{at}" name="通知{at}">{payload}</message>' for at, payload in enumerate(payloads))
        told = found(document(messages + process(START + task() + END + LINE)))
        assert any("“b1”不是已有的名称，可用：" in line for line in told)
        return sum(len(line) for line in told)

    assert said(2000) < 1.5 * said(1000)  # each line that is told offers as many names


def test_names_that_handlers_give() -> None:
    inside = START + service("count", value="1", parameter="of") + task() + gateway("exclusive", default="f4") + END
    inside += flows("a>v", "v>t", "t>g", "g>z:counted &gt; 1", "g>t")
    assert found(diagram(inside)) == []


def test_a_record_type_without_declared_facts_leaves_names_open() -> None:
    assert found(diagram(condition("anything &gt; 5"), subject="plain")) == []
    says(diagram(condition("q_outcome == '提交'"), subject="plain"), "没有对应的用户任务")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("now + days(3)", ""),
        ("deadline - hours(24)", ""),
        ("deadline if kind == '急' else now + days(1)", ""),
        ("days(3)", "没有得出时间"),
        ("5", "没有得出时间"),
        ("'2026-01-01'", "没有得出时间"),
        ("now + 3", "不能计算"),
        ("deadline + kind", "不能计算"),
        ("PT2H", "“PT2H”请改写为时间表达式"),
        ("R3/PT10H", "请改写为时间表达式"),
        ("2026-11-14T11:12:22", "请改写为时间表达式"),
        ("0 0/5 * * * ?", "请改写为时间表达式"),
    ],
)
@pytest.mark.parametrize("place", ["due", "boundary timer"])
def test_times(text: str, message: str, place: str) -> None:
    lines = found(diagram(PLACES[place](text)))
    assert (lines == []) if not message else any(message in line for line in lines), lines


def test_reading_without_checking_raises_nothing_else() -> None:
    with pytest.raises(DiagramInvalid, match="流程图不能运行"):
        read(diagram(START + '<sequenceFlow id="f" sourceRef="a" targetRef="gone"/>'), {})
