"""The web server: slow clients hold no thread, a request that never arrives is dropped, and a restart refuses nobody."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import World
from tests.jobs.conftest import wait_for
from webapp import serving
from webapp.database import ARRIVED
from webapp.serving import HEAD_SECONDS, INHERITED, LARGEST, WRITERS, Server, listen, make_server

pytestmark = pytest.mark.row("9.1")
SLOW = 200


@contextmanager
def served(app: Any) -> Iterator[tuple[Server, str]]:
    """A server of an app in a thread, and its address."""
    listening, over = listen("127.0.0.1", 0), threading.Event()
    port = listening.getsockname()[1]
    server = make_server(app, listening)
    thread = threading.Thread(target=server.serve, args=(over.is_set,))
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        over.set()
        server.pull_trigger()
        thread.join()
        server.close()


def asked(address: str, **more: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=30) as client:
        return client.get(address, **more)


def begin(address: str, sent: bytes) -> socket.socket:
    """A client that sends so much and then nothing more."""
    host, port = address.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.sendall(sent)
    return client


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /healthz HT",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\naccount=",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "half a chunk"],
)
def test_two_hundred_slow_clients_hold_nobody_up(sent: bytes, lite: World) -> None:
    from webapp.app import create_app

    with served(create_app(lite.runtime)) as (_, address), ExitStack() as clients:
        for _ in range(SLOW):
            clients.enter_context(begin(address, sent))
        assert asked(f"{address}/healthz").json() == {"ok": True}
        assert asked(f"{address}/login").status_code == 200


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"], ids=["head", "body"]
)
def test_the_front_answers_beside_slow_clients_and_while_a_server_is_renewed(sent: bytes, nginx: str, tmp_path: Path) -> None:
    with served(plain) as (server, address), ExitStack() as clients:
        gone = listen("127.0.0.1", 0)  # the address of a server that is being renewed: nobody listens there
        away = f"127.0.0.1:{gone.getsockname()[1]}"
        gone.close()
        with fronted(nginx, tmp_path, (away, address.removeprefix("http://"))) as front:
            for _ in range(SLOW):
                clients.enter_context(begin(front, sent))
            answers = [asked(front) for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200] * 4
            assert answers[0].headers["Strict-Transport-Security"].startswith("max-age=")
            assert len(server.active_channels) < 10  # what is unfinished has not come so far


@pytest.fixture
def nginx() -> str:
    """The front's program; Debian's package nginx-light."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("PILOT_REQUIRE_ALL") == "1":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    return found


@contextmanager
def fronted(nginx: str, folder: Path, servers: tuple[str, str]) -> Iterator[str]:
    """nginx as `docker-compose.yml` runs it, before two servers on this machine. Gives its address."""
    waiting = listen("127.0.0.1", 0)
    port = waiting.getsockname()[1]
    waiting.close()
    text = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text()
    for name, there in (
        ("web-a:8000", servers[0]),
        ("web-b:8000", servers[1]),
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("/tmp/", f"{folder}/"),
    ):
        assert name in text
        text = text.replace(name, there)
    path = folder / "nginx.conf"
    path.write_text(text)
    process = subprocess.Popen([nginx, "-c", str(path), "-p", str(folder), "-e", "stderr", "-g", "daemon off; master_process off;"])
    try:
        wait_for(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def plain(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read()]


def test_what_does_not_arrive_is_dropped_and_what_is_slow_but_comes_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr(serving.time, "time", lambda: clock["now"])
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n"
    with served(plain) as (server, address), begin(address, b"GET / HT") as stuck, begin(address, head + b"x" * 300_000) as slow:
        while len(server.active_channels) < 2 or sum(one.read for one in [*server.active_channels.values()]) < 300_000:
            server.pull_trigger()  # until the loop has read what was sent
        clock["now"] += HEAD_SECONDS + 1
        late = {one.read: one.is_late(clock["now"]) for one in [*server.active_channels.values()]}
        assert late == {len(b"GET / HT"): True, len(head) + 300_000: False}
        server.pull_trigger()
        assert stuck.recv(100) == b""  # closed
        slow.sendall(b"x" * 100_000)
        assert b"200 OK" in slow.recv(100)


class Held:
    """An app whose writing requests wait until they may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.writing = 0
        self.most = 0
        self.arrivals: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            with self._lock:
                self.arrivals.append(environ[ARRIVED])
                self.writing += 1
                self.most = max(self.most, self.writing)
            self.go_on.wait(60)
            with self._lock:
                self.writing -= 1
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"read"]


def test_requests_that_write_leave_threads_to_those_that_read() -> None:
    app = Held()
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with served(app) as (server, address), ExitStack() as clients:
        began = time.monotonic()
        writers = [clients.enter_context(begin(address, post)) for _ in range(30)]
        wait_for(lambda: app.writing == WRITERS and sum(bool(one.requests) for one in [*server.active_channels.values()]) == 30)
        arrived = time.monotonic()
        assert [asked(address).text for _ in range(3)] == ["read"] * 3  # while all the others wait
        assert app.writing == WRITERS
        app.go_on.set()
        assert all(b"200 OK" in one.makefile("rb").read() for one in writers)
    assert app.most == WRITERS
    assert len(app.arrivals) == 30
    assert all(began <= one <= arrived for one in app.arrivals)  # those that waited for a thread too


def test_requests_that_wait_for_a_thread_are_given_up_when_the_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LAST_SECONDS", 0.0)
    app = Held()
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    with ExitStack() as clients:
        with served(app) as (server, address):
            writers = [clients.enter_context(begin(address, post)) for _ in range(WRITERS + 1)]
            wait_for(
                lambda: app.writing == WRITERS and sum(bool(one.requests) for one in [*server.active_channels.values()]) == WRITERS + 1
            )
        app.go_on.set()
        assert {one.recv(100) for one in writers} == {b""}
        assert len(app.arrivals) == WRITERS


def test_what_never_reaches_the_app_is_refused_in_words() -> None:
    with served(plain) as (_, address):
        with begin(address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LARGEST + 1)) as client:
            answer = client.makefile("rb").read().decode()
        assert answer.startswith("HTTP/1.1 413")
        assert "上传的内容过大，请缩小文件后重试。" in answer
        assert "waitress" not in answer
        with begin(address, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n") as client:
            assert "请求不完整" in client.makefile("rb").read().decode()


def test_an_answer_under_way_is_given_before_the_end() -> None:
    begun, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        begun.set()
        go_on.wait(20)
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 3_000_000]

    listening = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = make_server(slow, listening)
    thread = threading.Thread(target=server.serve, args=(over.is_set,))
    thread.start()
    answers: list[httpx.Response] = []
    client = threading.Thread(target=lambda: answers.append(asked(address)))
    client.start()
    assert begun.wait(20)
    over.set()
    server.pull_trigger()
    go_on.set()
    client.join()
    thread.join()
    server.close()
    assert len(answers[0].content) == 3_000_000


@pytest.mark.parametrize("sent", [b"", b"GET / HT"], ids=["nothing yet", "half a line"])
def test_a_request_on_its_way_when_the_server_is_told_to_stop_is_answered(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is the server's already: no other one can take it over."""
    monkeypatch.setattr(serving, "ARRIVING_SECONDS", 60)  # however slow the machine
    monkeypatch.setattr(serving, "LAST_SECONDS", 60)
    with ExitStack() as clients:
        with served(plain) as (server, address):
            client = clients.enter_context(begin(address, sent))
            while sum(one.read for one in [*server.active_channels.values()]) < len(sent) or not server.active_channels:
                server.pull_trigger()
            server.accepting = False  # as the last turn before the end does
            late = threading.Timer(0.2, client.sendall, [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[len(sent) :]])
            late.start()
        late.join()
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")


def test_a_server_that_starts_anew_takes_what_waits_in_the_socket(tmp_path: Path) -> None:
    """Real processes: no connection is refused while there is no server, and the next one answers it."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    environment = {**os.environ, "PILOT_HOME": str(tmp_path), "SECRET_KEY": "k" * 32, INHERITED: str(listening.fileno())}
    subprocess.run([sys.executable, "-m", "webapp", "migrate"], env=environment, check=True, capture_output=True)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "webapp.serving"], env=environment, pass_fds=(listening.fileno(),))

    first = start()
    try:
        assert asked(f"http://127.0.0.1:{port}/healthz").status_code == 200  # the connection waited for the first one, too
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
        waiting = begin(f"http://127.0.0.1:{port}", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        first = start()
        waiting.settimeout(30)
        assert waiting.makefile("rb").read().startswith(b"HTTP/1.1 200")
        waiting.close()
    finally:
        first.terminate()
        first.wait(20)
        listening.close()


def test_a_socket_of_systemd_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(serving.socket, "socket", lambda **given: taken.append(given) or "it")
    assert serving.inherited({"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}) == "it"
    assert taken == [{"fileno": 3}]
    assert serving.inherited({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) is None
