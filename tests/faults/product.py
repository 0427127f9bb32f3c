"""The product as real processes – web, worker, scheduler, the outside – of which any may be killed, on either database."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.conftest import Server
from webapp.serving import INHERITED, listen

ROOT = Path(__file__).parents[2]
PARTS: Mapping[str, tuple[str, ...]] = {
    "web": ("-m", "webapp.serving"),
    "worker": ("-m", "webapp", "worker"),
    "scheduler": ("-m", "webapp", "scheduler"),
}


@dataclass
class Gateway:
    """The outside: notes each request – key and texts, in order – and answers most of them."""

    chance: random.Random
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, body: Mapping[str, list[dict[str, str]]]) -> int:
        """Notes a request. The texts count as received whatever is answered: an answer may be lost."""
        with self.lock:
            self.asked.append((key, tuple(one["text"] for one in body["messages"])))
            return 503 if self.chance.random() < 0.2 else 200


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = gateway.take(self.headers["Idempotency-Key"], body)
            with suppress(OSError):  # whoever asked was killed meanwhile
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Writes no log."""

    return Handler


@dataclass
class Product:
    """The running parts. `crashes`: the ways in which the database's own processes end, where they are not ours."""

    home: Path
    environment: dict[str, str]
    gateway: Gateway
    address: str
    socket: int
    crashes: Mapping[str, Callable[[], None]]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stopping: bool = False

    def start(self, name: str) -> None:
        """Starts a part."""
        with (self.home / f"{name}.log").open("ab") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, *PARTS[name]],
                env=self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=out,
                pass_fds=(self.socket,),
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kills a part with whatever it has started, and starts it anew."""
        with suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.start(name)

    def revive(self) -> None:
        """Starts anew what has ended by itself, such as a worker whose database went away."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.start(name)

    def stop(self) -> None:
        """Ends everything."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def crashes_of(server: Server | None, url: str) -> dict[str, Callable[[], None]]:
    """The ways in which a database can end under the product: a server's backends at once, or the server itself."""
    if server is None:
        return {}

    def end_backends() -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        with suppress(DBAPIError), engine.connect() as connection:
            connection.execute(text(ends))
        engine.dispose()

    return {"backends": end_backends, "server": server.restart}


@contextmanager
def product(home: Path, database_url: str, redis_url: str, seed: int, crashes: Mapping[str, Callable[[], None]]) -> Iterator[Product]:
    """The product on a filled database, until the block ends."""
    gateway = Gateway(random.Random(seed))
    outside = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gateway))
    thread = threading.Thread(target=outside.serve_forever, args=(0.05,))
    thread.start()
    listening = listen("127.0.0.1", 0)
    own = {"PILOT_HOME": str(home), "DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": "x" * 32}
    own |= {"SMS_URL": f"http://127.0.0.1:{outside.server_port}", INHERITED: str(listening.fileno()), "PYTHONUNBUFFERED": "1"}
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    made = Product(home, {**os.environ, **own}, gateway, address, listening.fileno(), crashes)
    try:
        for name in PARTS:
            made.start(name)
        yield made
    finally:
        made.stop()
        listening.close()
        outside.shutdown()
        thread.join()
        outside.server_close()


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits for a condition.

    Raises:
        AssertionError: it did not come true.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
