"""Parses diagrams once, with entities, DTD and network off, and limits on size and depth."""

from __future__ import annotations

from typing import Any

from lxml import etree

from processes.errors import DiagramInvalid

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 200


def parse_xml(data: bytes) -> Any:
    """The root element of a diagram.

    Raises:
        DiagramInvalid: too large, too deep, not XML, or with a DTD.
    """
    if len(data) > MAX_BYTES:
        raise DiagramInvalid([f"文件超过 {MAX_BYTES // 1024 // 1024} MB，不是流程图"])
    # refused before any parsing: the declarations are what entity expansion and external entities need
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or "<!DOCTYPE".encode("utf-16-le") in data or "<!DOCTYPE".encode("utf-16-be") in data:
        raise DiagramInvalid(["流程图中不能有 DOCTYPE 或 ENTITY 声明"])
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DiagramInvalid([f"不是有效的 XML 文件：{error}"]) from error
    if root.getroottree().docinfo.doctype:  # a declaration that was hidden by an unusual encoding
        raise DiagramInvalid(["流程图中不能有 DOCTYPE 或 ENTITY 声明"])
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise DiagramInvalid([f"元素嵌套超过 {MAX_DEPTH} 层"])
        level = [child for node in level for child in node]
    return root
