"""SMS through the gateway's HTTP interface."""

from __future__ import annotations

import logging
from typing import Any, Protocol

import httpx
from sqlalchemy.orm import Session

from domain.ground.handling import Permanent, Transient
from domain.ground.parties import Person, people_of
from domain.ground.settings import Settings
from handlers import outside

_log = logging.getLogger(__name__)
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds


class Addressed(Protocol):
    """A record about which people are sent SMS."""

    @property
    def author_id(self) -> int:
        """Who filled it in."""

    def party_for(self, lane: str) -> int | None:
        """The party that fills a lane of its diagram."""


def prepare(session: Session, subject: Addressed, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: an SMS to the record's author (`role` is `author`), or to everybody who holds the role in the party of that lane."""
    role, text = str(params["role"]), str(params["text"])
    if role == "author":
        person = session.get(Person, subject.author_id)
        people = [person] if person is not None else []
    else:
        people = list(people_of(session, subject.party_for(role) or 0, role))
    return {"messages": [{"to": person.mobile, "text": text} for person in people]}


def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    """Sends the messages under one idempotency key.

    Raises:
        Transient: no connection, a time-out, or the gateway is busy (429, 5xx).
        Permanent: nobody to send to, a wrong address of the gateway, or it refuses the request.
    """
    if not payload["messages"]:
        raise Permanent("没有可接收短信的人员，请在人员管理中核对角色与手机号")
    try:
        reply = outside.client().post(f"{settings.sms_url}/sms", json=payload, headers={"Idempotency-Key": key}, timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        _log.error("SMS_URL is no address: %s", settings.sms_url)
        raise Permanent("短信平台的地址配置有误，请联系系统管理员") from error
    except httpx.RequestError as error:
        _log.warning("SMS %s: %s", key, type(error).__name__)
        raise Transient("短信平台没有应答，请稍后重发") from error
    if reply.is_success:
        return {}
    _log.warning("SMS %s: %s %s", key, reply.status_code, reply.text[:200])  # people read no codes
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Transient("短信平台忙，请稍后重发")
    raise Permanent("短信平台拒绝发送，请核对接收人的手机号后重发")
