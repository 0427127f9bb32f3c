"""Made-up people and parties to try the product with; their certificates, schools and majors are in `domain.demo.books`."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.base import SHANGHAI
from domain.ground.parties import Actor, Party, Person, PersonRole, password_proof, person_proof, prove_party
from domain.platform.passwords import hash_password, new_stamp
from domain.weekly.periods import set_periods

PASSWORD = "Pilot-2026"  # noqa: S105  # made-up accounts, printed in the README

_PARTIES = (  # code, kind, name, province's code
    ("P32", "province", "江苏省教育厅", None),
    ("P33", "province", "浙江省教育厅", None),
    ("S3201", "school", "金陵职业技术学院", "P32"),
    ("S3202", "school", "太湖职业学院", "P32"),
    ("S3301", "school", "钱塘职业技术学院", "P33"),
    ("O0001", "organization", "华信培训评价中心", None),
    ("O0002", "organization", "启衡职业能力评价中心", None),
    ("PLATFORM", "platform", "平台运营", None),
)
_PEOPLE = (  # account, name, party's code, roles
    ("school1", "张文", "S3201", ("试点院校",)),
    ("school2", "李敏", "S3202", ("试点院校",)),
    ("school3", "陈静", "S3301", ("试点院校",)),
    ("province1", "王强", "P32", ("省级", "省级初审")),
    ("province1b", "赵琳", "P32", ("省级", "省级复审")),
    ("province2", "周涛", "P33", ("省级", "省级初审", "省级复审")),
    ("organization1", "吴霞", "O0001", ("培训评价组织",)),
    ("designer", "郑工", "PLATFORM", ("流程设计",)),
    ("supervisor", "冯敏", "PLATFORM", ("监控",)),
    ("operator", "孙洋", "PLATFORM", ("系统管理",)),
    ("organization2", "何佳宁", "O0002", ("培训评价组织",)),
    ("province2b", "沈雨桐", "P33", ("省级", "省级复审")),
)
_NAMES = {code: name for code, _, name, _ in _PARTIES}
DEMO_ACCOUNTS = tuple((account, "、".join(roles), _NAMES[party]) for account, _, party, roles in _PEOPLE)


def load_demo(session: Session, now: datetime) -> bool:
    """Loads people, parties and periods into an empty database. Returns False, and does nothing, where there are parties already."""
    if session.scalar(select(Party.id).limit(1)) is not None:
        return False
    parties: dict[str, Party] = {}
    for code, kind, name, province in _PARTIES:
        parties[code] = Party(code=code, kind=kind, name=name, province_id=parties[province].id if province else None)
        session.add(parties[code])
        session.flush()
        prove_party(session, parties[code])
    for number, (account, name, party, roles) in enumerate(_PEOPLE):
        person = Person(
            account=account,
            name=name,
            mobile=f"1390000{number:04}",
            party_id=parties[party].id,
            password_hash=hashed_password(),
            stamp=new_stamp(),
            created_at=now,
        )
        person.proof = person_proof(session, account, name, person.mobile, person.party_id, True, roles)
        session.add(person)
        session.flush()
        person.password_proof = password_proof(session, person.id, person.password_hash)
        session.add_all(PersonRole(person_id=person.id, role=role) for role in roles)
    today = now.astimezone(SHANGHAI).date()
    for province in ("P32", "P33"):
        party_row = parties[province]
        actor = Actor(0, "系统", party_row.id, party_row.name, "province", None, frozenset({"省级"}))
        set_periods(session, actor, "周", today - timedelta(weeks=4), today + timedelta(weeks=12), 24)
    return True


@cache
def hashed_password() -> str:
    """The hash of `PASSWORD`."""
    # all accounts have the same made-up password, which is hashed once: hashing is slow on purpose
    return hash_password(PASSWORD)
