"""What runs confined: bounded in computing, memory and files; whatever becomes of it is a sentence, and nothing that it says is run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from jobs import confined
from jobs.confined import MEGABYTE, Busy, Json, Unfinished, Work

pytestmark = pytest.mark.row("9.1")
HERE = "tests.jobs.test_confined"


def echo(asked: Mapping[str, Json]) -> Json:
    return dict(asked)


def compute(asked: Mapping[str, Json]) -> Json:
    while True:
        pass


def fill(asked: Mapping[str, Json]) -> Json:
    return len(bytearray(4 * 1024 * MEGABYTE))


def write(asked: Mapping[str, Json]) -> Json:
    with Path(str(asked["path"])).open("wb") as file:
        for _ in range(100):
            file.write(bytes(MEGABYTE))
    return "written"


def die(asked: Mapping[str, Json]) -> Json:
    os._exit(1)


def fail(asked: Mapping[str, Json]) -> Json:
    raise KeyError("a secret")


@pytest.fixture(autouse=True)
def work(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (echo, compute, fill, write, die, fail)
    own = {function.__name__: Work(HERE, function.__name__, seconds=1, written=8 * MEGABYTE) for function in here}
    monkeypatch.setattr(confined, "WORK", {**confined.WORK, **own})


def test_an_answer_comes_back() -> None:
    asked = {"text": "中文", "lines": [1, 2.5, None, True]}
    assert confined.run("echo", asked) == asked


@pytest.mark.parametrize("name", ["compute", "fill", "write", "die", "fail"])
def test_what_goes_over_its_bounds_or_fails_is_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match="请简化后重试"):
        confined.run(name, {"path": str(tmp_path / "large")})
    if name == "write":
        assert (tmp_path / "large").stat().st_size <= 8 * MEGABYTE


def test_who_waits_too_long_for_a_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "PATIENCE", 0)
    for _ in range(confined.AT_ONCE):
        confined._TURNS.acquire()
    try:
        with pytest.raises(Busy, match="系统正忙"):
            confined.run("echo", {})
    finally:
        for _ in range(confined.AT_ONCE):
            confined._TURNS.release()
    assert confined.run("echo", {}) == {}
