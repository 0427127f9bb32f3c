"""Is everything drawn, and drawn in the lane that it belongs to? Whoever reads a page sees the drawing, whoever runs it the process."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from processes.checks.wording import named, say, say_flow
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element
from processes.diagrams.nodes import BPMN, Node
from processes.diagrams.quoting import quoted, short

_BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DC = "{http://www.omg.org/spec/DD/20100524/DC}"
_DI = "{http://www.omg.org/spec/DD/20100524/DI}"
_SHAPE, _EDGE, _LABEL = f"{_BPMNDI}BPMNShape", f"{_BPMNDI}BPMNEdge", f"{_BPMNDI}BPMNLabel"
_MEND = "页面上看不到它，请在流程设计器中画出，或在原来的工具中重新导出"
_MOST = 10**7  # of a coordinate


@dataclass(frozen=True)
class Box:
    """Where a shape is drawn, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, other: Box) -> bool:
        """Whether the middle of another box lies in this one."""
        x, y = other.x + other.width / 2, other.y + other.height / 2
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


def is_drawn(diagram: Diagram) -> bool:
    """Whether the file holds any drawing."""
    return next(diagram.root.iter(_SHAPE, _EDGE), None) is not None


def undrawn(diagram: Diagram) -> Iterator[str]:
    """That a file holds no drawing at all: whoever keeps diagrams in files or in the editor needs one."""
    if not is_drawn(diagram):
        yield "文件中只有流程，没有图形，页面无法显示流程图；请用流程设计器重新绘制，或在原来的工具中导出带图形的 BPMN 2.0 文件"


def check(diagram: Diagram) -> Iterator[str]:
    """All problems of a drawing. A diagram without any drawing has none: it runs, and pages list its steps."""
    if not is_drawn(diagram):
        return
    shapes = {node.get("bpmnElement", ""): _box(node) for node in diagram.root.iter(_SHAPE)}
    edges = {node.get("bpmnElement", ""): _points(node) for node in diagram.root.iter(_EDGE)}
    for element in diagram.elements.values():
        if shapes.get(element.id) is None:
            yield say(element, f"没有画在图上（缺少图形，或图形没有位置和大小），{_MEND}")
    for flow in diagram.flows:
        if edges.get(flow.get("id", ""), 0) < 2:
            yield say_flow(diagram, flow, f"没有画在图上（缺少线条，或线条不足两点），{_MEND}")
    yield from _lanes(diagram, shapes)
    yield from _notes(diagram, shapes)
    yield from _labels(diagram)
    drawn = Counter(node.get("bpmnElement", "") for node in diagram.root.iter(_SHAPE, _EDGE))
    for id, count in drawn.items():
        if count > 1 and id in diagram.elements:
            yield say(diagram.elements[id], f"在图上画了 {count} 次，请只留一个图形")


def _lanes(diagram: Diagram, shapes: Mapping[str, Box | None]) -> Iterator[str]:
    leaves: dict[str, tuple[str, Box]] = {}  # id → name and box
    for lane in diagram.process.iter(f"{BPMN}lane"):
        box = shapes.get(lane.get("id", ""))
        if box is None:
            yield f"{named('泳道', lane.get('name'), lane.get('id'))}：没有画在图上，{_MEND}"
        elif lane.find(f"{BPMN}childLaneSet/{BPMN}lane") is None:
            leaves[lane.get("id", "")] = lane.get("name", ""), box
    listed = {ref.text or "" for ref in diagram.process.iter(f"{BPMN}flowNodeRef")}
    for element in diagram.scopes[None]:
        drawn = shapes.get(element.id)
        if drawn is None or not leaves or element.id not in listed:
            continue
        around = [name for name, box in leaves.values() if box.holds(drawn)]
        if element.lane not in around:
            yield say(element, _elsewhere(element, around[0] if around else None))


def _elsewhere(element: Element, drawn: str | None) -> str:
    """What is wrong where an element is drawn in another lane (None: in none) than the one that lists it."""
    where = "所有泳道之外" if drawn is None else f"泳道{quoted(drawn)}里"
    mend = f"请把它移到泳道{quoted(element.lane)}里"
    if element.attached_to is not None:
        mend = "请在流程设计器中移动一下所依附的环节，使两者相同；由别的角色按的按钮，用属性 pressLane 写明角色"
    return f"画在{where}，却登记在泳道{quoted(element.lane)}，{mend}"


def _notes(diagram: Diagram, shapes: Mapping[str, Box | None]) -> Iterator[str]:
    for note in diagram.root.iter(f"{BPMN}textAnnotation"):
        if shapes.get(note.get("id", "")) is None:
            text = note.findtext(f"{BPMN}text") or ""
            yield f"{named('注释', short(text, 20), note.get('id'))}：没有画在图上，{_MEND}，或删除它"


def _labels(diagram: Diagram) -> Iterator[str]:
    for node in diagram.root.iter(_SHAPE, _EDGE):
        label = node.find(_LABEL)
        if label is not None and label.find(f"{_DC}Bounds") is not None and _box(label) is None:
            yield f"{named('标签', '', node.get('bpmnElement'))}：没有位置和大小，不能显示，请在流程设计器中移动一下它"


def _box(node: Node) -> Box | None:
    """Where a shape or a label is drawn; None where that is not written in numbers."""
    bounds = node.find(f"{_DC}Bounds")
    numbers = [_number(bounds.get(name)) for name in ("x", "y", "width", "height")] if bounds is not None else []
    found = [number for number in numbers if number is not None]
    return Box(*found) if len(found) == 4 and found[2] > 0 and found[3] > 0 else None


def _points(node: Node) -> int:
    points = [(_number(point.get("x")), _number(point.get("y"))) for point in node.iterfind(f"{_DI}waypoint")]
    return len(points) if all(None not in point for point in points) else 0


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= _MOST else None
