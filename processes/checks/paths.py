"""Where tokens can go: everything is reached, everything reaches an end, no loop turns without a wait, no join waits for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.ground.handling import External, Handler, Inline
from processes.checks.wording import say
from processes.diagrams.activities import call_of
from processes.diagrams.diagram import Diagram, closure
from processes.diagrams.elements import SCOPES, STANDS, Element
from processes.diagrams.quoting import quoted

_COMPARED = 20  # incoming flows of one join that are compared with each other
_JOINS = 50  # joins of one diagram that are looked at: together they keep the checks linear


def check(diagram: Diagram, handlers: Mapping[str, Handler]) -> Iterator[str]:
    """All problems of paths."""
    for scope in diagram.scopes:
        yield from _reach(diagram, scope)
    yield from _statuses(diagram, handlers)
    yield from _loops(diagram, handlers)
    forks = [branches for e in diagram.elements.values() if (branches := _branches(diagram, e))]
    for element in [e for e in diagram.elements.values() if e.tag == "parallelGateway" and len(diagram.before[e.id]) > 1][:_JOINS]:
        yield from _join(diagram, element, [fork for fork in forks if fork[0] != element.id])


def _reach(diagram: Diagram, scope: str | None) -> Iterator[str]:
    if scope is not None and diagram.elements[scope].tag == "adHocSubProcess":
        return
    elements = diagram.scopes[scope]
    reached = closure([e.id for e in elements if e.tag == "startEvent"], diagram.nexts)
    ending = closure([e.id for e in elements if e.tag == "endEvent"], diagram.before)
    for element in elements:
        if _stands_alone(diagram, element):
            continue
        if element.id not in reached:
            yield say(element, "从开始事件走不到这里，请连线或删除")
        if element.id not in ending:
            yield say(element, "从这里走不到任何结束事件，请连到结束事件")
        elif element.tag != "endEvent" and not diagram.targets[element.id]:
            yield say(element, "没有出去的连线，完成后流程就停在这里，请连到下一步或结束事件")


def _statuses(diagram: Diagram, handlers: Mapping[str, Handler]) -> Iterator[str]:
    """End events of the process without a status, where others have one: the record would keep the status of the step before.

    What ends beside the process may have none: behind an event that does not interrupt, and in a branch of a parallel or inclusive
    gateway where another of its branches comes to a status. Nor needs what is behind a handler that deletes the record.
    """
    ends = [element for element in diagram.scopes[None] if element.tag == "endEvent"]
    having = {element.id for element in ends if element.properties.get("status")}
    if not having:
        return
    telling = closure(having, diagram.before)
    nexts = {e.id: [] if _deletes(diagram, e, handlers) else _carried_on(diagram, e, telling) for e in diagram.elements.values()}
    reached = closure([element.id for element in diagram.starts(None)], nexts)
    for element in ends:
        if element.id in reached and element.id not in having:
            yield say(element, "没有写明状态（属性 status），而其他结束事件写明了，记录会停在上一步的状态，请填写")


def _deletes(diagram: Diagram, element: Element, handlers: Mapping[str, Handler]) -> bool:
    call = call_of(diagram.nodes[element.id])
    handler = handlers.get(call.handler) if call is not None else None
    return isinstance(handler, Inline) and handler.deletes


def _carried_on(diagram: Diagram, element: Element, telling: set[str]) -> list[str]:
    """Where the process goes on from an element, without what only runs beside it; `telling`: what leads to an end with a status."""
    nexts = [id for id in diagram.nexts[element.id] if diagram.elements[id].attached_to != element.id or diagram.elements[id].interrupting]
    if element.tag in ("parallelGateway", "inclusiveGateway") and any(id in telling for id in nexts):
        return [id for id in nexts if id in telling]
    return nexts


def _stands_alone(diagram: Diagram, element: Element) -> bool:
    """What tokens reach by other means than flows: event subprocesses, and compensation."""
    compensates = element.event == "compensate" and element.tag == "boundaryEvent"
    return element.triggered or compensates or diagram.nodes[element.id].get("isForCompensation") == "true"


def _waits(diagram: Diagram, element: Element, handlers: Mapping[str, Handler]) -> bool:
    """Whether a token certainly rests here for somebody or something outside the step."""
    if element.tag == "serviceTask":
        call = call_of(diagram.nodes[element.id])
        return call is not None and isinstance(handlers.get(call.handler), External)
    if element.tag in SCOPES:
        return any(_waits(diagram, e, handlers) for e in diagram.scopes.get(element.id, ()))
    catches = element.event in ("message", "timer", "conditional", "signal")
    return element.tag in STANDS or element.tag == "callActivity" or (element.tag == "boundaryEvent" and catches)


def _loops(diagram: Diagram, handlers: Mapping[str, Handler]) -> Iterator[str]:
    """Loops without a wait: what is left once everything that nothing leads to, or that leads nowhere, is peeled off. One message names
    them all."""
    free = {e.id for e in diagram.elements.values() if not _waits(diagram, e, handlers)}
    for side, other in ((diagram.nexts, diagram.before), (diagram.before, diagram.nexts)):
        degree = {e: sum(1 for n in other[e] if n in free) for e in free}
        todo = [e for e, count in degree.items() if count == 0]
        while todo:
            gone = todo.pop()
            free.discard(gone)
            for n in side[gone]:
                if n in free:
                    degree[n] -= 1
                    if degree[n] == 0:
                        todo.append(n)
    if free:
        ring = [e for e in diagram.elements if e in free]
        names = "、".join(f"{quoted(diagram.elements[e].name or e, 20)}" for e in ring[:8])
        yield say(diagram.elements[ring[0]], f"经过{names}的循环中没有任何等待，会无休止地运行，请在其中加上用户任务或等待的事件")


def _join(diagram: Diagram, join: Element, forks: list[tuple[str, list[str]]]) -> Iterator[str]:
    """A parallel join behind alternatives waits for ever: no pair of its incoming flows may come from one choice alone.

    For each pair there must be an element that sends tokens along several flows at once and from which different flows lead to
    the two; without one, only one of the two can ever arrive.
    """
    ends = [source for source in diagram.sources[join.id]][:_COMPARED]
    cut = {e: [n for n in before if n != join.id] for e, before in diagram.before.items()}
    sources = [closure([end], cut) - {join.id} for end in ends]
    for second in range(1, len(sources)):
        for first in range(second):
            direct = ends[first] == ends[second] and bool(_branches(diagram, diagram.elements[ends[first]]))
            if direct or _together(forks, (sources[first], ends[first]), (sources[second], ends[second])):
                continue
            names = "和".join(f"{quoted(diagram.elements[ends[i]].name or ends[i], 20)}" for i in (first, second))
            yield say(join, f"从{names}来的两条路不会同时走到，这里会一直等待；请先用排他网关汇合")
            return


def _together(forks: list[tuple[str, list[str]]], first: tuple[set[str], str], second: tuple[set[str], str]) -> bool:
    """Whether some fork leads to both ends over different branches; each end is what reaches it, and its last element."""
    for fork, branches in forks:
        to_first, to_second = ({b for b in branches if b in reach} | ({""} if fork == end else set()) for reach, end in (first, second))
        if to_first and to_second and len(to_first | to_second) > 1:
            return True
    return False


def _branches(diagram: Diagram, element: Element) -> tuple[str, list[str]] | None:
    """The element with what it sends tokens to at once; None where it only chooses or passes on."""
    if element.tag in ("exclusiveGateway", "eventBasedGateway"):
        return None
    interrupting = {
        n for n in diagram.nexts[element.id] if diagram.elements[n].attached_to == element.id and diagram.elements[n].interrupting
    }
    found = [n for n in diagram.nexts[element.id] if n not in interrupting]
    return (element.id, found) if len(found) > 1 else None
