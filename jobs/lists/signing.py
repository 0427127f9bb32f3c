"""Batches that sign: whoever begins one has given their password shortly before, and that counts for all its rows, however long it runs.

The moments are kept with the task, under a proof: whoever changes a task in the database by hand, or adds one, signs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.proofs import proofs_of
from domain.platform.background import BackgroundTask
from jobs.runtime import Runtime
from jobs.work import Work

_KEY, _PROOF = "signing", "background_task.signing"


def begun_by(session: Session, actor: Actor, task: BackgroundTask) -> Actor:
    """The actor as whoever begins this flushed task, which takes down that they may sign, if they may."""
    if actor.proved_at is None or not actor.has_proved(task.created_at):
        return actor
    moments = {"proved_at": _text(actor.proved_at), "began_at": _text(task.created_at)}
    proof = proofs_of(session).make(_PROOF, _values(task.id, actor, task.params, moments))
    task.params = {**task.params, _KEY: {**moments, "proof": proof}}
    return replace(actor, began_at=task.created_at)


def signer(runtime: Runtime, work: Work) -> Actor:
    """Who acts in a batch that runs. They may sign if they could when they began it, and nobody has changed what it is to do since."""
    params = dict(work.params)
    noted = params.pop(_KEY, None)
    if noted is None:
        return work.actor
    moments = {name: str(noted[name]) for name in ("proved_at", "began_at")}
    with runtime.database.reading() as session:
        holds = proofs_of(session).holds(_PROOF, _values(work.task_id, work.actor, params, moments), noted["proof"])
    proved_at, began_at = (datetime.fromisoformat(moments[name]) for name in ("proved_at", "began_at"))
    return replace(work.actor, proved_at=proved_at, began_at=began_at) if holds else work.actor


def _values(task_id: int, actor: Actor, params: dict[str, Any], moments: dict[str, str]) -> list[object]:
    return [task_id, actor.person_id, params, moments]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
