"""What two versions of a diagram differ in, element by element, in words a process designer knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processes.diagrams.activities import call_of, condition_of
from processes.diagrams.diagram import Diagram, parse_diagram, read_diagram
from processes.diagrams.elements import KINDS, Element
from processes.diagrams.nodes import Node, local


@dataclass(frozen=True)
class Difference:
    """One element: `kind` is 新增, 删除 or 修改; `changes` are (what, before, after)."""

    kind: str
    element: str
    what: str
    name: str
    changes: tuple[tuple[str, str, str], ...] = ()


def differences(before: str, after: str) -> list[Difference]:
    """The differences between two diagrams, each given as its XML; what was only moved in the drawing is none."""
    diagrams = [read_diagram(parse_diagram(xml.encode())) for xml in (before, after)]
    old, new = (_facets(diagram) for diagram in diagrams)
    found = [Difference("新增", id, what, name) for id, (what, name, _) in new.items() if id not in old]
    found += [Difference("删除", id, what, name) for id, (what, name, _) in old.items() if id not in new]
    for id, (what, name, facets) in new.items():
        if id in old and (changes := _changes(old[id][2], facets)):
            shown = tuple((label, _shown(diagrams[0], label, was), _shown(diagrams[1], label, is_now)) for label, was, is_now in changes)
            found.append(Difference("修改", id, what, name or old[id][1], shown))
    return found


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = list(dict.fromkeys((*old, *new)))
    return tuple((name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name, "") != new.get(name, ""))


def _facets(diagram: Diagram) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Element id → what it is, its name, and everything that can differ."""
    process = diagram.process
    found = {"": ("流程", process.get("name", ""), {"名称": process.get("name", ""), **diagram.properties})}
    for element in diagram.elements.values():
        found[element.id] = (KINDS[element.tag], element.name, _of_element(diagram, element))
    for flow in diagram.flows:
        found[flow.get("id", "")] = ("顺序流", flow.get("name", ""), _of_flow(diagram, flow))
    return found


def _of_element(diagram: Diagram, element: Element) -> dict[str, str]:
    node = diagram.nodes[element.id]
    facets = {"类型": KINDS[element.tag], "名称": element.name, "泳道": element.lane, **element.properties}
    if element.attached_to:
        facets |= {"所依附的环节": element.attached_to, "触发时": "中断" if element.interrupting else "不中断"}
    if (call := call_of(node)) is not None:
        facets["服务"] = call.handler
        facets |= {f"参数 {name}": text for name, text in call.parameters.items()}
    for child in node:
        if child.tag.endswith(("EventDefinition", "LoopCharacteristics")):
            name = "多实例" if child.tag.endswith("LoopCharacteristics") else "事件"
            facets[name] = " ".join([local(child), *(word for text in child.itertext() for word in str(text).split())])
    return facets


def _of_flow(diagram: Diagram, flow: Node) -> dict[str, str]:
    source = flow.get("sourceRef", "")
    default = source in diagram.nodes and diagram.nodes[source].get("default") == flow.get("id")
    return {
        "名称": flow.get("name", ""),
        "起点": source,
        "终点": flow.get("targetRef", ""),
        "条件": condition_of(flow) or "",
        "默认流": "是" if default else "",
    }


def _shown(diagram: Diagram, label: str, text: str) -> str:
    """An end of a flow by the name of its element; compared are the ids, so that a new name is one change."""
    element = diagram.elements.get(text) if label in ("起点", "终点") else None
    return f"{element.name}（{text}）" if element is not None and element.name else text
