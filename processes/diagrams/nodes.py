"""The XML nodes of a diagram: their namespaces, what they are called, and the text in them."""

from __future__ import annotations

from typing import TypeAlias

from lxml import etree

Node: TypeAlias = etree._Element  # noqa: SLF001  # the library has no public name for the type
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
INCLUDES = "{http://www.w3.org/2001/XInclude}"
"""What would read another file into this one: nothing of ours does, so that the file would lack what it names."""
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


def local(node: Node) -> str:
    """The tag without its namespace."""
    return node.tag.rpartition("}")[2]


def text_in(node: Node, path: str) -> str:
    """The text of what lies at a path below a node, without blanks around it; empty where there is none."""
    return (node.findtext(path) or "").strip()
