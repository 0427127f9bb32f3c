"""Diagrams are parsed without entities, DTD or network, within limits, and quickly even when hostile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from processes.errors import DiagramInvalid
from processes.xmlsafe import parse_xml

BOMB = '<!DOCTYPE a [<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)) + "]><a>&l11;</a>"
FORBIDDEN = "<!DOCTYPE a [<!ENTITY e '1'>]><a>&e;</a>"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<a>",
        b"<a></b>",
        b"\x00" * 100,
        b"<a>&undefined;</a>",
        BOMB.encode(),
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        FORBIDDEN.encode(),
        FORBIDDEN.encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-16LE"?>{FORBIDDEN}'.encode("utf-16-le"),
        f'<?xml version="1.0" encoding="UTF-7"?>{FORBIDDEN}'.encode("utf-7"),
        b"<a>" * 250 + b"</a>" * 250,
        b"<a>" * 500_000,
        b"<a " + b" ".join(b"x%d='1'" % n for n in range(100)) + b" x1='2'/>",
        b"<a>" + b" " * (5 * 1024 * 1024) + b"</a>",
        b"\xff\xfe<",
    ],
)
def test_hostile_input(data: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(DiagramInvalid, match=r"[\u4e00-\u9fff]"):
        parse_xml(data)
    assert time.perf_counter() - began < 1


def test_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("秘密")
    with pytest.raises(DiagramInvalid) as caught:
        parse_xml(f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'.encode())
    assert "秘密" not in str(caught.value)


def test_ordinary_file() -> None:
    assert parse_xml('<a><b name="审核"/></a>'.encode())[0].get("name") == "审核"
    assert len(parse_xml(b"<a>" * 200 + b"</a>" * 200)) == 1
