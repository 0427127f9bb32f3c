"""SMS through the gateway's HTTP interface."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy.orm import Session

from domain.ground.handling import Permanent
from domain.ground.parties import Person, people_of
from domain.ground.settings import Settings
from handlers.outside import Outside, post

GATEWAY = Outside("短信平台", "请稍后重发")


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
        Transient: as `outside.post`.
        Permanent: nobody to send to, a wrong address of the gateway, or it refuses the request.
    """
    if not payload["messages"]:
        raise Permanent("没有可接收短信的人员，请在人员管理中核对角色与手机号")
    if post(GATEWAY, f"{settings.sms_url}/sms", payload, key).is_success:
        return {}
    raise Permanent("短信平台拒绝发送，请核对接收人的手机号后重发")
