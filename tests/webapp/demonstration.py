"""What the demonstration's records say, for tests that compare pages with them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate
from tests.conftest import World


def ids(world: World, query: Any) -> list[int]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(query))


def own(world: World, account: str) -> int:
    return world.actor(account).party_id


def piloted(world: World, account: str) -> list[int]:
    return ids(world, select(PilotCertificate.certificate_id).where(PilotCertificate.party_id == own(world, account)))


def not_piloted(world: World, account: str) -> list[int]:
    return ids(world, select(Certificate.id).where(Certificate.id.not_in(piloted(world, account))))


def total(client: FlaskClient, address: str) -> int:
    page = client.get(address)
    assert page.status_code == 200, address
    return int(page.text.split("共 ")[1].split(" 条")[0]) if "共 " in page.text else 0


def name_of(world: World, record: type[Any], record_id: int) -> Any:
    with world.runtime.database.reading() as session:
        return session.get_one(record, record_id)
