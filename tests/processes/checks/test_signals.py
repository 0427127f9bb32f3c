"""Signals that nothing throws."""

from __future__ import annotations

import pytest

from tests.processes.checks.diagrams import END, START, STATUS, diagram, flows, found, gateway, says, task

SAID = '<signalEventDefinition signalRef="{}"/>'
CATCH = f'<intermediateCatchEvent id="c" name="等通知"><extensionElements><s:properties>{STATUS}</s:properties></extensionElements>'
CATCH += SAID.format("one") + "</intermediateCatchEvent>"
BRANCHES = START + gateway("parallel") + CATCH + END + '<endEvent id="y"/>'


def signals(xml: bytes) -> bytes:
    """The diagram with two elements of one signal, and another signal."""
    declared = '<signal id="one" name="通知"/><signal id="same" name="通知"/><signal id="other" name="别的"/>'
    return xml.replace(b"<process", f"{declared}<process".encode(), 1)


@pytest.mark.parametrize(
    "thrown",
    [
        "",
        f'<intermediateThrowEvent id="w" name="发">{SAID.format("other")}</intermediateThrowEvent>',
    ],
)
def test_a_signal_that_nothing_throws(thrown: str) -> None:
    other = thrown or task(id="w")
    xml = signals(diagram(BRANCHES + other + flows("a>g", "g>c", "g>w", "c>z", "w>y")))
    says(xml, "捕获事件“等通知”(c)：等待的信号“通知”没有任何事件抛出，永远等不到；请加上抛出它的事件，或改用消息")


@pytest.mark.parametrize("ref", ["one", "same"])
@pytest.mark.parametrize("tag", ["intermediateThrowEvent", "endEvent"])
def test_one_that_an_event_throws(ref: str, tag: str) -> None:
    after, last = ("", "") if tag == "endEvent" else ("w>y", '<endEvent id="y"/>')
    inside = START + gateway("parallel") + CATCH + END + task() + f'<{tag} id="w" name="发">{SAID.format(ref)}</{tag}>' + last
    assert found(signals(diagram(inside + flows("a>g", "g>c", "g>t", "t>w", "c>z", *([after] if after else []))))) == []


def test_one_that_a_called_diagram_may_throw() -> None:
    inside = BRANCHES + '<callActivity id="w" name="调用" calledElement="other"/>'
    assert found(signals(diagram(inside + flows("a>g", "g>c", "g>w", "c>z", "w>y")))) == []
