"""HTTP to the outside: one client a process, which keeps its connections, and what the failures of a call mean."""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

import httpx

from domain.ground.handling import Permanent, Transient

_log = logging.getLogger(__name__)
_CODE = re.compile(r"[0-9]{1,6}|[a-z][a-z_.-]{0,39}")
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds
REST, MOST_REST = 30.0, 240.0  # seconds for which a system is not called that does not answer: at first, and after more such calls at most


@cache
def client() -> httpx.Client:
    """The client of this process, for all threads. To make one takes 25 ms, in which the certificates are read: too long for each call."""
    return httpx.Client()


@dataclass(frozen=True)
class Outside:
    """An outside system in the messages that people read: what it is called, and what happens next where it is away."""

    name: str
    again: str


class _Line:
    """Whether there is anybody at the other end of an address. A worker that waited for each of thousands of calls in vain would get to
    nothing else for hours – other people's imports, their SMS – so after one it fails the others at once, for a while."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answered = self._rests_until = -math.inf
        self._rest = REST

    @property
    def rests(self) -> bool:
        return monotonic() < self._rests_until

    def answered(self) -> None:
        with self._lock:
            self._answered, self._rest = monotonic(), REST

    def not_answered(self, began: float) -> None:
        """Notes that a call which `began` then has waited in vain. Of several at once the first counts, and an answer for more."""
        with self._lock:
            if max(self._answered, self._rests_until) <= began:
                self._rests_until = monotonic() + self._rest
                self._rest = min(2 * self._rest, MOST_REST)


@cache
def _line(address: str) -> _Line:
    """What this process knows of an address."""
    return _Line()


def code_of(reply: httpx.Response) -> str:
    """The code of an outside system's refusal, for the log; empty where it gives none. Its sentences stay out: they may quote what was
    sent, such as a number, a mobile or a first password."""
    try:
        said = reply.json()
    except ValueError:
        return ""
    found = (said.get(name) for name in ("code", "error")) if isinstance(said, dict) else ()
    return next((str(one) for one in found if _CODE.fullmatch(str(one))), "")


def post(outside: Outside, address: str, payload: dict[str, Any], key: str) -> httpx.Response:
    """Calls it under an idempotency key.

    Returns: its answer, a success or a refusal for the caller to read.

    Raises:
        Transient: no connection, a time-out, or it is busy (429, 5xx); or a time-out of a moment ago.
        Permanent: the address is none.
    """
    silent = Transient(f"{outside.name}没有应答，{outside.again}")
    line, began = _line(address), monotonic()
    if line.rests:
        raise silent
    try:
        reply = client().post(address, json=payload, headers={"Idempotency-Key": key}, timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        _log.error("no address: %s", address)
        raise Permanent(f"{outside.name}的地址配置有误，请联系系统管理员") from error
    except httpx.RequestError as error:
        _log.warning("%s: %s", key, type(error).__name__)
        if isinstance(error, httpx.TimeoutException):
            line.not_answered(began)
        raise silent from error
    line.answered()
    if reply.is_success:
        return reply
    _log.warning("%s: %s %s", key, reply.status_code, code_of(reply))  # people read no codes
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Transient(f"{outside.name}忙，{outside.again}")
    return reply
