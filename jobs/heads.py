"""The chains that heads cover (`domain.platform.heads`): the histories of processes, the versions of diagrams, 修改记录.

People, parties, files, copies and substitutions are never deleted once they count: for each of them a leaf says that it was there.

A head is made in chunks, so that nobody waits for it. Where there is none yet, everything that earlier versions of the product wrote is
proved as it is then; afterwards no row without a proof is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, exists, literal, not_, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.base import SHANGHAI
from domain.ground.database import Database
from domain.ground.parties import Party, Person
from domain.platform import heads
from domain.platform.changes import Change
from domain.platform.evidence import prove_changes, prove_files, prove_parties, prove_people
from domain.platform.files import StoredFile
from domain.platform.heads import End, Head, Leaf
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.proving import RULES, proofs, record_digest

CHUNK = 500  # rows in one transaction
PROCESS, VERSION, RECORD, CHANGE = "process", "version", "record", "change"
PERSON, PARTY, FILE, COPY, SUBSTITUTE = "person", "party", "file", "copy", "substitute"
NAMES = {CHANGE: "修改记录", PERSON: "人员", PARTY: "机构", FILE: "文件", COPY: "抄送", SUBSTITUTE: "离岗代理"}
_ALONE = "heads"
_EVENT, _INSTANCE, _DEFINITION = tables.event.c, tables.instance.c, tables.definition.c


def begin(database: Database, engine: Engine) -> Head | None:
    """Proves what is in the database, and publishes the first head; does nothing where there is one.

    Where an earlier version published heads without parties in them, what lacks a proof of parties, people and versions gets it now.
    """
    with database.alone(_ALONE):  # several machines may be upgraded at once
        with database.reading() as session:
            first = heads.last_head(session) is None
            if not first and (session.scalar(select(Party.id).limit(1)) is None or heads.covers(session, PARTY)):
                return None
        for table in RULES if first else (tables.definition,):
            _prove(database, table)
        for prove in (prove_parties, prove_people, *((prove_changes, prove_files) if first else ())):
            last: int | None = 0
            while last is not None:
                with database.writing() as session:
                    last = prove(session, last)
        return _publish(database, engine, everything=first)


def publish_daily(database: Database, engine: Engine) -> Head | None:
    """Publishes a head where none was published on this day (Asia/Shanghai)."""
    if _has_head_of_today(database, engine):
        return None
    with database.alone(_ALONE):
        return None if _has_head_of_today(database, engine) else _publish(database, engine)


def _has_head_of_today(database: Database, engine: Engine) -> bool:
    with database.reading() as session:
        last = heads.last_head(session)
    return last is not None and last.at.astimezone(SHANGHAI).date() >= engine.clock().astimezone(SHANGHAI).date()


def chain_faults(engine: Engine, session: Session) -> Iterator[str]:
    """Chains that are gone, or no longer go through what a head says of them."""
    if heads.last_head(session) is None:
        yield "还没有公布过历史的摘要，请先运行 pilot migrate"
    query = select(Leaf, _INSTANCE.id).where(Leaf.chain == PROCESS)
    query = query.outerjoin(tables.instance, _INSTANCE.id == Leaf.id)
    query = query.outerjoin(tables.event, and_(_EVENT.instance_id == Leaf.id, _EVENT.seq == Leaf.seq))
    for leaf, instance_id in session.execute(query.where(or_(_EVENT.hash.is_(None), _EVENT.hash != Leaf.hash)).order_by(Leaf.id)):
        if instance_id is None:
            yield f"流程实例 {leaf.id}：第 {leaf.head} 次公布时还在，现在没有了"
        else:
            yield f"流程实例 {leaf.id}：前 {leaf.seq} 条历史与第 {leaf.head} 次公布时的不同"
    version = select(Leaf).where(Leaf.chain == VERSION).outerjoin(tables.definition, _DEFINITION.id == Leaf.id)
    for leaf in session.scalars(version.where(or_(_DEFINITION.id.is_(None), _DEFINITION.digest != Leaf.hash)).order_by(Leaf.id)):
        yield f"流程版本 {leaf.id}：与第 {leaf.head} 次公布时的不同，或现在没有了"
    yield from _row_faults(engine, session)
    yield from _record_faults(engine, session)


def _row_faults(engine: Engine, session: Session) -> Iterator[str]:
    """Rows of which each has a leaf, and that are gone, or others."""
    for chain, query in _rows(engine).items():
        now = query.subquery()
        leaves = select(Leaf).where(Leaf.chain == chain).outerjoin(now, now.c.id == Leaf.id)
        for leaf in session.scalars(leaves.where(or_(now.c.id.is_(None), now.c.hash != Leaf.hash)).order_by(Leaf.id)):
            yield f"{NAMES[chain]} {leaf.id}：与第 {leaf.head} 次公布时的不同，或现在没有了"


def _rows(engine: Engine) -> dict[str, Select[Any]]:
    """Chain → the rows that are never deleted, each with what never changes of it: the proof of those that are never written again."""
    table, there = tables.substitute.c, literal("").label("hash")
    begun = table.starts_at <= engine.clock()  # one that has not begun may be deleted
    return {
        CHANGE: select(Change.id, Change.proof.label("hash")).where(Change.proof.is_not(None)),
        PERSON: select(Person.id, there),
        PARTY: select(Party.id, there),
        FILE: select(StoredFile.id, StoredFile.proof.label("hash")).where(StoredFile.attached_at.is_not(None)),
        COPY: select(tables.copy.c.id, tables.copy.c.proof.label("hash")),
        SUBSTITUTE: select(table.id, there).where(begun),
    }


def _record_faults(engine: Engine, session: Session) -> Iterator[str]:
    """Records that have had no step since the first head, and say something else than they did then."""
    told = exists().where(_EVENT.instance_id == Leaf.id, _EVENT.record.is_not(None))
    untouched = select(Leaf, _INSTANCE.definition_id, _INSTANCE.subject_id).where(Leaf.chain == RECORD, not_(told))
    for leaf, definition_id, subject_id in session.execute(untouched.join(tables.instance, _INSTANCE.id == Leaf.id)).all():
        subject = engine.subjects[load(session, definition_id).subject].load(session, subject_id)
        if subject is not None and record_digest(subject) != leaf.hash:
            yield f"流程实例 {leaf.id}：记录的内容与第 {leaf.head} 次公布时的不同"


def _publish(database: Database, engine: Engine, everything: bool = False) -> Head:
    """Publishes a head. The first one covers `everything`: also what those records say of which no line of history keeps the hash."""
    with database.reading() as session:
        last = heads.last_head(session)
    number = 1 if last is None else last.number + 1
    with database.writing() as session:
        heads.clear_beginning(session, number)
    with database.reading() as session:
        for ends in _chunks(_grown(engine, session)):
            with database.writing() as writing:
                heads.add_leaves(writing, number, ends)
        for ends in _chunks(_records(engine, session)) if everything else ():
            with database.writing() as writing:
                heads.add_leaves(writing, number, ends)
    with database.reading() as session:  # with many leaves it takes half a second, and nobody waits for it
        head = heads.signed_head(session, number, engine.clock())
    with database.writing() as session:
        session.add(head)
    return head


def _grown(engine: Engine, session: Session) -> Iterator[End]:
    """The ends of chains that have grown since the last head."""
    rows = {
        chain: query.with_only_columns(query.selected_columns.id, literal(1), query.selected_columns.hash)
        for chain, query in _rows(engine).items()
    }
    for chain, query in {
        PROCESS: select(_INSTANCE.id, _INSTANCE.seq, _INSTANCE.chain),
        VERSION: select(_DEFINITION.id, _DEFINITION.version, _DEFINITION.digest),
        **rows,
    }.items():
        id, seq, _ = query.selected_columns
        known = exists().where(Leaf.chain == chain, Leaf.id == id, Leaf.seq == seq)
        for row in session.execute(query.where(not_(known)).order_by(id), execution_options={"yield_per": CHUNK}):
            yield End(chain, *row)


def _records(engine: Engine, session: Session) -> Iterator[End]:
    """The hash of what its record says, for each process whose own history does not keep it."""
    told = exists().where(_EVENT.instance_id == _INSTANCE.id, _EVENT.record.is_not(None))
    query = select(_INSTANCE.id, _INSTANCE.seq, _INSTANCE.definition_id, _INSTANCE.subject_id).where(not_(told)).order_by(_INSTANCE.id)
    for id, seq, definition_id, subject_id in session.execute(query, execution_options={"yield_per": CHUNK}):
        subject = engine.subjects[load(session, definition_id).subject].load(session, subject_id)
        if subject is not None:
            yield End(RECORD, id, seq, record_digest(subject))


def _prove(database: Database, table: Table) -> None:
    """Gives every row of a table its proofs."""
    (key,) = table.primary_key.columns
    names = sorted({rule.column for rule in RULES[table]})
    missing = or_(*(and_(table.c[rule.column].is_(None), table.c[rule.present or key.name].is_not(None)) for rule in RULES[table]))
    after: Any = None
    while True:
        with database.writing() as session:
            query = select(table).where(missing).order_by(key).limit(CHUNK).with_for_update()
            rows = session.execute(query if after is None else query.where(key > after)).mappings().all()
            if not rows:
                return
            after = rows[-1][key.name]
            made = [{"of": row[key.name], **{f"new_{n}": None for n in names}, **_made(session, table, row)} for row in rows]
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            session.execute(update(table).where(key == bindparam("of")).values(values), made)


def _made(session: Session, table: Table, row: Any) -> dict[str, Any]:
    return {f"new_{name}": row[name] or proof for name, proof in proofs(session, table, row).items()}  # one that is there is not renewed


def _chunks(ends: Iterable[End]) -> Iterator[list[End]]:
    every = iter(ends)
    while chunk := list(islice(every, CHUNK)):
        yield chunk
