"""Heads: once a day, one signed hash over the ends of all chains, so that whoever keeps one outside sees what was rewritten since.

A chain is whatever only grows or never changes: the history of a process, a deployed version of a diagram. A leaf says how far one has come
and the hash that it has there. A head covers the leaves that are new since the head before it, and that head: each follows from the last.
Only the digest goes out with the signature; the leaves stay in the database and say what is missing where a head no longer fits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Index, Integer, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.proofs import Proofs, proofs_of

GENESIS = "0" * 64


class Head(Base):
    """One head."""

    __tablename__ = "proof_head"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, …")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    leaves: Mapped[int] = mapped_column(comment="how many leaves are new since the head before")
    digest: Mapped[str] = mapped_column(String(64), comment="sha256 over the digest before and the new leaves")
    signature: Mapped[str] = mapped_column(String(128), comment="Ed25519, of the installation's newest proof key")


class Leaf(Base):
    """How far one chain had come when a head was published."""

    __tablename__ = "proof_leaf"
    __table_args__ = (Index("ix_proof_leaf_head", "head", "chain", "id"),)

    chain: Mapped[str] = mapped_column(String(12), primary_key=True, comment="what kind of chain")
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    head: Mapped[int] = mapped_column(comment="the number of the head that covers it")


@dataclass(frozen=True)
class End:
    """The end of a chain: what becomes a leaf."""

    chain: str
    id: int
    seq: int
    hash: str


def last_head(session: Session) -> Head | None:
    """The newest head."""
    return session.scalars(select(Head).order_by(Head.number.desc()).limit(1)).first()


def covers(session: Session, chain: str) -> bool:
    """Whether a head that was published covers chains of a kind."""
    return session.scalar(select(Leaf.id).join(Head, Head.number == Leaf.head).where(Leaf.chain == chain).limit(1)) is not None


def heads_since(session: Session, number: int) -> Sequence[Head]:
    """The heads from a number on, the oldest first."""
    return session.scalars(select(Head).where(Head.number >= number).order_by(Head.number)).all()


def clear_beginning(session: Session, number: int) -> None:
    """Deletes the leaves of a head that was begun and never published."""
    session.execute(delete(Leaf).where(Leaf.head == number))


def add_leaves(session: Session, number: int, ends: Sequence[End]) -> None:
    """Adds leaves to a head that is being made."""
    session.execute(insert(Leaf), [{**vars(end), "head": number} for end in ends])


def signed_head(session: Session, number: int, at: datetime) -> Head:
    """A head over the leaves that were added to it, signed; whoever adds it to a session publishes it."""
    before = session.get(Head, number - 1)
    leaves = session.scalar(select(func.count()).select_from(Leaf).where(Leaf.head == number)) or 0
    head = Head(number=number, at=at, leaves=leaves, digest=_digest(before, leaves_of(session, number)))
    head.signature = proofs_of(session).sign(statement(head))
    return head


def leaves_of(session: Session, number: int) -> Iterator[Leaf]:
    """The leaves of a head, in the order that its digest takes them in."""
    query = select(Leaf).where(Leaf.head == number).order_by(Leaf.chain, Leaf.id, Leaf.seq)
    return iter(session.scalars(query, execution_options={"yield_per": 500}))


def statement(head: Head) -> bytes:
    """The bytes that a head's signature is made of."""
    return f"{head.number} {head.at.astimezone(UTC).isoformat()} {head.leaves} {head.digest}".encode()


def head_faults(session: Session) -> Iterator[str]:
    """What is wrong with the heads themselves: a signature, a digest, a missing one. The chains are compared by `jobs.heads`."""
    proofs, before = proofs_of(session), None
    for head in session.scalars(select(Head).order_by(Head.number)).all():
        if head.number != (before.number if before is not None else 0) + 1:
            yield f"第 {head.number} 次公布之前缺少一次"
        elif head.digest != _digest(before, leaves_of(session, head.number)):
            yield f"第 {head.number} 次公布的内容被改动过"
        if not proofs.signed(statement(head), head.signature):
            yield f"第 {head.number} 次公布的签名不正确"
        before = head
    extra = select(func.count()).select_from(Leaf).where(Leaf.head > (before.number if before is not None else 0) + 1)
    if session.scalar(extra):
        yield "有不属于任何一次公布的内容"


def exported(head: Head, proofs: Proofs) -> dict[str, object]:
    """A head as it goes out: whoever keeps it can check the signature with the key, and later the database with the head."""
    return {
        "number": head.number,
        "at": head.at.astimezone(UTC).isoformat(),
        "leaves": head.leaves,
        "digest": head.digest,
        "signature": head.signature,
        "key": proofs.public_key,
    }


def kept_faults(session: Session, kept: Iterable[dict[str, object]]) -> Iterator[str]:
    """Heads that somebody kept outside, as `exported` gave them, against those of the database."""
    proofs = proofs_of(session)
    for one in kept:
        number = one.get("number")
        head = session.get(Head, number) if isinstance(number, int) else None
        if head is None:
            yield f"外部保存的第 {number} 次公布在数据库中不存在"
            continue
        inside = exported(head, proofs)
        if any(inside[name] != one.get(name) for name in ("at", "leaves", "digest")):
            yield f"外部保存的第 {number} 次公布与数据库中的不一致"


def _digest(before: Head | None, leaves: Iterable[Leaf]) -> str:
    digest = hashlib.sha256((GENESIS if before is None else before.digest).encode())
    for leaf in leaves:
        digest.update(f"\n{leaf.chain} {leaf.id} {leaf.seq} {leaf.hash}".encode())
    return digest.hexdigest()
