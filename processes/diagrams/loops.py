"""What a diagram says of a multi-instance activity: over what it is, one after the other or at once, and when its result is clear."""

from __future__ import annotations

from dataclasses import dataclass

from processes.diagrams import quorum
from processes.diagrams.elements import properties_of
from processes.diagrams.nodes import BPMN, Node, text_in

PEOPLE = "people"  # the collection of everybody who holds the task's role


@dataclass(frozen=True)
class Loop:
    """A multi-instance. Its items are those of `collection`, or 0, 1, … below `cardinality`."""

    collection: str | None
    cardinality: str | None
    item: str | None
    """Name under which an instance's expressions read its item."""
    condition: str | None
    """The `completionCondition`, instead of a quorum."""
    sequential: bool
    rule: str = quorum.ALL
    """The property `quorum`."""
    agrees: str | None = None
    """The property `agreeWhen`: when an answer counts as agreement."""

    @property
    def people(self) -> bool:
        """Whether everybody who holds the task's role is asked."""
        return self.collection == PEOPLE


def read_loop(activity: Node) -> Loop | None:
    """The multi-instance of an activity; None where it is done once.

    Our property `collection` goes before `loopDataInputRef`: the editor in the browser keeps no reference to what is no element.
    """
    node = activity.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if node is None:
        return None
    own, item = properties_of(activity), node.find(f"{BPMN}inputDataItem")
    return Loop(
        own.get("collection") or text_in(node, f"{BPMN}loopDataInputRef") or None,
        text_in(node, f"{BPMN}loopCardinality") or None,
        item.get("id") if item is not None else None,
        text_in(node, f"{BPMN}completionCondition") or None,
        node.get("isSequential") == "true",
        own.get("quorum", quorum.ALL),
        own.get("agreeWhen"),
    )
