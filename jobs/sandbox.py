"""A stand-in for the outside systems, with the same HTTP interface and switches to refuse, delay and fail."""

from __future__ import annotations

import hashlib
import json
import math
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODES = ("ok", "delay", "fail", "refuse")
COMPARE_MODES = (*MODES, "mismatch", "unknown")
"""Of the comparison of photos: it may also say that the photo is another person's, or that it knows nobody of that name and number."""
MAX_BODY = 10_000_000  # bytes


@dataclass
class Outside:
    """What the stand-in has received, and how it behaves."""

    mode: str = "ok"
    """Of the SMS gateway."""
    compare: str = "ok"
    """Of the comparison of photos."""
    seconds: float = 0.0
    compared: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key → what was sent to be compared, of the photo the SHA-256 of its text; a repeated key gets the first answer."""
    said: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Idempotency key → what was answered."""
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key → {messages, deliveries}: a repeated key gets the first answer and delivers nothing."""
    asked: list[str] = field(default_factory=list)
    """The key of each request in the order of arrival, whatever the answer was."""
    log: Path | None = None
    """Gets one JSON line a delivery."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    go_on: threading.Event = field(default_factory=threading.Event)
    """Ends every delay, once it is set."""


_ANSWERS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "ok": (200, {"match": True, "score": 0.97}),
    "mismatch": (200, {"match": False, "score": 0.41}),
    "unknown": (404, {"error": "no such person"}),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # its callers keep their connections, as with the systems that it stands for
    disable_nagle_algorithm = True  # head and body of an answer are two writes: the second would wait for the first one's receipt
    timeout = 60  # seconds, after which a connection that nobody uses is closed
    outside: Outside

    def do_GET(self) -> None:
        if self.path == "/sent":
            with self.outside.lock:
                self._reply(200, self.outside.sent)
        elif self.path == "/healthz":
            self._reply(200, {"ok": True})
        else:
            self._reply(404, {})

    def do_POST(self) -> None:
        try:
            length = min(max(int(self.headers.get("Content-Length") or 0), 0), MAX_BODY)
            body = json.loads(self.rfile.read(length) or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._reply(400, {"error": "not a JSON object"})
        elif self.path == "/switch":
            self._switch(body)
        elif self.path == "/sms":
            self._sms(body)
        elif self.path == "/compare":
            self._compare(body)
        else:
            self._reply(404, {})

    def _switch(self, body: dict[str, Any]) -> None:
        mode, compare = body.get("sms", "ok"), body.get("compare", "ok")
        try:
            seconds = float(body.get("seconds", 0))
        except (TypeError, ValueError, OverflowError):
            seconds = math.nan
        if mode not in MODES or compare not in COMPARE_MODES or not 0 <= seconds <= 30:
            self._reply(400, {"error": f"sms: one of {', '.join(MODES)}; compare: one of {', '.join(COMPARE_MODES)}; seconds: 0 to 30"})
            return
        self.outside.mode, self.outside.compare, self.outside.seconds = mode, compare, seconds
        self._reply(200, {})

    def _sms(self, body: dict[str, Any]) -> None:
        key = self.headers.get("Idempotency-Key") or ""
        outside = self.outside
        with outside.lock:
            outside.asked.append(key)
            mode = outside.mode
        if not key:
            self._reply(400, {"error": "no Idempotency-Key"})
            return
        if mode == "delay":
            outside.go_on.wait(outside.seconds)
        with outside.lock:
            known = key in outside.sent
            if not known and mode in ("ok", "delay"):
                outside.sent[key] = {"messages": body.get("messages", []), "deliveries": 1}
                if outside.log is not None:
                    with outside.log.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({"key": key, **outside.sent[key]}, ensure_ascii=False) + "\n")
        if known or mode in ("ok", "delay"):
            self._reply(200, {"ok": True})
        else:
            self._reply(503 if mode == "fail" else 422, {"error": mode})

    def _compare(self, body: dict[str, Any]) -> None:
        key, outside = self.headers.get("Idempotency-Key") or "", self.outside
        with outside.lock:
            outside.asked.append(key)
            mode = outside.compare
        if not key or not all(isinstance(body.get(name), str) and body[name] for name in ("name", "number", "photo")):
            self._reply(400, {"error": "Idempotency-Key, name, number and photo are needed"})
            return
        if mode == "delay":
            outside.go_on.wait(outside.seconds)
        if mode in ("fail", "refuse"):
            self._reply(503 if mode == "fail" else 422, {"error": mode})
            return
        with outside.lock:
            outside.compared.setdefault(key, {**body, "photo": hashlib.sha256(body["photo"].encode()).hexdigest()})
            answer = outside.said.setdefault(key, _ANSWERS.get(mode, _ANSWERS["ok"]))
        self._reply(*answer)

    def _reply(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller was killed meanwhile

    def log_message(self, format: str, *args: Any) -> None:
        """Writes no log: the caller's log says what was sent."""


class Sandbox(ThreadingHTTPServer):
    """The stand-in as a server, with what it received and how it behaves at hand."""

    def __init__(self, port: int, outside: Outside) -> None:
        self.outside = outside
        super().__init__(("127.0.0.1", port), type("Handler", (_Handler,), {"outside": outside}))


def make_server(port: int, log: Path | None = None) -> Sandbox:
    """A server on the loopback address; `serve_forever` and `shutdown` are the caller's. `log` gets one JSON line a delivery."""
    return Sandbox(port, Outside(log=log))


def serve(port: int) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    server = make_server(port)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":  # `pilot run` starts it so: it needs none of the command's imports
    serve(int(sys.argv[1]))
