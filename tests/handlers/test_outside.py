"""What comes of the answers of outside systems: what is logged of them, and what people read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from domain.exams.photos import keep_photo
from domain.ground.handling import Permanent
from handlers import candidates
from handlers.outside import Outside, post
from tests.conftest import World


@contextmanager
def answering(status: int, content: str) -> Iterator[str]:
    """The address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Writes nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.row("5.2.3.6")
@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ('{"error": "no_person", "message": "张三 11010519491231002X, 13912345678"}', "no_person"),
        ('{"code": 4041, "error": "密码 K7QM2XPT"}', "4041"),
        ('{"error": "text refused: your password is K7QM2XPT"}', ""),
        ('{"code": "11010519491231002X"}', ""),
        ('["K7QM2XPT"]', ""),
        ("K7QM2XPT", ""),
    ],
)
def test_of_a_refusal_its_code_is_logged_and_nothing_that_it_quotes(said: str, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    with answering(422, said) as address, caplog.at_level(logging.WARNING):
        assert post(Outside("外部系统", ""), address, {}, "key-1").status_code == 422
    assert [one.getMessage() for one in caplog.records if one.name == "handlers.outside"] == [f"key-1: 422 {logged}"]


@pytest.mark.row("5.2.3.6")
def test_an_answer_that_cannot_be_read_is_told_as_such(lite: World) -> None:
    payload = {
        "name": "张三",
        "document": "居民身份证",
        "number": "11010519491231002X",
        "photo": keep_photo(lite.runtime.settings.home, b"photo"),
    }
    for content in ("<html>proxy</html>", "[]", '{"match": "yes"}', "\ufffe", "9" * 5000):
        with answering(200, content) as address, pytest.raises(Permanent, match="应答无法识别"):
            candidates.compare(payload, "key", replace(lite.runtime.settings, compare_url=address))
