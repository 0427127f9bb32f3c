"""What belongs together when an invigilator is stored or deleted: each certificate has a process of its own (manual 5.2.11).

The diagram decides which certificate may be taken away: one whose process waits for `REMOVAL`. All of it is the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from domain.exams.invigilators import Invigilator, InvigilatorCertificate, add_certificates
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from processes.definitions.store import load
from processes.engine import Engine
from processes.history import instance_of
from processes.steps import acting, starting

KEY, REMOVAL = "invigilator_certificate", "删除证书"  # the diagram's key, and the name of its event that takes a certificate away


class CertificateKept(DomainError):
    """已认证的证书不能删除。"""


def set_certificates(
    engine: Engine, session: Session, actor: Actor, invigilator: Invigilator, labels: Sequence[str], now: datetime
) -> list[str]:
    """Gives an invigilator the certificates with these labels: the certification of each new one starts, of the others it ends.

    Returns: ids of the jobs to hand out after the commit.
    Raises:
        CertificateKept: the diagram does not let one of the others be taken away where it stands.
        NotPiloted: the actor's school does not pilot a new one.
        ProcessError: the actor may not, or it was answered at this moment.
    """
    held = {one.certificate.label: one for one in invigilator.certificates}
    jobs = _take_away(engine, session, actor, [one for label, one in held.items() if label not in labels])
    for one in add_certificates(session, actor, invigilator, [label for label in labels if label not in held], now):
        jobs += starting.start(engine, session, actor, KEY, one)[1]
    session.expire(invigilator, ["certificates"])
    return jobs


def remove(engine: Engine, session: Session, actor: Actor, invigilator: Invigilator) -> list[str]:
    """Deletes an invigilator whose certificates may all be taken away. Returns ids of jobs; raises as `set_certificates`."""
    session.refresh(invigilator, with_for_update=True)  # of this and an edit at the same moment, one waits
    jobs = _take_away(engine, session, actor, invigilator.certificates)
    session.expire(invigilator, ["certificates"])
    session.delete(invigilator)
    session.flush()
    return jobs


def _take_away(engine: Engine, session: Session, actor: Actor, certificates: Iterable[InvigilatorCertificate]) -> list[str]:
    """Ends the certification of some, in the order of their ids: whoever does so for the same person locks the same one first."""
    jobs: list[str] = []
    for one in sorted(certificates, key=lambda certificate: certificate.id):
        label, status, instance = one.certificate.label, one.status, instance_of(session, KEY, one.id)
        elements = load(session, instance.definition_id).elements if instance is not None else {}
        waits = [wait["element"] for wait in instance.waits if elements[wait["element"]].name == REMOVAL] if instance is not None else []
        if instance is None or not waits:
            raise CertificateKept(f"证书“{label}”目前的状态是“{status}”，不能删除")
        jobs += acting.send(engine, session, actor, instance.id, waits[0])
    return jobs
