"""`pilot verify --heads`: a file that is not what `pilot heads` printed is refused in a sentence, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import World
from webapp import cli

pytestmark = pytest.mark.row("9.1")


def verify(world: World, path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Result:
    path.write_bytes(content)
    monkeypatch.setattr(cli, "_runtime", lambda: world.runtime)
    return CliRunner().invoke(cli.main, ["verify", "--heads", str(path)])


GARBAGE = [
    b"[]", b"1", b"null", b'"x"', b"{}", b"[" * 100_000, b'{"a":' * 50_000, b'{"number": 9999999999999999999999}', b'{"number": -1}',
    b'{"number": true}', b'{"number": 1.5}', b'{"number": NaN}', b"9" * 5000, b"\x00", b"\xff\xfe\x00", b"not json",
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_refused_in_a_sentence(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, garbage: bytes) -> None:
    told = verify(lite, tmp_path / "heads", garbage, monkeypatch)
    assert (told.exit_code, told.output) == (1, "Error: 第 1 行不是 pilot heads 输出的内容，请核对文件\n")


def test_heads_with_other_contents_are_compared(lite_books: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = lite_books
    monkeypatch.setattr(cli, "_settings", lambda: world.runtime.settings)
    printed = CliRunner().invoke(cli.main, ["heads"]).output
    assert verify(world, tmp_path / "heads", printed.encode(), monkeypatch).output == "一致\n"
    head = json.loads(printed.splitlines()[0])
    for name in set(head) - {"number"}:
        for value in (None, -1, "甲", [], {}, 10**30):
            told = verify(world, tmp_path / "heads", json.dumps({**head, name: value}).encode(), monkeypatch)
            assert told.exception is None or isinstance(told.exception, SystemExit), (name, value)
            assert told.output.endswith(("一致\n", "处不一致\n"))
