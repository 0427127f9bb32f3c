"""Diagrams as people make them: other editors' prefixes and line ends, copied elements, ids in Chinese, what is half filled in. Each is
either taken and says the same, or answered in sentences that name the mend."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from domain.subjects import SUBJECTS
from forms import read_forms
from handlers import HANDLERS
from jobs import trials
from jobs.runtime import BPMN_FOLDER
from processes.checks import problems
from processes.definitions.definition import read
from processes.deployment.differences import differences
from processes.diagrams import decisions
from tests.processes.bpmn.test_decisions import table
from tests.processes.checks.test_mutated import is_sentence

XML = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
CONDITION = r"(<bpmn:conditionExpression[^>]*>)(.*?)(</bpmn:conditionExpression>)"
REVIEW = r'<bpmn:userTask id="review".*?</bpmn:userTask>'
Change = Callable[[str], str]


def swapped(*pairs: str) -> Change:
    """Each first text replaced by the one after it."""

    def change(xml: str) -> str:
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in xml
            xml = xml.replace(old, new)
        return xml

    return change


def subbed(pattern: str, new: str | Callable[[re.Match[str]], str], count: int = 0) -> Change:
    def change(xml: str) -> str:
        found, times = re.subn(pattern, new, xml, count=count, flags=re.DOTALL)
        assert times
        return found

    return change


def prefixed(prefix: str) -> Change:
    own = f"{prefix}:" if prefix else ""
    return swapped("<bpmn:", f"<{own}", "</bpmn:", f"</{own}", "xmlns:bpmn=", f"xmlns:{prefix}=" if prefix else "xmlns=")


def renamed(id: str) -> Change:
    return swapped('"review"', f'"{id}"', ">review<", f">{id}<", "review_outcome", f"{id}_outcome")


def condition(text: str) -> Change:
    return subbed(CONDITION, lambda found: found[1] + text + found[3])


SAME: dict[str, Change] = {
    "as it is": lambda xml: xml,
    "a byte order mark": lambda xml: f"\ufeff{xml}",
    "line ends of Windows": swapped("\n", "\r\n"),
    "line ends of old Macs": swapped("\n", "\r"),
    "semantic:": prefixed("semantic"),
    "bpmn2:": prefixed("bpmn2"),
    "no prefix": prefixed(""),
    "no declaration": subbed(r"<\?xml.*?\?>\s*", ""),
    "another declaration": subbed(r"<\?xml.*?\?>", "<?xml version='1.1' encoding='UTF8' standalone=\"yes\"?>"),
    "a style sheet": subbed(r"\?>", '?><?xml-stylesheet type="text/xsl" href="x.xsl"?>', 1),
    "comments": swapped("<bpmn:userTask", "<!-- 注释 --><bpmn:userTask"),
    "a comment in a condition": subbed(CONDITION, r"\1<!-- 注释 -->\2\3"),
    "CDATA": subbed(CONDITION, r"\1<![CDATA[\2]]>\3"),
    "blanks in a condition": subbed(CONDITION, r"\1\n      \2\n    \3"),
    "ids of bpmn.io": renamed("Activity_0abc12"),
    "ids in Chinese": renamed("审核周报"),
    "colours of bpmn.io": swapped(
        "<bpmn:definitions", '<bpmn:definitions xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0"', "<bpmndi:BPMNShape ",
        '<bpmndi:BPMNShape bioc:stroke="#000" ',
    ),
    "who wrote it": swapped("<bpmn:definitions", '<bpmn:definitions exporter="Camunda Modeler" exporterVersion="5.0"'),
    "a pool with a partner": swapped(
        "<bpmn:process ",
        '<bpmn:collaboration id="co"><bpmn:participant id="pa" name="甲" processRef="weekly_report"/><bpmn:participant id="pb" name="乙"/>'
        "</bpmn:collaboration><bpmn:process ",
    ),
    "types of data": swapped("<bpmn:process ", '<bpmn:itemDefinition id="i" structureRef="xs:string"/><bpmn:process '),
    "stores and objects": swapped(
        "</bpmn:process>", '<bpmn:dataStoreReference id="ds" name="库"/><bpmn:dataObject id="do"/></bpmn:process>'
    ),
    "an empty set of lanes": subbed("<bpmn:laneSet", '<bpmn:laneSet id="e"/><bpmn:laneSet', 1),
    "blanks around properties": subbed(r'(<spiffworkflow:property name="status" value=")([^"]*)"', r'\1 \2 "'),
}  # fmt: skip


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_says_the_same_is_taken(change: Change) -> None:
    xml = change(XML)
    assert problems(xml.encode(), "weekly_report", HANDLERS, SUBJECTS, read_forms(), drawn=True) == []
    found, own = read(xml.encode(), read_forms()), read(XML.encode(), read_forms())
    assert [one.label for one in found.statuses] == [one.label for one in own.statuses]
    assert len(found.flows) == len(own.flows)
    if found.elements.keys() == own.elements.keys():
        assert {one.element for one in differences(own.xml, found.xml)} <= {"f_approved"}  # the blanks of its condition
    assert trials.take_in({"content": xml.encode().hex()}) == {"key": "weekly_report", "xml": xml.removeprefix("\ufeff")}


ODD: dict[str, tuple[Change, str]] = {
    "full width id": (renamed("Ｒeview"), "请把 id 改为只有字母、数字和下划线，例如 Review"),
    "id with a blank": (renamed("re view"), "id 应由字母、数字、下划线、点、连字符组成"),
    "id with a colon": (renamed("a:review"), "id 应由字母"),
    "an element pasted with its id": (subbed(REVIEW, r"\g<0>\g<0>"), "用户任务“审核周报”(review)：id“review”用了 2 次"),
    "an element pasted with a new id": (
        subbed(REVIEW, lambda found: found[0] + found[0].replace('"review"', '"copy"')), "用户任务“审核周报”(copy)：从开始事件走不到这里"
    ),
    "Camunda": (
        swapped("<bpmn:definitions", '<bpmn:definitions xmlns:camunda="http://camunda.org/schema/1.0/bpmn"', "<bpmn:userTask ",
        '<bpmn:userTask camunda:candidateGroups="a" '),
        "含有 Camunda 的设置（candidateGroups），平台不使用",
    ),
    "no flows": (subbed(r"<bpmn:sequenceFlow.*?(/>|</bpmn:sequenceFlow>)", ""), "从开始事件走不到这里，请连线或删除"),
    "no id of the process": (swapped('id="weekly_report"', 'id=""'), "流程缺少 id，请填写"),
    "no names": (subbed(r' name="[^"]*"', ""), "用户任务(review)：缺少名称，请填写"),
    "blank names": (subbed(r' name="[^"]*"', ' name=" "'), "用户任务(review)：缺少名称，请填写"),
    "names over lines": (subbed(r'<bpmn:lane id="(\w+)" name="', r'\g<0>新&#10;'), "不是已有的角色"),
    "no lanes": (subbed(r"<bpmn:laneSet.*?</bpmn:laneSet>", ""), "不在任何泳道中，无法确定由谁办理"),
    "no drawing": (subbed(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", ""), "文件中只有流程，没有图形"),
    "two drawings": (subbed(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", r"\g<0>\g<0>"), "在图上画了 2 次，请只留一个图形"),
    "shapes of no size": (subbed(r'<dc:Bounds x="\d+"', '<dc:Bounds x="NaN"'), "图形没有位置和大小"),
    "not executable": (swapped('isExecutable="true"', 'isExecutable="false"'), "请把 isExecutable 改为 true"),
    "two processes": (swapped("</bpmn:definitions>", '<bpmn:process id="q"/></bpmn:definitions>'), "应恰有一个"),
    "messages without names": (subbed(r'(<bpmn:message id="\w+") name="[^"]*"', r"\1"), "所用的消息没有名称"),
    "FEEL": (condition('=审核 = "通过"'), "是其他平台的写法"),
    "Java": (condition("${approved}"), "是其他平台的写法"),
    "JavaScript": (condition("review_outcome === '审核通过' &amp;&amp; true"), "“&&”请写成 and"),
    "null": (condition("review_outcome != null"), "条件中的“null”请写成 None"),
    "no condition in it": (condition(""), "表达式为空，请填写"),
    "full width marks": (condition("review_outcome ＝＝ ‘审核通过’"), "请用英文（半角）的"),
    "a comma forgotten": (condition("review_outcome in ['审核通过' '退回修改']"), "相邻的两个文本之间缺少逗号或运算符，请补上"),
    "a language of conditions": (
        swapped("<bpmn:conditionExpression", '<bpmn:conditionExpression language="javascript"'), "不支持用 javascript 书写（language）"
    ),
    "properties without names": (subbed(r'<spiffworkflow:property name="\w+"', "<spiffworkflow:property"), "没有写明业务记录"),
    "properties without values": (subbed(r'(<spiffworkflow:property name="\w+") value="[^"]*"', r"\1"), "表达式为空，请填写"),
    "a property twice": (
        subbed(r'<spiffworkflow:property name="status" value="待审核" />', r'\g<0><spiffworkflow:property name="status" value="待审" />'),
        "属性“status”写了 2 次，请只留一个",
    ),
    "the record twice": (
        subbed(r'<spiffworkflow:property name="subject" value="weekly_report" />', r"\g<0>\g<0>"),
        "流程“weekly_report”：属性“subject”写了 2 次，请只留一个",
    ),
    "parameters twice": (
        subbed(r"(<spiffworkflow:parameters>)(.*?)(</spiffworkflow:parameters>)", r"\1\2\2\3"), "参数“role”写了 2 次，请只留一个"
    ),
    "services without names": (
        subbed(r'<spiffworkflow:serviceTaskOperator id="[^"]*"', "<spiffworkflow:serviceTaskOperator"), "请选择服务"
    ),
    "parameters without values": (subbed(r'(<spiffworkflow:parameter [^>]*?) value="[^"]*"', r"\1"), "表达式为空，请填写"),
    "tasks of no type": (swapped("<bpmn:userTask", "<bpmn:task", "</bpmn:userTask", "</bpmn:task"), "不支持没有类型的任务"),
    "tags in capitals": (swapped("<bpmn:userTask", "<bpmn:UserTask", "</bpmn:userTask", "</bpmn:UserTask"), "不存在"),
    "another version of the extension": (swapped("schema/1.0/core", "schema/2.0/core"), "没有写明业务记录"),
    "an older BPMN": (swapped("BPMN/20100524/MODEL", "BPMN/20100501/MODEL"), "请在原来的工具中导出为 BPMN 2.0"),
    "a default that is gone": (swapped('default="', 'default="x'), "不是从这里出发的连线"),
    "two triggers": (
        swapped("</bpmn:boundaryEvent>", "<bpmn:messageEventDefinition/></bpmn:boundaryEvent>"), "不支持一个事件中的多个事件定义"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), ODD.values(), ids=ODD)
def test_what_does_not_run_is_told_with_the_mend(change: Change, said: str) -> None:
    xml = change(XML).encode()
    lines = problems(xml, None, HANDLERS, SUBJECTS, read_forms(), drawn=True)
    assert any(said in line for line in lines), lines
    assert [line for line in lines if not is_sentence(line) or not re.search("请|可用|应|不是已有", line)] == []
    assert trials.describe({"xml": xml.decode()})
    assert trials.take_in({"content": xml.hex()})


CELLS = (
    '"高"', "高", "“高”", ">=60", "≥ 60", "> 60 and < 80", "60..80", "[60..80)", 'not("高")', "!= null", "null", "true",
    'date("2026-01-01")', "高,中", "——", "*", "any", "else", '? = "高"', "?.length", 'contains(?, "x")',
    "60%", "１", "'高' '中'", "?", "x" * 1100, "\u200b",
    "((((1", "@", "=", "<", "not", "in", "and", "1 &&& 2",
)  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_cells_as_people_write_them(cell: str) -> None:
    lines = decisions.problems(table((cell, "1")).encode()) + decisions.problems(table(("'高'", cell)).encode())
    assert [line for line in lines if not is_sentence(line) or not re.search("请|只能", line) or "input_value" in line] == []
