"""What the engine does not run (the table in `support`), named at the elements and flows that use it."""

from __future__ import annotations

from collections.abc import Iterator

from processes.checks.support import unsupported
from processes.checks.wording import say, say_flow
from processes.diagrams.activities import condition_of
from processes.diagrams.diagram import Diagram


def check(diagram: Diagram) -> Iterator[str]:
    """A line for each use of what is not run."""
    for element in diagram.elements.values():
        yield from (say(element, text) for text in unsupported(diagram, element))
    for source, _, flow in diagram.sound_flows:
        # the library looks at conditions behind these two gateways alone
        if condition_of(flow) is not None and diagram.elements[source].tag not in ("exclusiveGateway", "inclusiveGateway"):
            yield say_flow(diagram, flow, "不支持任务、事件和其他网关出去的连线上的条件，请在前面加一个排他网关")
