"""The versions of diagrams: what an instance runs on is what was deployed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from processes import tables
from processes.deployment.deploying import content_digest
from processes.proving import unproved


def version_faults(session: Session, definition_id: int) -> Iterator[str]:
    """What of a version was changed since it was deployed: its diagram, forms or tables, or what else its row says."""
    row = session.execute(select(tables.definition).where(tables.definition.c.id == definition_id)).mappings().one()
    if row["digest"] != content_digest(row["xml"], row["forms"], row["called"], row["decisions"]):
        yield "流程图、表单或决策表被改动过"
    for rule in unproved(session, tables.definition, row):
        yield f"{rule.what}被改动过"
