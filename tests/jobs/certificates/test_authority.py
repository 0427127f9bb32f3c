"""Time stamps from an authority that answers by HTTP, or does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from asn1crypto import tsp

from jobs.certificates import inside
from jobs.certificates.authority import LARGEST, HttpAuthority
from jobs.certificates.judging import Verdict, judged
from jobs.certificates.sealing import NoTimeStamp, seal
from tests.conftest import NOON
from tests.jobs.certificates.making import drawn, fingerprint, known, seals, stamping

pytestmark = pytest.mark.row("4.2.7")
Answer = Callable[[bytes], tuple[int, bytes]]


@contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """An authority on a port of its own, and its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()
            thread.join()


def stamped(asked: bytes) -> tuple[int, bytes]:
    """What an authority answers."""
    answer = asyncio.run(stamping()[0].async_request_tsa_response(tsp.TimeStampReq.load(asked)))
    return 200, answer.dump()


def of_another(asked: bytes) -> tuple[int, bytes]:
    """A stamp on something else."""
    told = tsp.TimeStampReq.load(asked)
    told["message_imprint"] = tsp.MessageImprint({"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)})
    return stamped(told.dump())


def with_another_nonce(asked: bytes) -> tuple[int, bytes]:
    """An answer to somebody else."""
    told = tsp.TimeStampReq.load(asked)
    told["nonce"] = 7
    return stamped(told.dump())


def refusing(asked: bytes) -> tuple[int, bytes]:
    """No, said by the protocol."""
    return 200, tsp.TimeStampResp({"status": {"status": "rejection"}}).dump()


def test_both_signatures_are_stamped_and_the_check_tells_when() -> None:
    with listening(stamped) as address:
        content = seal(drawn(), seals(), NOON, HttpAuthority(address))
    seen = inside.look(content)
    assert {one.stamped_at for one in seen.signatures} == {(NOON + timedelta(seconds=2)).astimezone(UTC).isoformat()}
    assert {one.authority for one in seen.signatures} == {fingerprint(stamping()[1])}
    found = judged(seen, known())
    assert found.verdict == Verdict.VALID
    assert all("有时间戳（2026-11-25 12:00:02）" in one for one in found.sentences)


@pytest.mark.parametrize(
    "answer",
    [
        of_another,
        with_another_nonce,
        refusing,
        lambda asked: (500, b""),
        lambda asked: (302, b""),
        lambda asked: (200, b""),
        lambda asked: (200, b"<html>out of order</html>"),
        lambda asked: (200, bytes(LARGEST + 1)),
        lambda asked: (200, stamped(asked)[1][:-100]),
    ],
)
def test_any_other_answer_is_a_failure_that_passes(answer: Answer) -> None:
    with listening(answer) as address, pytest.raises(NoTimeStamp, match="时间戳服务暂时不可用"):
        seal(drawn(), seals(), NOON, HttpAuthority(address))


def test_nobody_there() -> None:
    with listening(stamped) as address:
        pass
    with pytest.raises(NoTimeStamp):
        seal(drawn(), seals(), NOON, HttpAuthority(address))
