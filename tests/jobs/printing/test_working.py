"""The background task that prints: its progress, what it tells before it ends, and how it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import IO

import pytest
from sqlalchemy.orm import Session

from domain.platform import background as records
from domain.platform.background import BackgroundTask, TaskState, cancel
from jobs import background
from jobs.documents.bundles import Kind, Part
from jobs.documents.facts import Slip
from jobs.printing import working
from jobs.printing.gathering import Gathered, Order
from jobs.work import Stopped
from tests.conftest import FOREVER, World
from tests.jobs.conftest import wait_for
from tests.jobs.documents.making import slip

pytestmark = pytest.mark.row("5.2.8.3")
Drawing = Callable[[Sequence[Slip], IO[bytes], Callable[[int], None]], None]


def _begin(world: World, monkeypatch: pytest.MonkeyPatch, draw: Drawing, people: str = "张三", items: int = 3) -> int:
    """A task whose documents `draw` makes."""

    def gather(session: Session, order: Order) -> Gathered:
        slips = [slip(1, [people]) for _ in range(items)]
        return Gathered(Kind("测试", draw, lambda one: True), [Part("甲", slips)], "测试", ["有人没有座位"])

    monkeypatch.setattr(working, "SOURCES", {"made up": gather})
    monkeypatch.setattr(working, "EVERY", 0.001)
    params = {"source": "made up", "document": "测试", "ids": [1], "values": {}}
    with world.runtime.database.writing() as session:
        return records.begin(session, world.actor("school1"), working.TASK, "打印", params, world.runtime.engine.clock()).id


def _task(world: World, task_id: int) -> BackgroundTask:
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, task_id)


def _run(world: World, task_id: int) -> bool:
    assert background.sweep(world.runtime) == [task_id]
    return background.run_task(world.runtime, task_id)


def test_what_no_font_has_is_on_the_task_before_it_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def draw(items: Sequence[Slip], target: IO[bytes], done: Callable[[int], None]) -> None:
        done(1)
        assert go_on.wait(FOREVER)
        target.write(b"%PDF")

    task_id = _begin(world, monkeypatch, draw, "张\ue0a1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, world, task_id)
        wait_for(lambda: _task(world, task_id).done == 1 and "warned" in _task(world, task_id).result)
        wait_for(lambda: len(_task(world, task_id).result["warned"]) == 2)
        task = _task(world, task_id)
        go_on.set()
        assert running.result(FOREVER)
    assert (task.state, task.total) == (TaskState.RUNNING, 3)
    assert "（U+E0A1）没有可用的字体" in task.result["warned"][0]
    assert task.result["warned"][1] == "有人没有座位"
    ended = _task(world, task_id)
    assert (ended.state, ended.done, ended.total) == (TaskState.DONE, 3, 3)
    path = background.result_file(world.runtime.settings, ended)
    assert path is not None
    assert path.read_bytes() == b"%PDF"


def test_a_cancelled_printing_stops_drawing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, ended = Event(), list[str]()

    def draw(items: Sequence[Slip], target: IO[bytes], done: Callable[[int], None]) -> None:
        drawing.set()
        try:
            while True:
                done(1)
        except Stopped:
            ended.append("stopped")
            raise

    task_id = _begin(world, monkeypatch, draw)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, world, task_id)
        assert drawing.wait(FOREVER)
        with world.runtime.database.writing() as session:
            assert cancel(session, session.get_one(BackgroundTask, task_id), world.runtime.engine.clock())
        assert not running.result(FOREVER)
    assert ended == ["stopped"]
    assert _task(world, task_id).state == TaskState.CANCELLED


def test_a_drawing_that_fails_is_told_and_leaves_no_file_to_download(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(items: Sequence[Slip], target: IO[bytes], done: Callable[[int], None]) -> None:
        raise OSError("no space left")

    task_id = _begin(world, monkeypatch, draw)
    assert _run(world, task_id)
    task = _task(world, task_id)
    assert (task.state, task.error) == (TaskState.FAILED, "结果文件未能写入，请检查磁盘空间后重试")
    assert background.result_file(world.runtime.settings, task) is None


def test_more_than_one_pdf_holds_is_printed_as_a_zip(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "MOST", 2)
    task_id = _begin(world, monkeypatch, lambda items, target, done: None)
    assert _run(world, task_id)
    assert _task(world, task_id).error == "内容过多，不能放在一个 PDF 中，请选择“每个考场一个 PDF（zip）”。"
