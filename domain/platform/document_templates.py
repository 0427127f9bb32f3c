"""文档模板: the versions of printed documents' templates that designers stored, and which one was in use since when.

Nothing is ever changed or deleted: a version keeps its text, and each choice of a version is a row of its own. Version 0 is the template
that comes with the product; it is in use until somebody chooses another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.database import one_at_a_time
from domain.ground.errors import DomainError
from domain.ground.parties import Actor

OWN = 0
"""The number of the product's own template."""
NOTE = 200  # characters of what was changed
_LOCK = "document templates"


class SavedMeanwhile(DomainError):
    """打开此页后，其他人已保存了新版本，请先比较，再决定是否保存。"""


class ChosenMeanwhile(DomainError):
    """打开此页后，其他人已换用了另一个版本。请先在新页面核对，再重新操作。"""


class TextDamaged(DomainError):
    """文档模板的内容与保存时不同，未能生成文档，请联系流程设计人员。"""


class TemplateVersion(Base):
    """One version of a template."""

    __tablename__ = "document_template"
    # ids are never used again: they are named in what people remember
    __table_args__ = (UniqueConstraint("kind", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30), comment="key of jobs.document_templates.kinds")
    number: Mapped[int] = mapped_column(comment="1, 2, … of its kind")
    text: Mapped[str] = mapped_column(Text, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64), comment="of the text in UTF-8")
    note: Mapped[str] = mapped_column(String(NOTE), comment="what was changed, and why")
    based_on: Mapped[int] = mapped_column(comment="number of the version that was edited; 0: the product's own")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    author: Mapped[str] = mapped_column(String(160), comment="name and party as they were then")


class TemplateUse(Base):
    """From when on a version was used; the newest row of a kind tells what is in use."""

    __tablename__ = "document_template_use"
    __table_args__ = (Index("ix_document_template_use_kind", "kind", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    number: Mapped[int] = mapped_column(comment="of the version; 0: the product's own")
    sha256: Mapped[str] = mapped_column(String(64), comment="of its text, that of the product's own as it was then")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    actor: Mapped[str] = mapped_column(String(160), comment="name and party as they were then")


def digest(text: str) -> str:
    """The SHA-256 of a template's text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def versions_of(session: Session, kind: str) -> Sequence[TemplateVersion]:
    """The stored versions of a kind, newest first, their texts not loaded yet."""
    return session.scalars(select(TemplateVersion).where(TemplateVersion.kind == kind).order_by(TemplateVersion.number.desc())).all()


def version_of(session: Session, kind: str, number: int) -> TemplateVersion | None:
    """One stored version."""
    return session.scalars(select(TemplateVersion).where(TemplateVersion.kind == kind, TemplateVersion.number == number)).first()


def text_of(session: Session, kind: str, number: int) -> str:
    """The text of a stored version, which is the one that was stored.

    Raises:
        TextDamaged: it is not, or there is no such version.
    """
    found = version_of(session, kind, number)
    if found is None or digest(found.text) != found.sha256:
        raise TextDamaged
    return found.text


def uses_of(session: Session, kind: str) -> Sequence[TemplateUse]:
    """What was in use since when, newest first. None where it was the product's own all the time."""
    return session.scalars(select(TemplateUse).where(TemplateUse.kind == kind).order_by(TemplateUse.id.desc())).all()


def in_use(session: Session, kinds: Sequence[str]) -> Mapping[str, TemplateUse]:
    """Kind → what is in use; without those for which nobody has ever chosen a version."""
    newest = select(func.max(TemplateUse.id)).where(TemplateUse.kind.in_(kinds)).group_by(TemplateUse.kind)
    return {use.kind: use for use in session.scalars(select(TemplateUse).where(TemplateUse.id.in_(newest)))}


def number_in_use(session: Session, kind: str) -> int:
    """The number of the version in use; 0: the product's own."""
    found = in_use(session, [kind]).get(kind)
    return OWN if found is None else found.number


def keep(session: Session, actor: Actor, draft: TemplateVersion, newest: int) -> TemplateVersion:
    """Stores a new version of `draft`'s kind, text, note, basis and moment, and numbers it. `newest`: the newest version that its author
    has seen. Whether the text is good, and whether the actor may store it, the caller has checked.

    Raises:
        SavedMeanwhile: there is a newer one.
    """
    one_at_a_time(session, _LOCK)  # of two who save at the same moment, the second sees what the first saved
    last = session.scalars(
        select(TemplateVersion).where(TemplateVersion.kind == draft.kind).order_by(TemplateVersion.number.desc()).limit(1)
    ).first()
    if (last.number if last is not None else 0) != newest:
        number, author = (last.number, last.author) if last is not None else (0, "")
        raise SavedMeanwhile(f"{author} 已保存了第 {number} 版，您修改的时候最新的是{shown(newest)}；请先看下面的不同，再决定是否保存")
    draft.number, draft.sha256 = newest + 1, digest(draft.text)
    draft.author_id, draft.author = actor.person_id, _who(actor)
    session.add(draft)
    session.flush()
    return draft


def use(session: Session, actor: Actor, chosen: TemplateUse, seen: int) -> bool:
    """Puts the version of `chosen` (kind, number, digest, moment) in use. `seen`: the id of the use that the actor has seen, 0 for none.

    Returns: False where it is in use already.

    Raises:
        ChosenMeanwhile: somebody has chosen another one since.
    """
    one_at_a_time(session, _LOCK)
    last = in_use(session, [chosen.kind]).get(chosen.kind)
    if (last.id if last is not None else 0) != seen:
        raise ChosenMeanwhile
    if (last.number if last is not None else OWN) == chosen.number:
        return False
    chosen.actor_id, chosen.actor = actor.person_id, _who(actor)
    session.add(chosen)
    session.flush()
    return True


def shown(number: int) -> str:
    """A version as people call it."""
    return f"第 {number} 版" if number else "系统自带"


def _who(actor: Actor) -> str:
    return f"{actor.name}（{actor.party_name}）"[:160]
