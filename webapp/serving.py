"""The web server: waitress, which reads a request whole before a thread has it, on a socket that outlives it.

Heads and bodies are read by one loop, whatever their pace; a thread works on requests that are complete, and its answer is sent by the
loop again. So clients that are slow, or never finish, hold no thread. A request that takes too long to arrive is dropped.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

from webapp.database import ARRIVED, SAFE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
WRITERS = 5  # threads that may be at requests that write, and so wait for the database's lock or look at files: the others go on
CONNECTIONS = 900  # open at once: below 1,024, the usual limit of a process's files
BACKLOG = 1024  # connections that wait in the kernel, also while no server runs
HEAD_SECONDS = 20.0  # in which the head of a request must have arrived
BYTES_A_SECOND = 4096  # the least pace of a body
IDLE_SECONDS = 30  # of a connection between two requests
LARGEST = 64 * 1024 * 1024  # bytes of a body; the app refuses at 21 MB, on a page of its own
LAST_SECONDS = 6.0  # for answers under way, once the server is told to stop
ARRIVING_SECONDS = 1.0  # for requests that are still on their way then
INHERITED = "PILOT_SOCKET"
"""Environment variable: number of the file descriptor of a socket that listens already. systemd's is LISTEN_FDS (its first is 3)."""


REFUSALS = {
    400: "请求不完整或格式有误，请刷新页面后重试。",
    413: "上传的内容过大，请缩小文件后重试。",
    431: "请求头过大，请清除浏览器的 Cookie 后重试。",
}


class Refusal(ErrorTask):  # type: ignore[misc]
    """What is answered to a request that never reaches the app, in words of ours."""

    def execute(self) -> None:
        """Writes the answer."""
        error = self.request.error
        body = REFUSALS.get(error.code, "请求未能处理，请刷新页面后重试。").encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "text/plain; charset=utf-8"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request that knows when it had arrived whole."""

    arrived: float | None = None
    """By `time.monotonic`."""

    def received(self, data: bytes) -> int:
        """Takes what has arrived of it."""
        taken: int = super().received(data)
        if self.completed and self.arrived is None:
            self.arrived = time.monotonic()
        return taken


class Task(WSGITask):  # type: ignore[misc]
    """Work on a request; the app is told when it had arrived."""

    def get_environment(self) -> dict[str, object]:
        """The WSGI environ."""
        environ: dict[str, object] = super().get_environment()
        environ[ARRIVED] = self.request.arrived
        return environ


class Channel(HTTPChannel):  # type: ignore[misc]  # the library ships no types
    """A connection that knows since when a request has been arriving."""

    error_task_class = Refusal
    parser_class = Request
    task_class = Task
    begun: float | None = None
    """When the request that is arriving began; None between requests, and while one is worked on."""
    read = 0
    """Bytes that have arrived of it."""
    fresh = True
    """Whether no request has arrived whole yet: who has just been connected has a request to send."""

    def received(self, data: bytes) -> bool:
        """Takes what has arrived."""
        taken: bool = super().received(data)
        if self.request is None:
            self.begun, self.read, self.fresh = None, 0, False
            return taken
        if self.begun is None:
            self.begun = time.time()
        self.read += len(data)
        return taken

    def is_late(self, now: float) -> bool:
        """Whether the request should have arrived by now, at the least pace."""
        return self.begun is not None and now > self.begun + HEAD_SECONDS + self.read / BYTES_A_SECOND

    def is_owed(self, arriving: bool) -> bool:
        """Whether an answer is under way; where `arriving`, also whether a request is."""
        return bool(self.requests or self.total_outbufs_len or (arriving and (self.fresh or self.begun is not None)))


class Writing:
    """A request that may write, on its turn."""

    def __init__(self, channel: Channel, over: Callable[[], None]) -> None:
        self._channel, self._over = channel, over

    def service(self) -> None:
        """Answers it."""
        try:
            self._channel.service()
        finally:
            self._over()

    def cancel(self) -> None:
        """Gives it up."""
        self._channel.cancel()


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Threads for requests in the order of their arrival; those that may write get `WRITERS` of them at most."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._writing = 0
        self._waiting: deque[Channel] = deque()

    def add_task(self, task: Channel) -> None:
        """Takes in a connection whose next request has arrived."""
        if task.requests[0].error or task.requests[0].command in SAFE:
            super().add_task(task)
            return
        with self._lock:
            if self._writing >= WRITERS:
                self._waiting.append(task)
                return
            self._writing += 1
        super().add_task(Writing(task, self._over))

    def _over(self) -> None:
        """Gives the turn of a request that was answered to the next."""
        with self._lock:
            if not self._waiting:
                self._writing -= 1
                return
            task = self._waiting.popleft()
        super().add_task(Writing(task, self._over))

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Ends the threads, and gives up what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for task in waiting:
            task.cancel()
        ended: bool = super().shutdown(cancel_pending, timeout)
        return ended


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress on a socket of ours, with an end to requests that do not arrive and to itself."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        """Closes connections that are idle, and those whose request should have arrived long ago."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.is_late(now):
                channel.will_close = True

    def serve(self, until: Callable[[], bool]) -> None:
        """Serves until told to stop; then answers what it has read, and leaves what still waits in the socket to the next server."""
        while not until():
            self._turn(1.0)
        self.accepting = False
        stopped = time.monotonic()
        while (passed := time.monotonic() - stopped) < LAST_SECONDS and any(
            one.is_owed(arriving=passed < ARRIVING_SECONDS) for one in self.active_channels.values()
        ):
            self._turn(0.05)
        self.task_dispatcher.shutdown(timeout=0.1)
        for channel in list(self.active_channels.values()):
            channel.handle_close()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._map, use_poll=True, count=1)


def make_server(app: WSGIApplication, listening: socket.socket) -> Server:
    """A server of an app on a socket that listens."""
    adjustments = Adjustments(
        sockets=[listening],
        backlog=BACKLOG,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=2,
        max_request_body_size=LARGEST,
        asyncore_use_poll=True,
        ident=None,
        clear_untrusted_proxy_headers=False,  # the app decides whose word counts (TRUSTED_PROXIES)
    )
    sockinfo = (listening.family, listening.type, listening.proto, listening.getsockname())
    dispatcher = Dispatcher()
    dispatcher.set_thread_count(THREADS)
    return Server(app, _sock=listening, bind_socket=False, sockinfo=sockinfo, adj=adjustments, dispatcher=dispatcher)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections wait in it until a server takes them.

    Raises:
        OSError: the port is taken.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(BACKLOG)
    return listening


def inherited(environment: Mapping[str, str]) -> socket.socket | None:
    """The socket that `pilot run`, or systemd (sd_listen_fds(3)), has opened for this process; None where there is none."""
    number = environment.get(INHERITED)
    if number is None and environment.get("LISTEN_FDS") and environment.get("LISTEN_PID") == str(os.getpid()):
        number = "3"
    return None if number is None else socket.socket(fileno=int(number))


def main(host: str = "127.0.0.1") -> None:
    """Serves the product until SIGTERM or SIGINT."""
    from jobs import confinement
    from jobs.runtime import settle
    from webapp.wsgi import app  # opens the database: only where it is served

    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        server.pull_trigger()

    listening = inherited(os.environ)
    if listening is None:
        listening = listen(host, int(os.environ.get("PORT") or "8000"))
    server = make_server(app, listening)
    confinement.warm()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    settle()
    server.serve(lambda: stopped)


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:2])
