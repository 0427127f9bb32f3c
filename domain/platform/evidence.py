"""People with their roles, uploaded files and 修改记录 against their proofs: what of them was changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ground.parties import (
    Party,
    Person,
    PersonRole,
    party_proved,
    password_proof,
    password_proved,
    person_proof,
    person_proved,
    prove_party,
)
from domain.platform.changes import Change, change_proof, change_proved
from domain.platform.files import StoredFile, file_proof, file_proved, path_of, sha256_of

CHUNK = 500  # rows read at a time


def party_faults(session: Session) -> Iterator[str]:
    """Schools, organizations and provinces whose kind, name, code or province somebody has written past the product."""
    for party in session.scalars(select(Party).order_by(Party.id), execution_options={"yield_per": CHUNK}):
        if not party_proved(session, party):
            yield f"机构 {party.code}（{party.name}）：类别、名称、代码或所属省份被改动过"


def people_faults(session: Session) -> Iterator[str]:
    """People whose account, name, mobile number, party, roles or password somebody has written past the product."""
    for person, roles in _people(session, 0, None):
        if not person_proved(session, person, roles):
            yield f"人员 {person.account}（{person.name}）：账号、姓名、手机号、机构或角色被改动过"
        if not password_proved(session, person):
            yield f"人员 {person.account}（{person.name}）：密码被改动过"


def change_faults(session: Session) -> Iterator[str]:
    """Lines of 修改记录 that were changed, or before which one is gone."""
    for change, previous in _changes(session, 0, None):
        if not change_proved(session, change, previous):
            yield f"修改记录 {change.id}（{change.kind} {change.record_id}）：被改动过，或它的前一条已不在"


def file_faults(session: Session, home: Path, still: Callable[[int], bool]) -> Iterator[str]:
    """Files whose row or whose bytes were changed; each is read. `still` says whether there is a row with this id by now: bytes that were
    deleted with it meanwhile are no fault."""
    for file in session.scalars(select(StoredFile).order_by(StoredFile.id), execution_options={"yield_per": CHUNK}):
        if not file_proved(session, file):
            yield f"文件 {file.id}（{file.name}）：名称、类型、所属或指向的内容被改动过"
        if (wrong := wrong_bytes(path_of(home, file.sha256), file.sha256)) is not None and still(file.id):
            yield f"文件 {file.id}（{file.name}）：{wrong}"


def wrong_bytes(path: Path, sha256: str) -> str | None:
    """What is wrong with bytes that are kept under their hash, in Chinese; None when nothing is."""
    try:
        return None if sha256_of(path) == sha256 else "内容被改动过"
    except FileNotFoundError:
        return "内容已不在服务器上"
    except OSError:  # no right to read it, a folder in its place, a broken disk
        return "内容不能读取"


def prove_people(session: Session, after: int) -> int | None:
    """Proves the next people behind an id, as they are. Returns the last one's id; None where none was left."""
    found = list(_people(session, after, CHUNK))
    for person, roles in found:
        if person.proof is None:
            person.proof = person_proof(session, person.account, person.name, person.mobile, person.party_id, person.active, roles)
        if person.password_proof is None:
            person.password_proof = password_proof(session, person.id, person.password_hash)
    return found[-1][0].id if found else None


def prove_parties(session: Session, after: int) -> int | None:
    """As `prove_people`, of parties."""
    found = session.scalars(select(Party).where(Party.id > after).order_by(Party.id).limit(CHUNK)).all()
    for party in found:
        if party.proof is None:
            prove_party(session, party)
    return found[-1].id if found else None


def prove_changes(session: Session, after: int) -> int | None:
    """As `prove_people`, of 修改记录."""
    found = list(_changes(session, after, CHUNK))
    for change, previous in found:
        if change.proof is None:
            change.proof = change_proof(session, change, previous)
    return found[-1][0].id if found else None


def prove_files(session: Session, after: int) -> int | None:
    """As `prove_people`, of files."""
    found = session.scalars(select(StoredFile).where(StoredFile.id > after).order_by(StoredFile.id).limit(CHUNK)).all()
    for file in found:
        if file.proof is None:
            file.proof = file_proof(session, file)
    return found[-1].id if found else None


def _people(session: Session, after: int, most: int | None) -> Iterator[tuple[Person, Sequence[str]]]:
    """People behind an id with their roles."""
    query = select(Person).where(Person.id > after).order_by(Person.id).limit(most)
    for people in session.scalars(query, execution_options={"yield_per": CHUNK}).partitions():
        roles: dict[int, list[str]] = {}
        held = select(PersonRole.person_id, PersonRole.role).where(PersonRole.person_id.between(people[0].id, people[-1].id))
        for person_id, role in session.execute(held):
            roles.setdefault(person_id, []).append(role)
        yield from ((person, roles.get(person.id, [])) for person in people)


def _changes(session: Session, after: int, most: int | None) -> Iterator[tuple[Change, int]]:
    """Edits behind an id, each with the id of the one before it of the same record."""
    previous = func.coalesce(func.lag(Change.id).over(partition_by=(Change.kind, Change.record_id), order_by=Change.id), 0)
    numbered = select(Change.id, previous.label("previous")).subquery()
    query = select(Change, numbered.c.previous).join(numbered, numbered.c.id == Change.id).where(Change.id > after)
    rows = session.execute(query.order_by(Change.id).limit(most), execution_options={"yield_per": CHUNK})
    yield from ((change, before) for change, before in rows)
