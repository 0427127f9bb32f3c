"""Diagrams are parsed without entities, DTD or network, within limits; hostile ones within 200 MB and 2 s of processor time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from processes.diagrams.xmlsafe import MAX_BYTES, parse_xml, read_limited
from processes.errors import DiagramInvalid

LAUGHS = '<!DOCTYPE a [<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)) + "]><a>&l11;</a>"
QUADRATIC = f'<!DOCTYPE a [<!ENTITY e "{"x" * 50_000}">]><a>{"&e;" * 50_000}</a>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><a/>'
FORBIDDEN = "<!DOCTYPE a [<!ENTITY e '1'>]><a>&e;</a>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        # nothing, no XML, broken XML
        (b"", "文件是空的"),
        (b" \n\t", "文件是空的"),
        (b"not xml", "不是有效的 XML"),
        (b"<a>", "不是有效的 XML"),
        (b"<a></b>", "第 1 行写法有误"),
        (b"<a/><b/>", "不是有效的 XML"),
        (b"<a>&undefined;</a>", "不是有效的 XML"),
        (b"<a>\x01</a>", "不是有效的 XML"),
        (b"<a x='1' x='2'/>", "不是有效的 XML"),
        (b"<p:a/>", "不是有效的 XML"),  # a prefix that nothing declares
        (b"<a>&#0;</a>", "不是有效的 XML"),
        # files of another kind
        (b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)), "编码"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "不是 UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "不是 UTF-8"),
        (b"\x00" * 100, "编码"),
        # document types: entities, inner and outer
        (LAUGHS.encode(), "DOCTYPE"),
        (QUADRATIC.encode(), "DOCTYPE"),
        (PARAMETER.encode(), "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', "DOCTYPE"),
        (b'<!DOCTYPE a PUBLIC "-//X//Y" "x.dtd"><a/>', "DOCTYPE"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<!doctype html><html/>", "不是有效的 XML"),
        (FORBIDDEN.encode(), "DOCTYPE"),
        (b"\xef\xbb\xbf" + FORBIDDEN.encode(), "DOCTYPE"),
        # the same hidden by an encoding
        (FORBIDDEN.encode("utf-16"), "UTF-16"),
        (FORBIDDEN.encode("utf-16-le"), "UTF-16"),
        (FORBIDDEN.encode("utf-16-be"), "UTF-16"),
        (FORBIDDEN.encode("utf-32"), "UTF-16 或 UTF-32"),
        (f'<?xml version="1.0" encoding="UTF-16LE"?>{FORBIDDEN}'.encode("utf-16-le"), "UTF-16"),
        (f'<?xml version="1.0" encoding="UTF-7"?>{FORBIDDEN}'.encode("utf-7"), "编码为 UTF-7"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', "编码为 UTF-7"),
        (f'<?xml version="1.0" encoding="IBM037"?>{FORBIDDEN}'.encode("cp037"), "不是"),  # EBCDIC
        (b'<?xml version="1.0" encoding="IBM037"?><a/>', "编码为 IBM037"),
        (b"<?xml version='1.0' encoding='x-user-defined'?><a/>", "编码为 x-user-defined"),
        ('<?xml version="1.0" encoding="GBK"?><a b="审"/>'.encode("gbk"), "编码为 GBK，请另存为 UTF-8"),
        ('<a b="审"/>'.encode("gbk"), "不是 UTF-8"),
        (b"<a>\xed\xa0\x80</a>", "不是 UTF-8"),  # an encoded surrogate
        (b"<a>\xc0\xbc</a>", "不是 UTF-8"),  # an overlong "<"
        (b"\xff\xfe<", "UTF-16"),
    ],
)
def test_hostile_input(data: bytes, message: str) -> None:
    with pytest.raises(DiagramInvalid, match=r"[\u4e00-\u9fff]") as caught:
        parse_xml(data)
    assert message in str(caught.value)


def test_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("秘密")
    with pytest.raises(DiagramInvalid) as caught:
        parse_xml(f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'.encode())
    assert "秘密" not in str(caught.value)


def test_xinclude_and_stylesheets_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<秘密/>")
    include = f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}"/>'
    root = parse_xml(f'<?xml-stylesheet href="{secret.as_uri()}"?><a>{include}<?php 1 ?></a>'.encode())
    assert [child.tag for child in root] == ["{http://www.w3.org/2001/XInclude}include"]


def test_ordinary_files() -> None:
    assert parse_xml('<a><b name="审核"/></a>'.encode())[0].get("name") == "审核"
    assert parse_xml(b"\xef\xbb\xbf<?xml version='1.0' encoding='utf8' standalone='yes'?><a/>").tag == "a"
    assert len(parse_xml(b"<a>" * 200 + b"</a>" * 200)) == 1


CHILD = """
import resource, sys
from pathlib import Path
import lxml.etree
from processes.errors import DiagramInvalid
from processes.diagrams.xmlsafe import parse_xml, read_limited

resource.setrlimit(resource.RLIMIT_AS, (200 * 1024 * 1024,) * 2)
used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
resource.setrlimit(resource.RLIMIT_CPU, (used + 2,) * 2)
try:
    parse_xml(read_limited(Path(sys.argv[1])))
except DiagramInvalid as error:
    print(*error.problems)
else:
    print("read")
"""
LARGE = {
    "deep nesting": (b"<a>" * 10_000 + b"</a>" * 10_000, "嵌套"),
    "deep nesting, never closed": (b"<a>" * 1_000_000, "过多"),
    "a little too deep": (b"<a>" * 201 + b"</a>" * 201, "嵌套超过 200 层"),
    "a million elements": (b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "过多"),
    "400,000 attributes of one element": (b"<a " + b" ".join(b"x%d=''" % n for n in range(400_000)) + b"/>", "过多"),
    "a million attributes": (b"<a>" + b"<b x='' y='' z='' q='' r=''/>" * 150_000 + b"</a>", "过多"),
    "attributes within the limit, many times": (
        b"<a>" + (b"<b " + b" ".join(b"x%d=''" % n for n in range(25_000)) + b"/>") * 7 + b"</a>",
        "read",
    ),
    "namespaces on every level": (
        b"".join(b"<a xmlns:x%d='u%d' xmlns='v%d'>" % (n, n, n) for n in range(190)) + b"<b/>" * 90_000 + b"</a>" * 190,
        "read",
    ),
    "one long text": (b"<a>" + b"x" * 5_000_000 + b"</a>", "read"),
    "one long attribute": (b"<a x='" + b"y" * 5_000_000 + b"'/>", "过多"),
    "a million character references": (b"<a>" + b"&#65;" * 1_000_000 + b"</a>", "read"),
    "entity expansion": (LAUGHS.encode(), "DOCTYPE"),
    "quadratic expansion": (QUADRATIC.encode(), "DOCTYPE"),
}


def _in_child(path: Path) -> str:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUTF8": "1"}
    found = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, env=environment, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.parametrize("kind", LARGE)
def test_large_input_within_memory_and_processor_time(kind: str, tmp_path: Path) -> None:
    data, message = LARGE[kind]
    path = tmp_path / "large.bpmn"
    path.write_bytes(data)
    assert message in _in_child(path)


def test_a_file_of_100_mb_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.bpmn"
    with path.open("wb") as file:
        file.write(b"<a>")
        file.truncate(100 * 1024 * 1024)  # sparse
    assert "超过 5 MB" in _in_child(path)


def test_what_is_no_ordinary_file(tmp_path: Path) -> None:
    with pytest.raises(DiagramInvalid, match="文件不存在"):
        read_limited(tmp_path / "gone.bpmn")
    with pytest.raises(DiagramInvalid, match="不是普通文件"):
        read_limited(tmp_path)
    with pytest.raises(DiagramInvalid, match="不是普通文件"):
        read_limited(Path("/dev/zero"))
    with pytest.raises(DiagramInvalid, match="不能读取"):
        read_limited(tmp_path / "null\x00.bpmn")
    loop = tmp_path / "loop.bpmn"
    loop.symlink_to(loop)
    with pytest.raises(DiagramInvalid, match="不能读取"):
        read_limited(loop)
    os.mkfifo(tmp_path / "pipe.bpmn")
    with pytest.raises(DiagramInvalid, match="不是普通文件"):
        read_limited(tmp_path / "pipe.bpmn")


def test_the_limit_itself_is_read(tmp_path: Path) -> None:
    path = tmp_path / "full.bpmn"
    path.write_bytes(b"<a>" + b" " * (MAX_BYTES - 7) + b"</a>")
    assert parse_xml(read_limited(path)).tag == "a"
