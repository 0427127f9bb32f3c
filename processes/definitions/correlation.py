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
from typing import TYPE_CHECKING

from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.expressions import Value
from processes.diagrams.messages import Messages

if TYPE_CHECKING:
    from processes.definitions.definition import Definition

FROM_ANY = "any"  # of the property `messageFrom`: records of other parties may send it too


@dataclass(frozen=True)
class Reception:
    """What a diagram takes of one message: property → (what the message must carry, what the instance expects)."""

    name: str
    read: Mapping[str, str]
    expected: Mapping[str, str]


def key_of(values: Mapping[str, Value]) -> str:
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
    if definition.start.event != "message":
        return None
    return Messages(read_diagram(parse_diagram(definition.xml.encode()))).of(definition.start.id) or None


@lru_cache(maxsize=500)
def _receptions(xml: str) -> dict[str, Reception]:
    messages = Messages(read_diagram(parse_diagram(xml.encode())))
    found = {}
    for element, reference in messages.references.items():
        reading = [one for one in messages.correlations if reference in one.reads]
        if reading and reference in messages.names:
            read = {one.id: one.reads[reference] for one in reading}
            found[element] = Reception(messages.names[reference], read, {one.id: one.expected or "None" for one in reading})
    return found
