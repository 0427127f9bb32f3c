"""HTTP to the outside: one client a process, which keeps its connections, and what the failures of a call mean."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from domain.ground.handling import Permanent, Transient

_log = logging.getLogger(__name__)
_CODE = re.compile(r"[0-9]{1,6}|[a-z][a-z_.-]{0,39}")
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds


@cache
def client() -> httpx.Client:
    """The client of this process, for all threads. To make one takes 25 ms, in which the certificates are read: too long for each call."""
    return httpx.Client()


@dataclass(frozen=True)
class Outside:
    """An outside system in the messages that people read: what it is called, and what happens next where it is away."""

    name: str
    again: str


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
        Transient: no connection, a time-out, or it is busy (429, 5xx).
        Permanent: the address is none.
    """
    try:
        reply = client().post(address, json=payload, headers={"Idempotency-Key": key}, timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        _log.error("no address: %s", address)
        raise Permanent(f"{outside.name}的地址配置有误，请联系系统管理员") from error
    except httpx.RequestError as error:
        _log.warning("%s: %s", key, type(error).__name__)
        raise Transient(f"{outside.name}没有应答，{outside.again}") from error
    if reply.is_success:
        return reply
    _log.warning("%s: %s %s", key, reply.status_code, code_of(reply))  # people read no codes
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Transient(f"{outside.name}忙，{outside.again}")
    return reply
