"""Which messages of other instances a diagram takes, and by what they find the right one: BPMN's own correlation, in our language.

An event takes messages of others where a `correlationProperty` of its diagram reads its message (`messagePath`, over what the message
carries). What the instance expects is the `correlationPropertyBinding` of the process's `correlationSubscription` (`dataPath`, over the
record's facts and the data of the process). All properties must be equal. A message without such a property is a button, or an event
between branches: no other instance reaches it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from processes.diagrams.xmlsafe import parse_xml

if TYPE_CHECKING:
    from processes.definitions.definition import Definition

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
FROM_ANY = "any"  # of the property `messageFrom`: records of other parties may send it too


@dataclass(frozen=True)
class Reception:
    """What a diagram takes of one message: property → (what the message must carry, what the instance expects)."""

    name: str
    read: Mapping[str, str]
    expected: Mapping[str, str]


def key_of(values: Mapping[str, Any]) -> str:
    """Values that are to be equal, as one text of fixed length: sha256 over their JSON, times in ISO format."""
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def receptions(definition: Definition) -> dict[str, Reception]:
    """Element → what it takes, for the elements that take messages of other instances; those of called diagrams included."""
    found = dict(_receptions(definition.xml))
    for key, other in definition.called.items():
        found |= {f"{key}:{id}": reception for id, reception in _receptions(other.xml).items()}
    return found


def started_by(definition: Definition) -> str | None:
    """Name of the message that starts the process; None where people start it."""
    name = message_of(parse_xml(definition.xml.encode()), definition.start.id) if definition.start.event == "message" else None
    return name or None


def message_of(root: Any, element_id: str) -> str:
    """Name of the message that an element waits for or throws; empty where it has none."""
    names = {node.get("id"): node.get("name", "") for node in root.findall(f"{BPMN}message")}
    return next((names.get(ref, "") for id, ref in _references(root) if id == element_id), "")


@lru_cache(maxsize=500)
def _receptions(xml: str) -> dict[str, Reception]:
    root = parse_xml(xml.encode())
    names = {node.get("id"): node.get("name", "") for node in root.findall(f"{BPMN}message")}
    read: dict[str, dict[str, str]] = {}
    for one in root.iter(f"{BPMN}correlationProperty"):
        for retrieval in one.findall(f"{BPMN}correlationPropertyRetrievalExpression"):
            ref = retrieval.get("messageRef", "").rpartition(":")[2]
            read.setdefault(ref, {})[one.get("id", "")] = text_of(retrieval)
    expected = bindings(root)
    return {
        id: Reception(names[ref], read[ref], {property: expected.get(property, "None") for property in read[ref]})
        for id, ref in _references(root)
        if ref in read and ref in names
    }


def bindings(root: Any) -> dict[str, str]:
    """Correlation property → the expression that an instance expects it to equal."""
    found = root.iter(f"{BPMN}correlationPropertyBinding")
    return {node.get("correlationPropertyRef", "").rpartition(":")[2]: text_of(node) for node in found}


def text_of(node: Any) -> str:
    """The expression inside: `messagePath`, `formalExpression` or `dataPath`."""
    return next(((child.text or "").strip() for child in node if isinstance(child.tag, str)), "")


def _references(root: Any) -> list[tuple[str, str]]:
    """(element, id of its message) of every receive and send task and message event."""
    found = [(node.get("id", ""), node.get("messageRef", "")) for tag in ("receiveTask", "sendTask") for node in root.iter(f"{BPMN}{tag}")]
    found += [(node.getparent().get("id", ""), node.get("messageRef", "")) for node in root.iter(f"{BPMN}messageEventDefinition")]
    return [(id, ref.rpartition(":")[2]) for id, ref in found]
