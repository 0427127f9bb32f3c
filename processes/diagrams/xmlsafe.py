"""Parses diagrams once, with entities, DTD and network off, and limits on everything that costs memory or time.

All limits are counted on the bytes before the parser sees them, so that a hostile file is refused by its size and shape and
never by how long the parser took.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from lxml import etree

from processes.diagrams.nodes import Node
from processes.errors import DiagramInvalid

MAX_BYTES = 5 * 1024 * 1024
MAX_MARKUP = 200_000  # "<" in the file: about twice the elements
MAX_ATTRIBUTES = 200_000  # "=" in the file: at least the attributes
MAX_TAG = 256 * 1024  # bytes between "<" and ">": attributes of one element
MAX_DEPTH = 200
_ENCODINGS = ("utf-8", "utf8", "us-ascii", "ascii")
_DECLARATION = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_DECLARED = "流程图中不能有 DOCTYPE 或 ENTITY 声明，请删除这些声明，或用流程设计器重新保存"
_TOO_DEEP = f"元素嵌套超过 {MAX_DEPTH} 层，不是流程图，请选择用流程设计器保存的 .bpmn 文件"
_TOO_LARGE = f"文件超过 {MAX_BYTES // 1024 // 1024} MB，不是流程图，请选择用流程设计器保存的 .bpmn 文件"


def read_limited(path: Path) -> bytes:
    """The bytes of a file, read no further than one byte past the limit.

    Raises:
        DiagramInvalid: cannot be read, not an ordinary file, or too large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device might never end
            raise DiagramInvalid(["不是普通文件，请指定 .bpmn 文件或所在文件夹"])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reasons = {FileNotFoundError: "文件不存在", PermissionError: "没有读取权限"}
        reason = next((text for kind, text in reasons.items() if isinstance(error, kind)), "请检查路径和文件权限")
        raise DiagramInvalid([f"不能读取：{reason}"]) from error
    if len(data) > MAX_BYTES:
        raise DiagramInvalid([_TOO_LARGE])
    return data


def parse_xml(data: bytes) -> Node:
    """The root element of a diagram.

    Raises:
        DiagramInvalid: too large, too deep, not XML in UTF-8, or with a DTD.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    _refuse_by_bytes(data)
    # encoding: what the declaration says was checked above, and the parser must not guess another
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DiagramInvalid([_not_xml(error)]) from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # the stubs do not know it
        raise DiagramInvalid([_DECLARED])
    _refuse_depth(root)
    return root


def _refuse_by_bytes(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise DiagramInvalid([_TOO_LARGE])
    if not data.strip():
        raise DiagramInvalid(["文件是空的，请选择用流程设计器保存的 .bpmn 文件"])
    declared = _DECLARATION.match(data[:200])
    if declared and declared.group(1).decode("ascii", "replace").lower() not in _ENCODINGS:
        raise DiagramInvalid([f"文件编码为 {declared.group(1)[:20].decode('ascii', 'replace')}，请另存为 UTF-8 编码"])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:4].replace(b"\x00", b"") != data[:4]:
        raise DiagramInvalid(["文件编码为 UTF-16 或 UTF-32，请另存为 UTF-8 编码"])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DiagramInvalid(["文件不是 UTF-8 编码的文本，请用流程设计器重新保存为 .bpmn 文件"]) from error
    # the declarations are what entity expansion and external entities need
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DiagramInvalid([_DECLARED])
    if data.count(b"<") > MAX_MARKUP or data.count(b"=") > MAX_ATTRIBUTES or _longest_tag(data) > MAX_TAG:
        raise DiagramInvalid(["文件中的元素或属性过多，不是流程图，请选择用流程设计器保存的 .bpmn 文件"])


def _longest_tag(data: bytes) -> int:
    """Bytes of the longest piece that begins with "<" and ends before the next "<" or ">", CDATA and comments included."""
    return max((len(piece.partition(b">")[0]) for piece in data.split(b"<")), default=0)


def _not_xml(error: Exception) -> str:
    if "depth" in str(error).lower():
        return _TOO_DEEP
    line = getattr(error, "lineno", None)
    return f"不是有效的 XML 文件：第 {line} 行写法有误，请用流程设计器重新保存" if line else "不是有效的 XML 文件，请用流程设计器重新保存"


def _refuse_depth(root: Node) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise DiagramInvalid([_TOO_DEEP])
        level = [child for node in level for child in node]
