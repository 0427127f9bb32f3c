"""SMS through the gateway's HTTP interface."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy.orm import Session

from domain.handling import Permanent, Transient
from domain.parties import Person, people_of
from domain.settings import Settings

TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds


def prepare(session: Session, subject: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The messages: to the record's author (`role` = 'author') or to everyone who holds the role in the lane's party."""
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
        reply = httpx.post(f"{settings.sms_url}/sms", json=payload, headers={"Idempotency-Key": key}, timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Permanent(f"短信平台地址（SMS_URL）不正确：{settings.sms_url}") from error
    except httpx.RequestError as error:
        raise Transient(f"短信平台没有应答：{type(error).__name__}") from error
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Transient(f"短信平台忙（{reply.status_code}）")
    if not reply.is_success:
        raise Permanent(f"短信平台拒绝发送（{reply.status_code}）：{reply.text[:200]}")
    return {}
