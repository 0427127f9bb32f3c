"""`pilot run` starts a part that died again – as long as it does not die again and again – and a queue of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest
from redis import Redis

from domain.ground.schema import EXIT_STATUS
from domain.ground.settings import Settings
from tests.conftest import free_port
from tests.jobs.conftest import answers, wait_for
from tests.webapp.test_serving import asked
from webapp.supervisor import RESTARTS, WINDOW, Part, Stack, valkey_command

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


def test_a_part_whose_code_needs_another_schema_has_all_renewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Newer code lies on the disk, nobody has said SIGHUP yet, and a worker dies: the web goes on, and the database is upgraded first."""
    stack, stop, other = Stack(), Event(), part(tmp_path)
    other.name, other.command = "后台任务", [sys.executable, "-c", f"raise SystemExit({EXIT_STATUS})"]
    stack.add(other)
    assert stack.watch(stop, every=0.01, outdated=stop.set) == 0
    assert capsys.readouterr().err == "后台任务 的程序已更新，先升级数据库，再重新启动各服务\n"
    stack.stop()


def test_what_is_asked_while_the_parts_are_renewed_waits_and_is_answered(settings: Settings, filled_sqlite: Path) -> None:
    """After an upgrade of the code: the web server is stopped and started, and no connection is refused."""
    shutil.copy(filled_sqlite, settings.home)
    own = {"PILOT_HOME": str(settings.home), "PORT": str(free_port()), "SECRET_KEY": settings.secret_key}
    log = settings.home / "run.log"
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "webapp", "run"], env={**os.environ, **own}, stdout=out, stderr=out)
    try:
        with socket.socket() as probe:
            wait_for(lambda: running.poll() is not None or probe.connect_ex(("127.0.0.1", int(own["PORT"]))) == 0)
        wait_for(lambda: "已启动" in log.read_text())
        running.send_signal(signal.SIGHUP)
        answers = []
        while "各服务已重新启动" not in log.read_text() or len(answers) < 2:
            answers.append(asked(f"http://127.0.0.1:{own['PORT']}/healthz").status_code)
        assert set(answers) == {200}
        assert running.poll() is None
        running.terminate()
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()


def test_the_embedded_queue_is_its_owners_alone_and_leaves_nothing_on_the_disk() -> None:
    with TemporaryDirectory(prefix="pilot-") as folder:
        path = Path(folder, "valkey")
        process = subprocess.Popen(valkey_command(path), stdout=subprocess.DEVNULL)
        try:
            wait_for(path.exists)
            with Redis(unix_socket_path=str(path)) as connection:
                wait_for(lambda: answers(connection))
                assert connection.config_get("port") == {"port": "0"}
                connection.set("known", "to nobody")
            assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(Path(folder).stat().st_mode)) == (0o700, 0o700)
        finally:
            process.terminate()
            process.wait()
        assert list(Path(folder).iterdir()) == []
