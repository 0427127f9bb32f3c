"""How a problem names what it is about: kind, name and id, on one line."""

from __future__ import annotations

from processes.diagrams.elements import KINDS, Element
from processes.diagrams.nodes import Node


def say(element: Element, text: str) -> str:
    """A message that names an element as the designer sees it."""
    return f"{named(KINDS[element.tag], element.name, element.id)}：{text}"


def say_flow(flow: Node, text: str) -> str:
    """A message that names a sequence flow."""
    return f"{named('顺序流', flow.get('name'), flow.get('id'))}：{text}"


def named(kind: str, name: str | None, id: str | None) -> str:
    """Kind, name and id on one line, however the name is written."""
    return f"{kind}“{short(name or '')}”({short(id or '没有 id')})"


def short(text: str, limit: int = 60) -> str:
    """A text on one line, cut where it is too long for a message."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
