"""A stand-in for the outside systems that speaks their HTTP, with switches to refuse, delay and fail."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Outside:
    """What the stand-in received, and how it behaves."""

    mode: str = "ok"
    seconds: float = 0.0
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key → {messages, deliveries}."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Handler(BaseHTTPRequestHandler):
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
        length = min(int(self.headers.get("Content-Length") or 0), 1_000_000)
        try:
            body = json.loads(self.rfile.read(length) or b"{}")
        except ValueError:
            self._reply(400, {"error": "not JSON"})
            return
        if self.path == "/switch":
            self.outside.mode, self.outside.seconds = str(body.get("sms", "ok")), float(body.get("seconds", 0))
            self._reply(200, {})
        elif self.path == "/sms":
            self._sms(body)
        else:
            self._reply(404, {})

    def _sms(self, body: dict[str, Any]) -> None:
        key = self.headers.get("Idempotency-Key") or ""
        outside = self.outside
        if outside.mode == "delay":
            time.sleep(min(outside.seconds, 30))
        if outside.mode in ("fail", "refuse"):
            self._reply(503 if outside.mode == "fail" else 422, {"error": outside.mode})
            return
        with outside.lock:
            entry = outside.sent.setdefault(key, {"messages": body.get("messages", []), "deliveries": 0})
            entry["deliveries"] += 1
        self._reply(200, {"ok": True})

    def _reply(self, status: int, body: Any) -> None:
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
        """Quiet: the caller's log says what was sent."""


def make_server(port: int) -> ThreadingHTTPServer:
    """A server on the loopback address; `serve_forever` and `shutdown` are the caller's."""
    handler = type("Handler", (_Handler,), {"outside": Outside()})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
