"""What two versions differ in."""

from __future__ import annotations

import pytest

from processes.deployment.differences import differences
from tests.processes.checks.diagrams import END, LINE, START, STATUS, diagram, flows, service, task

OLD = diagram(START + task() + END + LINE).decode()


def test_the_same() -> None:
    assert differences(OLD, OLD) == []


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (OLD.replace("待办", "待审"), [("修改", "t", (("status", "待办", "待审"),))]),
        (OLD.replace('name="审核"', 'name="复核"'), [("修改", "t", (("名称", "审核", "复核"),))]),
        (
            OLD.replace('targetRef="z">', 'targetRef="z"><conditionExpression>1 == 1</conditionExpression>'),
            [("修改", "f1", (("条件", "", "1 == 1"),))],
        ),
        (OLD.replace('name="流"', 'name="新流"'), [("修改", "", (("名称", "流", "新流"),))]),
        (
            diagram(START + task() + service() + END + flows("a>t", "t>v", "v>z")).decode(),
            [("新增", "v", ()), ("新增", "f2", ()), ("修改", "f1", (("终点", "z", "服务（v）"),))],
        ),
        (
            diagram(START + END + flows("a>z")).decode(),
            [("删除", "t", ()), ("删除", "f1", ()), ("修改", "f0", (("终点", "审核（t）", "z"),))],
        ),
        (OLD.replace(STATUS, STATUS + '<s:property name="due" value="now"/>'), [("修改", "t", (("due", "", "now"),))]),
    ],
)
def test_differences(new: str, found: list[tuple[str, str, tuple[tuple[str, str, str], ...]]]) -> None:
    assert [(one.kind, one.element, one.changes) for one in differences(OLD, new)] == found
