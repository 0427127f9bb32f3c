"""Diagrams, forms and tables gone wrong: something left out, renamed, doubled, moved, or with an odd value; a seed makes each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from lxml import etree

ODD = (
    "", " ", "x" * 200, "名" * 120, "-1", "0", "3", "1e9", "None", "true", "false", "__class__", "a b", "sid-1A2B", "'", '"', "{", "${x}",
    "= x", "now", "now + days(1)", "days(1)", "[3, days(1)]", "甲", "甲，乙", "../x.json", "\u202e反", "999999999999999", "1; 2", "a = 1",
    "[1]", "lambda: 1", "x.y", "title", "any", "all", "people", "2/3", "系统", "省级", "record.delete", "weekly_report", "NaN", "P3D",
)  # fmt: skip
_TAGS = (
    "startEvent", "endEvent", "userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "receiveTask", "sendTask",
    "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "boundaryEvent", "intermediateCatchEvent",
    "intermediateThrowEvent", "subProcess", "callActivity", "task", "lane", "sequenceFlow", "timerEventDefinition",
    "messageEventDefinition", "errorEventDefinition", "multiInstanceLoopCharacteristics", "extensionElements", "documentation", "strange",
)  # fmt: skip
Node = Any


def mutated_xml(content: bytes, seed: int) -> bytes:
    """The file with one to three changes."""
    random = Random(seed)  # not for secrets: the same changes every time
    root = etree.fromstring(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        nodes = [node for node in root.iter() if isinstance(node.tag, str) and node is not root]
        if nodes:
            random.choice(_CHANGES)(random, random.choice(nodes), nodes)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _drop(random: Random, node: Node, nodes: list[Node]) -> None:
    node.getparent().remove(node)


def _rename(random: Random, node: Node, nodes: list[Node]) -> None:
    node.tag = f"{{{etree.QName(node).namespace or ''}}}{random.choice(_TAGS)}"


def _double(random: Random, node: Node, nodes: list[Node]) -> None:
    node.addnext(copy.deepcopy(node))


def _move(random: Random, node: Node, nodes: list[Node]) -> None:
    target = random.choice(nodes)
    if node not in (target, *target.iterancestors()):
        target.append(node)


def _drop_attribute(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.attrib:
        del node.attrib[random.choice(sorted(node.attrib))]


def _rename_attribute(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.attrib:
        name = random.choice(sorted(node.attrib))
        value = node.attrib.pop(name)
        node.set(random.choice(("name", "id", "value", "default", "calledElement", "messageRef", "attachedToRef", "sourceRef")), value)


def _odd_attribute(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.attrib:
        node.set(random.choice(sorted(node.attrib)), random.choice(ODD))


def _other_attribute(random: Random, node: Node, nodes: list[Node]) -> None:
    """A value that stands elsewhere in the file."""
    other = random.choice(nodes)
    if node.attrib and other.attrib:
        node.set(random.choice(sorted(node.attrib)), random.choice(sorted(other.attrib.values())))


def _odd_text(random: Random, node: Node, nodes: list[Node]) -> None:
    texts = [one for one in nodes if one.text and one.text.strip()] or [node]
    random.choice(texts).text = random.choice(ODD)


_CHANGES: tuple[Callable[[Random, Node, list[Node]], None], ...] = (
    _drop, _drop, _rename, _double, _move, _drop_attribute, _rename_attribute, _odd_attribute, _odd_attribute, _other_attribute, _odd_text,
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**9,
    "",
    "x",
    "array",
    "object",
    "(",
    [],
    [1],
    ["x"],
    {},
    {"x": 1},
    {"type": "string"},
)


def mutated_json(schema: dict[str, Any], seed: int) -> Any:
    """The form with one to three changes."""
    random = Random(seed)  # not for secrets: the same changes every time
    found: Any = copy.deepcopy(schema)
    for _ in range(random.choice((1, 1, 2, 3))):
        holders = list(_holders(found))
        holder = random.choice(holders) if holders else found
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        change = random.randrange(4)
        if change == 0 and isinstance(holder, dict):
            holder[random.choice(("title", "type", "items", "x-options", "x-access", "enum", "pattern", "strange"))] = holder.pop(key)
        elif change == 1:
            del holder[key]
        elif change == 2:
            holder[key] = copy.deepcopy(random.choice(_VALUES))
        else:
            holder[key] = copy.deepcopy(_any_value(random, holders))
    return found


def _holders(value: Any) -> Iterator[Any]:
    """The objects and lists in a value that hold something."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def _any_value(random: Random, holders: list[Any]) -> Any:
    holder = random.choice(holders)
    return random.choice(list(holder.values()) if isinstance(holder, dict) else holder)
