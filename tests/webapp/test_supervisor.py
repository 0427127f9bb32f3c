"""`pilot run` starts a part that died again – as long as it does not die again and again."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import pytest

from webapp.supervisor import RESTARTS, WINDOW, Part, Stack

pytestmark = pytest.mark.row("9.1")


def part(home: Path) -> Part:
    return Part("网页", [sys.executable, "-c", ""], {}, home / "log")


def test_deaths_long_ago_do_not_count(tmp_path: Path) -> None:
    one = part(tmp_path)
    assert all(one.may_restart(number * WINDOW) for number in range(3 * RESTARTS))
    now = 100 * WINDOW
    assert [one.may_restart(now + number) for number in range(RESTARTS + 1)] == [True] * RESTARTS + [False]
    assert one.may_restart(now + WINDOW)


def test_a_part_that_dies_at_once_stops_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = Stack()
    stack.add(part(tmp_path))
    assert stack.watch(Event(), every=0.01) == 1
    said = capsys.readouterr().err
    assert said.count("意外退出") == RESTARTS
    assert "网页 反复退出，已停止全部服务" in said
    stack.stop()
